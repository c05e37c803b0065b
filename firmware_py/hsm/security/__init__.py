# SPDX-License-Identifier: GPL-2.0-or-later
"""Who may do what: root and seal keys, reference data, security status, rules."""
