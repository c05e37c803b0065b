# SPDX-License-Identifier: GPL-2.0-or-later
"""POWMAN: core voltage, cause of the last chip reset, scratch.

Spec: [RP2350] 6.4.

Writes need the password 0x5AFE in the upper half. Power states and the always-on timer are not
modelled.
"""

from __future__ import annotations

from sim.bus.peripheral import Peripheral
from sim.bus.register import Register, array, read_only
from sim.bus.reset_cause import ResetCause

PASSWORD = 0x5AFE
VOUT_OK = 1 << 4
HAD = {
    ResetCause.POWER_ON: 1 << 16,
    ResetCause.RUN_PIN: 1 << 18,
    ResetCause.GLITCH: 1 << 26,
    ResetCause.WATCHDOG_TIMER: 1 << 28,
    ResetCause.WATCHDOG_FORCE: 1 << 28,
}
SCRATCH_FIRST = 0xB0


class Powman(Peripheral):
    """The regulator is always settled."""

    NAME = "POWMAN"
    REGISTERS = (
        Register("BADPASSWD", 0x00, writable=0, clear=1),
        Register("VREG_CTRL", 0x04, 0x8050, writable=0xB170),
        read_only("VREG_STS", 0x08, VOUT_OK),
        Register("VREG", 0x0C, 0xB0, writable=0x1F2),
        Register("BOD", 0x1C, 0xB1, writable=0x1F1),
        Register("CHIP_RESET", 0x2C, writable=0x11),
        Register("WDSEL", 0x30, writable=0x1111),
        *array("SCRATCH{}", SCRATCH_FIRST, 8),
        *array("BOOT{}", SCRATCH_FIRST + 0x20, 4),
    )

    def chip_reset(self, cause: ResetCause) -> None:
        """CHIP_RESET names the last cause; the rest survives all but a reset of the whole chip."""
        if cause.whole_chip:
            self.reset()
        if cause in HAD:
            self.values["CHIP_RESET"] = HAD[cause]

    def write(self, offset: int, value: int) -> None:
        if offset >= SCRATCH_FIRST or offset == 0:
            super().write(offset, value)
        elif self.raw_write >> 16 == PASSWORD:
            super().write(offset, value & 0xFFFF)
        else:
            self.values["BADPASSWD"] = 1
