# SPDX-License-Identifier: GPL-2.0-or-later
"""TIMER: 64-bit microseconds and four alarms.

Spec: [RP2040] 4.6; [RP2350] 12.8.

The 1 us tick comes from WATCHDOG.TICK on RP2040 and from TICKS on RP2350: without it time stands
still.
"""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from sim.bus.peripheral import MachinePort, Peripheral
from sim.bus.register import Register, array, read_only

ALARMS = 4
WORD = 0xFFFF_FFFF


class Timer(Peripheral):
    """Counts virtual microseconds while ticks arrive and PAUSE is clear."""

    TICKS_AT_RESET: ClassVar[bool] = False

    def __init__(self, machine: MachinePort, name: str, first_irq: int) -> None:
        self.first_irq = first_irq
        self._has_tick = self.TICKS_AT_RESET
        self._calls = [0] * ALARMS
        super().__init__(machine, name)
        self._stop_at(0)
        self._restart()

    def reset(self) -> None:
        super().reset()
        for index in range(ALARMS):
            self._disarm(index)
        self._stop_at(0)
        self._restart()
        self._update()

    # --- time -----------------------------------------------------------------------------------

    def _stop_at(self, us: int) -> None:
        self._base_us = us
        self._base_tick: int | None = None

    def _restart(self) -> None:
        if self._has_tick and not self.values["PAUSE"]:
            self._base_tick = self.machine.clock.now

    @property
    def time_us(self) -> int:
        """The 64-bit counter."""
        if self._base_tick is None:
            return self._base_us
        elapsed = (self.machine.clock.now - self._base_tick) // self.machine.clock.ticks_per_us
        return (self._base_us + elapsed) & ((1 << 64) - 1)

    def set_tick(self, running: bool) -> None:
        """The tick generator starts or stops."""
        self._has_tick = running
        self._rebase(self.time_us)

    def _rebase(self, us: int) -> None:
        self._stop_at(us)
        self._restart()
        for index in range(ALARMS):
            if self.values["ARMED"] >> index & 1:
                self._arm(index)

    def read_timerawl(self) -> int:
        return self.time_us & WORD

    def read_timerawh(self) -> int:
        return self.time_us >> 32

    def read_timelr(self) -> int:
        time_us = self.time_us
        self.values["TIMEHR"] = time_us >> 32
        return time_us & WORD

    def write_timehw(self, value: int) -> None:
        self._rebase(value << 32 | self.values["TIMELW"])

    def write_pause(self, value: int) -> None:
        time_us = self.time_us
        self.store("PAUSE", value)
        self._rebase(time_us)

    # --- alarms ---------------------------------------------------------------------------------

    def _arm(self, index: int) -> None:
        self._disarm(index)
        self.values["ARMED"] |= 1 << index
        if self._base_tick is None:
            return
        clock = self.machine.clock
        wait_us = (self.values[f"ALARM{index}"] - self.time_us) & WORD
        target_us = self.time_us + wait_us - self._base_us
        tick = self._base_tick + target_us * clock.ticks_per_us
        self._calls[index] = clock.call_at(tick, partial(self._fire, index))

    def _disarm(self, index: int) -> None:
        self.values["ARMED"] &= ~(1 << index)
        if self._calls[index]:
            self.machine.clock.cancel(self._calls[index])
            self._calls[index] = 0

    def _fire(self, index: int) -> None:
        self._calls[index] = 0
        self.values["ARMED"] &= ~(1 << index)
        self.values["INTR"] |= 1 << index
        self._update()

    def _write_alarm(self, index: int, value: int) -> None:
        self.values[f"ALARM{index}"] = value
        self._arm(index)

    def write_alarm0(self, value: int) -> None:
        self._write_alarm(0, value)

    def write_alarm1(self, value: int) -> None:
        self._write_alarm(1, value)

    def write_alarm2(self, value: int) -> None:
        self._write_alarm(2, value)

    def write_alarm3(self, value: int) -> None:
        self._write_alarm(3, value)

    def write_armed(self, _value: int) -> None:
        for index in range(ALARMS):
            if self.raw_write >> index & 1:
                self._disarm(index)

    # --- interrupts -----------------------------------------------------------------------------

    def read_ints(self) -> int:
        return (self.values["INTR"] & self.values["INTE"]) | self.values["INTF"]

    def _update(self) -> None:
        status = self.read_ints()
        for index in range(ALARMS):
            self.machine.irq.set_level(self.first_irq + index, bool(status >> index & 1))

    def write_intr(self, value: int) -> None:
        self.store("INTR", value)
        self._update()

    def write_inte(self, value: int) -> None:
        self.store("INTE", value)
        self._update()

    def write_intf(self, value: int) -> None:
        self.store("INTF", value)
        self._update()

    def state(self) -> Any:
        return (
            super().state(),
            self._has_tick,
            self._base_us,
            self._base_tick,
            tuple(self._calls),
        )

    def load_state(self, state: Any) -> None:
        values, self._has_tick, self._base_us, self._base_tick, calls = state
        super().load_state(values)
        self._calls = list(calls)


_TIME_REGISTERS = (
    Register("TIMEHW", 0x00),
    Register("TIMELW", 0x04),
    read_only("TIMEHR", 0x08),
    read_only("TIMELR", 0x0C),
    *array("ALARM{}", 0x10, ALARMS),
    Register("ARMED", 0x20, writable=0, clear=0xF),
    read_only("TIMERAWH", 0x24),
    read_only("TIMERAWL", 0x28),
    Register("DBGPAUSE", 0x2C, 7, writable=6),
    Register("PAUSE", 0x30, writable=1),
)


def _interrupt_registers(first: int) -> tuple[Register, ...]:
    return (
        Register("INTR", first, writable=0, clear=0xF),
        Register("INTE", first + 4, writable=0xF),
        Register("INTF", first + 8, writable=0xF),
        read_only("INTS", first + 12),
    )


class TimerRp2040(Timer):
    """TIMER of RP2040: ticks by default (WATCHDOG.TICK is enabled at reset)."""

    TICKS_AT_RESET = True
    REGISTERS = (*_TIME_REGISTERS, *_interrupt_registers(0x34))


class TimerRp2350(Timer):
    """TIMER0 and TIMER1 of RP2350; SOURCE 0 is the tick, clk_sys is not modelled."""

    REGISTERS = (
        *_TIME_REGISTERS,
        Register("LOCKED", 0x34, writable=0),
        Register("SOURCE", 0x38, writable=0),
        *_interrupt_registers(0x3C),
    )
