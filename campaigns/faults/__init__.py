# SPDX-License-Identifier: GPL-2.0-or-later
"""One fault at a time: an instruction is skipped, or a bit of a register flips."""
