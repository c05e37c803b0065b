# SPDX-License-Identifier: GPL-2.0-or-later
"""WATCHDOG: counter, trigger, reset reason, scratch registers.

Spec: [RP2040] 4.7; [RP2350] 12.9.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sim.bus.peripheral import MachinePort, Peripheral
from sim.bus.register import Register, array, read_only
from sim.bus.reset_cause import ResetCause
from sim.bus.unmodelled import UnmodelledAccess

TRIGGER, ENABLE = 1 << 31, 1 << 30
REASONS = {ResetCause.WATCHDOG_TIMER: 1, ResetCause.WATCHDOG_FORCE: 2}
TIME_MASK = 0xFF_FFFF
TICK_ENABLE, TICK_RUNNING = 1 << 9, 1 << 10


class Watchdog(Peripheral):
    """Resets the chip when the counter runs out or on TRIGGER; keeps SCRATCH over that."""

    NAME = "WATCHDOG"
    COUNTS_PER_US: ClassVar[int] = 1

    def __init__(self, machine: MachinePort, name: str | None = None) -> None:
        self._call = 0
        self._expires = 0
        super().__init__(machine, name)

    def reset(self) -> None:
        """Everything back, the counter stopped."""
        self._stop()
        super().reset()

    def chip_reset(self, cause: ResetCause) -> None:
        """SCRATCH survives all but a reset of the whole chip; REASON tells of our own resets."""
        kept = {name: value for name, value in self.values.items() if name.startswith("SCRATCH")}
        self.reset()
        if not cause.whole_chip:
            self.values.update(kept)
        self.values["REASON"] = REASONS.get(cause, 0)

    def _stop(self) -> None:
        if self._call:
            self.machine.clock.cancel(self._call)
            self._call = 0

    def _start(self, count: int) -> None:
        self._stop()
        ticks = -(-count * self.machine.clock.ticks_per_us // self.COUNTS_PER_US)
        self._expires = self.machine.clock.now + ticks
        self._call = self.machine.clock.call_at(self._expires, self._expire)

    def _expire(self) -> None:
        self._call = 0
        self._reset_chip(ResetCause.WATCHDOG_TIMER)

    def _reset_chip(self, cause: ResetCause) -> None:
        if not self.machine.block("PSM").watchdog_resets_processor:
            raise UnmodelledAccess("PSM", 8, "watchdog reset that spares the processor (WDSEL)")
        self.machine.request_reset(cause)

    def _count(self) -> int:
        if not self._call:
            return self.values["LOAD"]
        ticks = self._expires - self.machine.clock.now
        return max(ticks * self.COUNTS_PER_US // self.machine.clock.ticks_per_us, 0) & TIME_MASK

    def read_ctrl(self) -> int:
        return (self.values["CTRL"] & ~TIME_MASK) | self._count()

    def write_ctrl(self, value: int) -> None:
        count = self._count()
        self.store("CTRL", value)
        if value & TRIGGER:
            self._reset_chip(ResetCause.WATCHDOG_FORCE)
        elif value & ENABLE and not self._call:
            self._start(count)
        elif not value & ENABLE:
            self._stop()
            self.values["LOAD"] = count

    def read_load(self) -> int:
        return 0

    def write_load(self, value: int) -> None:
        self.store("LOAD", value)
        if self._call:
            self._start(self.values["LOAD"])

    def state(self) -> Any:
        return (super().state(), self._call, self._expires)

    def load_state(self, state: Any) -> None:
        values, self._call, self._expires = state
        super().load_state(values)


_COMMON = (
    Register("CTRL", 0x00, 0x0700_0000, writable=0x4700_0000),
    Register("LOAD", 0x04, writable=TIME_MASK),
    read_only("REASON", 0x08),
    *array("SCRATCH{}", 0x0C, 8),
)


class WatchdogRp2040(Watchdog):
    """RP2040: counts down twice per tick (errata RP2040-E1), and makes the 1 us tick."""

    COUNTS_PER_US = 2
    REGISTERS = (*_COMMON, Register("TICK", 0x2C, 0x200, writable=0x3FF))

    def read_tick(self) -> int:
        tick = self.values["TICK"]
        return tick | (TICK_RUNNING if tick & TICK_ENABLE else 0)

    def write_tick(self, value: int) -> None:
        self.store("TICK", value)
        self.machine.block("TIMER").set_tick(bool(value & TICK_ENABLE))


class WatchdogRp2350(Watchdog):
    """RP2350: one count per tick; the tick comes from TICKS."""

    REGISTERS = _COMMON
