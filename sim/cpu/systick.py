# SPDX-License-Identifier: GPL-2.0-or-later
"""SysTick: a 24-bit down counter on the processor clock or the 1 us reference.

Spec: [ARMv6-M] B3.3; [ARMv8-M] "System timer, SysTick"; [RP2040] 2.4.5 (reference = 1 us tick).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sim.bus.peripheral import ClockPort

ENABLE, TICKINT, CLKSOURCE, COUNTFLAG = 1, 2, 4, 1 << 16
COUNTER_MASK = 0xFF_FFFF


class SysTick:
    """Counts down in virtual time; calls `pend` when it wraps with TICKINT set."""

    def __init__(self, clock: ClockPort, pend: Callable[[], None]) -> None:
        self._clock = clock
        self._pend = pend
        self._call = 0
        self.reset()

    def reset(self) -> None:
        """State after reset: stopped."""
        self._stop()
        self.control = 0
        self.reload = 0
        self._value = 0
        # Tick at which the counter reaches zero next; valid while it runs.
        self._zero_at = 0

    def _scale(self) -> int:
        return 1 if self.control & CLKSOURCE else self._clock.ticks_per_us

    def _running(self) -> bool:
        return self._call != 0

    def _start(self, count: int) -> None:
        self._zero_at = self._clock.now + count * self._scale()
        self._call = self._clock.call_at(self._zero_at, self._wrap)

    def _stop(self) -> None:
        if self._call:
            self._clock.cancel(self._call)
            self._call = 0

    def _wrap(self) -> None:
        self._call = 0
        self.control |= COUNTFLAG
        if self.control & TICKINT:
            self._pend()
        self._value = 0
        if self.reload:
            self._zero_at += (self.reload + 1) * self._scale()
            self._call = self._clock.call_at(self._zero_at, self._wrap)

    def _current(self) -> int:
        if not self._running():
            return self._value
        left = -(-(self._zero_at - self._clock.now) // self._scale())
        return min(max(left, 0), COUNTER_MASK) if left <= self.reload else 0

    def read_csr(self) -> int:
        """SYST_CSR; reading clears COUNTFLAG."""
        value = self.control
        self.control &= ~COUNTFLAG
        return value

    def write_csr(self, value: int) -> None:
        """SYST_CSR: enabling continues from the current value (0: reload first)."""
        current = self._current()
        self._stop()
        self._value = current
        self.control = (self.control & COUNTFLAG) | (value & (ENABLE | TICKINT | CLKSOURCE))
        if self.control & ENABLE and (current or self.reload):
            self._start(current or self.reload + 1)

    def write_rvr(self, value: int) -> None:
        """SYST_RVR: used at the next reload; a stopped counter at zero starts with it."""
        self.reload = value & COUNTER_MASK
        if self.control & ENABLE and not self._running() and self.reload:
            self._start(self.reload + 1)

    def read_cvr(self) -> int:
        """SYST_CVR."""
        return self._current()

    def write_cvr(self, _value: int) -> None:
        """SYST_CVR: any write clears the counter and COUNTFLAG; it reloads on the next clock."""
        self.control &= ~COUNTFLAG
        self._stop()
        self._value = 0
        if self.control & ENABLE and self.reload:
            self._start(self.reload + 1)

    def state(self) -> Any:
        """Plain data; the pending call is part of the clock's state."""
        return (self.control, self.reload, self._value, self._zero_at, self._call)

    def load_state(self, state: Any) -> None:
        """Put everything back."""
        self.control, self.reload, self._value, self._zero_at, self._call = state
