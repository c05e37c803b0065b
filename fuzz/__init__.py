# SPDX-License-Identifier: GPL-2.0-or-later
"""Input that nobody meant, and what a card must still not do."""
