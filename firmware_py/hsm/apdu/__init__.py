# SPDX-License-Identifier: GPL-2.0-or-later
"""APDUs: parsing, chaining, dispatch, status words. Knows no command."""
