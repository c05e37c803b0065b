# SPDX-License-Identifier: GPL-2.0-or-later
"""ACCESSCTRL: who may use which block; stored, not enforced: all code is Secure.

Spec: [RP2350] 10.6.
"""

from __future__ import annotations

from sim.bus.peripheral import Peripheral
from sim.bus.register import Register, array

PASSWORD = 0xACCE


class Accessctrl(Peripheral):
    """Writes need the password 0xACCE in the upper half."""

    NAME = "ACCESSCTRL"
    REGISTERS = (
        Register("LOCK", 0x00, 4, writable=0xF),
        Register("FORCE_CORE_NS", 0x04, writable=2),
        Register("CFGRESET", 0x08, writable=0),
        *array("BLOCK{}", 0x14, 53, reset=0xFC, writable=0xFF),
    )

    def write(self, offset: int, value: int) -> None:
        if self.raw_write >> 16 == PASSWORD:
            super().write(offset, value & 0xFFFF)
