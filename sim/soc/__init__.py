# SPDX-License-Identifier: GPL-2.0-or-later
"""Composition of the two chips: which blocks, where, with which interrupts."""

from sim.soc.chip import Block, Chip
from sim.soc.rp2040 import RP2040
from sim.soc.rp2350 import RP2350

CHIPS = {"rp2040": RP2040, "rp2350": RP2350}

__all__ = ["CHIPS", "RP2040", "RP2350", "Block", "Chip"]
