# SPDX-License-Identifier: GPL-2.0-or-later
"""The boot ROMs, modelled at their documented interface; functions trap to Python."""
