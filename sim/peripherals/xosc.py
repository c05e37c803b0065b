# SPDX-License-Identifier: GPL-2.0-or-later
"""XOSC: the crystal oscillator, stable as soon as it is enabled.

Spec: [RP2040] 2.16; [RP2350] 8.2.
"""

from __future__ import annotations

from sim.bus.peripheral import Peripheral
from sim.bus.register import Register

ENABLE = 0xFAB
STABLE, ENABLED = 1 << 31, 1 << 12


class Xosc(Peripheral):
    """No dormant mode: DORMANT is not in the table, so that its use stops the run."""

    NAME = "XOSC"
    REGISTERS = (
        Register("CTRL", 0x00, writable=0xFF_FFFF),
        Register("STATUS", 0x04, writable=0, clear=1 << 24),
        Register("STARTUP", 0x0C, writable=0x10_3FFF),
    )

    def read_status(self) -> int:
        enabled = self.values["CTRL"] >> 12 & 0xFFF == ENABLE
        return (STABLE | ENABLED) if enabled else 0
