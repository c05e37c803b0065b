# SPDX-License-Identifier: GPL-2.0-or-later
"""The USB device controller, the host and the CCID reader against scripted devices."""
