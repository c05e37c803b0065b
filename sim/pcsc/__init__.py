# SPDX-License-Identifier: GPL-2.0-or-later
"""The emulated reader as a real PC/SC reader, through pcscd's virtual reader vpcd."""
