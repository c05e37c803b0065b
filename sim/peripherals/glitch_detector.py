# SPDX-License-Identifier: GPL-2.0-or-later
"""GLITCH_DETECTOR: arming, sensitivity, and a trigger for tests.

Spec: [RP2350] 10.9.
"""

from __future__ import annotations

from sim.bus.peripheral import Peripheral
from sim.bus.register import Register
from sim.bus.reset_cause import ResetCause

NOT_ARMED = 0x5BAD
DETECTORS = 0xF


class GlitchDetector(Peripheral):
    """TRIG_FORCE resets the chip while armed; no glitch ever comes by itself."""

    NAME = "GLITCH_DETECTOR"
    REGISTERS = (
        Register("ARM", 0x00, NOT_ARMED, writable=0xFFFF),
        Register("DISARM", 0x04, writable=0xFFFF),
        Register("SENSITIVITY", 0x08, writable=0xFFFF_FFFF),
        Register("LOCK", 0x0C, writable=0xFF),
        Register("TRIG_STATUS", 0x10, writable=0, clear=DETECTORS),
        Register("TRIG_FORCE", 0x14, writable=0),
    )

    def chip_reset(self, cause: ResetCause) -> None:
        """TRIG_STATUS and the arming survive what is not a reset of the whole chip."""
        if cause.whole_chip:
            self.reset()

    def write(self, offset: int, value: int) -> None:
        if self.values["LOCK"] and offset < 0x10:
            return
        super().write(offset, value)

    def write_trig_force(self, value: int) -> None:
        self.values["TRIG_STATUS"] |= value & DETECTORS
        if value & DETECTORS and self.values["ARM"] != NOT_ARMED:
            self.machine.request_reset(ResetCause.GLITCH)
