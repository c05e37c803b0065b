# SPDX-License-Identifier: GPL-2.0-or-later
"""The hardware security module: floors from main down to platform; imports only go down."""
