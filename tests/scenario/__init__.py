# SPDX-License-Identifier: GPL-2.0-or-later
"""The explorer on a toy store, ids, ledger, and the command lines."""
