# SPDX-License-Identifier: GPL-2.0-or-later
"""TBMAN: says that this is silicon and not a test bench.

Spec: [RP2040] 2.22.
"""

from __future__ import annotations

from sim.bus.peripheral import Peripheral
from sim.bus.register import read_only


class Tbman(Peripheral):
    """PLATFORM: bit 0 = ASIC."""

    NAME = "TBMAN"
    REGISTERS = (read_only("PLATFORM", 0x0, 1),)
