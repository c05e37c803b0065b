# SPDX-License-Identifier: GPL-2.0-or-later
"""PSM: the power-on state machine.

Spec: [RP2040] 2.13; [RP2350] 7.3.
"""

from __future__ import annotations

from typing import ClassVar

from sim.bus.peripheral import Peripheral
from sim.bus.register import Register, read_only


class Psm(Peripheral):
    """WDSEL says what a watchdog reset reaches; forcing core 1 off is what it is anyway."""

    NAME = "PSM"
    STAGES: ClassVar[int] = 0
    PROC0: ClassVar[int] = 0

    def read_done(self) -> int:
        return self.STAGES & ~self.values["FRCE_OFF"]

    @property
    def watchdog_resets_processor(self) -> bool:
        """True if WDSEL includes the core that runs the image."""
        return bool(self.values["WDSEL"] & self.PROC0)


class PsmRp2040(Psm):
    """RP2040's stages. Only core 1 may be forced off."""

    STAGES = 0x1_FFFF
    PROC0 = 1 << 15
    REGISTERS = (
        Register("FRCE_ON", 0x0, writable=0x1_FFFF),
        Register("FRCE_OFF", 0x4, writable=1 << 16),
        Register("WDSEL", 0x8, writable=0x1_FFFF),
        read_only("DONE", 0xC),
    )


class PsmRp2350(Psm):
    """RP2350's stages. Only core 1 may be forced off."""

    STAGES = 0x1FF_FFFF
    PROC0 = 1 << 23
    REGISTERS = (
        Register("FRCE_ON", 0x0, writable=0x1FF_FFFF),
        Register("FRCE_OFF", 0x4, writable=1 << 24),
        Register("WDSEL", 0x8, writable=0x1FF_FFFF),
        read_only("DONE", 0xC),
    )
