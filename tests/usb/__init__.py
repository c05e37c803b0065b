# SPDX-License-Identifier: GPL-2.0-or-later
"""The USB controller, the host and the CCID reader with scripted devices."""
