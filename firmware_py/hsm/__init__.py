# SPDX-License-Identifier: GPL-2.0-or-later
"""The hardware security module: floors from main to platform; imports go down."""
