# SPDX-License-Identifier: GPL-2.0-or-later
"""Virtual time: one executed instruction is one tick; idle time is jumped over."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any, Protocol


class TickCounter(Protocol):
    """Where the ticks are counted: the native hooks' shared structure, or a twin in tests."""

    @property
    def ticks(self) -> int: ...

    @ticks.setter
    def ticks(self, value: int) -> None: ...


class Clock:
    """Ticks since power-on, and calls at given ticks (in order of tick, then of request)."""

    def __init__(self, counter: TickCounter, clock_hz: int) -> None:
        self._counter = counter
        self.clock_hz = clock_hz
        self.ticks_per_us = clock_hz // 1_000_000
        self.idle_ticks = 0
        self._queue: list[tuple[int, int]] = []
        self._calls: dict[int, Callable[[], object]] = {}
        self._last_handle = 0
        self.on_earlier: Callable[[int], None] = lambda tick: None

    @property
    def now(self) -> int:
        """Ticks since power-on."""
        return self._counter.ticks

    @property
    def now_us(self) -> int:
        """Whole virtual microseconds since power-on."""
        return self._counter.ticks // self.ticks_per_us

    @property
    def instructions(self) -> int:
        """Instructions executed since power-on: ticks without the jumps."""
        return self._counter.ticks - self.idle_ticks

    @property
    def last_handle(self) -> int:
        """The last handle that was given out.

        May be set back after `load_state` by who compares states, if nobody holds later ones.
        """
        return self._last_handle

    @last_handle.setter
    def last_handle(self, handle: int) -> None:
        self._last_handle = handle

    def call_at(self, tick: int, function: Callable[[], object]) -> int:
        """Call `function` when `now` reaches `tick` (a past tick: as soon as possible).

        Returns a handle for `cancel`, never 0.
        """
        self._last_handle += 1
        handle = self._last_handle
        self._calls[handle] = function
        heapq.heappush(self._queue, (tick, handle))
        self.on_earlier(tick)
        return handle

    def cancel(self, handle: int) -> None:
        """Forget a call; a handle that has fired already is ignored."""
        self._calls.pop(handle, None)

    def next_tick(self) -> int | None:
        """Tick of the earliest call, or None."""
        while self._queue and self._queue[0][1] not in self._calls:
            heapq.heappop(self._queue)
        return self._queue[0][0] if self._queue else None

    def run_due(self) -> None:
        """Make all calls whose tick has come, those included that they request for now."""
        while (tick := self.next_tick()) is not None and tick <= self._counter.ticks:
            _, handle = heapq.heappop(self._queue)
            self._calls.pop(handle)()

    def jump_to(self, tick: int) -> None:
        """Let idle time pass until `tick`; due calls are made by `run_due`."""
        if tick > self._counter.ticks:
            self.idle_ticks += tick - self._counter.ticks
            self._counter.ticks = tick

    def state(self) -> Any:
        """Data for `load_state`, valid in this process: calls are kept by reference."""
        return (self._counter.ticks, self.idle_ticks, self._queue[:], self._calls.copy())

    def load_state(self, state: Any) -> None:
        """Put time and pending calls back; handles given out since are not reused."""
        self._counter.ticks, self.idle_ticks, queue, calls = state
        self._queue = queue[:]
        self._calls = calls.copy()
