# SPDX-License-Identifier: GPL-2.0-or-later
"""The explorer on a toy store, its ids, its ledger, and the campaign's command lines."""
