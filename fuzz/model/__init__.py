# SPDX-License-Identifier: GPL-2.0-or-later
"""An abstract card, written from [SCHSM] and docs/compatibility.md alone.

It predicts what a card may answer and what it then holds. It imports neither the firmware nor a
chip model, so that what they have in common is the specification. Where several things are wrong
with a command, [SCHSM] does not say which is found first: each of their status words is allowed.
"""
