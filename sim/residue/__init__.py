# SPDX-License-Identifier: GPL-2.0-or-later
"""What commands leave behind: every known secret, looked for everywhere."""
