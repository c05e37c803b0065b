# SPDX-License-Identifier: GPL-2.0-or-later
"""PLL_SYS and PLL_USB: locked when powered with a feedback divider.

Spec: [RP2040] 2.18; [RP2350] 8.6.
"""

from __future__ import annotations

from sim.bus.peripheral import Peripheral
from sim.bus.register import Register

LOCK = 1 << 31
POWER_DOWN, VCO_POWER_DOWN = 1, 1 << 5


class Pll(Peripheral):
    """Locks at once: lock time is of no interest to the image."""

    NAME = "PLL"
    REGISTERS = (
        Register("CS", 0x0, 1, writable=0x4000_013F),
        Register("PWR", 0x4, 0x2D, writable=0x2D),
        Register("FBDIV_INT", 0x8, writable=0xFFF),
        Register("PRIM", 0xC, 0x7_7000, writable=0x7_7000),
        Register("INTR", 0x10, writable=0, clear=1),
        Register("INTE", 0x14, writable=0),
        Register("INTF", 0x18, writable=0),
    )

    def read_cs(self) -> int:
        power = self.values["PWR"]
        running = not power & (POWER_DOWN | VCO_POWER_DOWN) and self.values["FBDIV_INT"] >= 16
        return self.values["CS"] | (LOCK if running else 0)
