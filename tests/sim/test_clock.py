# SPDX-License-Identifier: GPL-2.0-or-later
"""Virtual time: order of calls, cancelling, idle jumps, snapshots."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sim.clock import Clock
from tests.sim.twins import Counter


def make() -> tuple[Counter, Clock, list[int]]:
    counter = Counter()
    return counter, Clock(counter, 125_000_000), []


def test_calls_come_in_order_of_tick_then_of_request() -> None:
    counter, clock, seen = make()
    for tick, mark in ((30, 3), (10, 1), (30, 4), (20, 2)):
        clock.call_at(tick, lambda mark=mark: seen.append(mark))
    counter.ticks = 25
    clock.run_due()
    assert seen == [1, 2]
    counter.ticks = 30
    clock.run_due()
    assert seen == [1, 2, 3, 4]


def test_a_call_may_request_another_for_now() -> None:
    counter, clock, seen = make()
    clock.call_at(5, lambda: clock.call_at(5, lambda: seen.append(1)))
    counter.ticks = 5
    clock.run_due()
    assert seen == [1]


def test_a_cancelled_call_is_not_made() -> None:
    counter, clock, seen = make()
    handle = clock.call_at(5, lambda: seen.append(1))
    clock.cancel(handle)
    clock.cancel(handle)
    assert clock.next_tick() is None
    counter.ticks = 9
    clock.run_due()
    assert seen == []


def test_idle_time_is_not_executed_time() -> None:
    counter, clock, _ = make()
    counter.ticks = 100
    clock.jump_to(1_250)
    assert clock.now_us == 10
    assert clock.instructions == 100
    clock.jump_to(5)
    assert clock.now == 1_250


@given(st.lists(st.integers(0, 50), max_size=8), st.integers(0, 50))
def test_a_restored_clock_makes_the_same_calls(ticks: list[int], moment: int) -> None:
    counter, clock, seen = make()
    for tick in ticks:
        clock.call_at(tick, lambda tick=tick: seen.append(tick))
    counter.ticks = moment
    clock.run_due()
    state = clock.state()
    runs = []
    for _ in range(2):
        seen.clear()
        clock.load_state(state)
        assert clock.now == moment
        counter.ticks = 50
        clock.run_due()
        runs.append(list(seen))
    assert runs[0] == runs[1] == sorted(tick for tick in ticks if tick > moment)
