# SPDX-License-Identifier: GPL-2.0-or-later
"""VREG_AND_CHIP_RESET: core voltage and the cause of the last chip reset.

Spec: [RP2040] 2.10, 2.12.
"""

from __future__ import annotations

from sim.bus.peripheral import Peripheral
from sim.bus.register import Register
from sim.bus.reset_cause import ResetCause

ROK = 1 << 12
HAD_POR, HAD_RUN = 1 << 8, 1 << 16


class VregAndChipReset(Peripheral):
    """The regulator is always settled. Only resets of the whole chip reach this block."""

    NAME = "VREG_AND_CHIP_RESET"
    REGISTERS = (
        Register("VREG", 0x0, 0xB1, writable=0xF3),
        Register("BOD", 0x4, 0x91, writable=0xF1),
        Register("CHIP_RESET", 0x8, HAD_POR, writable=0, clear=1 << 24),
    )

    def chip_reset(self, cause: ResetCause) -> None:
        if cause.whole_chip:
            self.reset()
            had = HAD_POR if cause is ResetCause.POWER_ON else HAD_RUN
            self.values["CHIP_RESET"] = had

    def read_vreg(self) -> int:
        return self.values["VREG"] | ROK
