# SPDX-License-Identifier: GPL-2.0-or-later
"""The host's end of the USB cable: a host controller with its driver, and a CCID reader on it."""
