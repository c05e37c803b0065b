# SPDX-License-Identifier: GPL-2.0-or-later
"""The host's end of the USB cable: a host, and a CCID reader driver on it."""
