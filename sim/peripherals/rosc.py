# SPDX-License-Identifier: GPL-2.0-or-later
"""ROSC: the ring oscillator and its random bit.

Spec: [RP2040] 2.17; [RP2350] 8.3.

RANDOMBIT comes from the run's seeded entropy; `fault` breaks it for health tests.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from sim.bus.peripheral import MachinePort, Peripheral
from sim.bus.register import Register
from sim.entropy import Entropy

STABLE, DIV_RUNNING, ENABLED = 1 << 31, 1 << 16, 1 << 12


class RoscFault(Enum):
    """Ways in which the random bit can fail."""

    NONE = "none"
    STUCK_AT_0 = "stuck at 0"
    STUCK_AT_1 = "stuck at 1"
    BIASED = "7 of 8 bits are 1"
    ALTERNATING = "0, 1, 0, 1, ..."


class Rosc(Peripheral):
    """Frequency controls are stored without effect; when disabled, bits are constant."""

    NAME = "ROSC"

    def __init__(self, machine: MachinePort, name: str | None = None) -> None:
        self.entropy = Entropy(machine.seed, "rosc")
        self.fault = RoscFault.NONE
        self.bits_read = 0
        super().__init__(machine, name)

    def read_status(self) -> int:
        return STABLE | DIV_RUNNING | ENABLED if self._enabled() else 0

    def _enabled(self) -> bool:
        return self.values["CTRL"] >> 12 & 0xFFF != 0xD1E

    def read_randombit(self) -> int:
        self.bits_read += 1
        if self.fault is RoscFault.STUCK_AT_0:
            return 0
        if self.fault is RoscFault.STUCK_AT_1 or not self._enabled():
            return 1
        if self.fault is RoscFault.ALTERNATING:
            return self.bits_read & 1
        if self.fault is RoscFault.BIASED:
            return int(self.entropy.bits(3) != 0)
        return self.entropy.bits(1)

    def state(self) -> Any:
        return (super().state(), self.entropy.state(), self.fault, self.bits_read)

    def load_state(self, state: Any) -> None:
        values, entropy, self.fault, self.bits_read = state
        super().load_state(values)
        self.entropy.load_state(entropy)


class RoscRp2040(Rosc):
    """RP2040's register layout."""

    REGISTERS = (
        Register("CTRL", 0x00, 0xAA0, writable=0xFF_FFFF),
        Register("FREQA", 0x04),
        Register("FREQB", 0x08),
        Register("DIV", 0x10, 0xAA0 + 16, writable=0xFFF),
        Register("PHASE", 0x14, 8, writable=0xFFF),
        Register("STATUS", 0x18, writable=0, clear=1 << 24),
        Register("RANDOMBIT", 0x1C, 1, writable=0),
    )


class RoscRp2350(Rosc):
    """RP2350's register layout."""

    REGISTERS = (
        Register("CTRL", 0x00, 0xAA0, writable=0xFF_FFFF),
        Register("FREQA", 0x04),
        Register("FREQB", 0x08),
        Register("RANDOM", 0x0C, 0x3F04_B16D),
        Register("DIV", 0x14, 0xAA00 + 8, writable=0xFFFF),
        Register("PHASE", 0x18, 8, writable=0xFFF),
        Register("STATUS", 0x1C, writable=0, clear=1 << 24),
        Register("RANDOMBIT", 0x20, 1, writable=0),
    )
