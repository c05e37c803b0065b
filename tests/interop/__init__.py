# SPDX-License-Identifier: GPL-2.0-or-later
"""OpenSC and openssl against the image, through real pcscd and vpcd."""
