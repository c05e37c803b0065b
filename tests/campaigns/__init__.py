# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests of the campaigns' own logic: what they compare, what they call a failure."""
