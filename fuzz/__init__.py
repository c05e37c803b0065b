# SPDX-License-Identifier: GPL-2.0-or-later
"""Input that nobody meant: what a card must survive without a word it should not say."""
