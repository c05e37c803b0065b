# SPDX-License-Identifier: GPL-2.0-or-later
"""SysTick in virtual time."""

from __future__ import annotations

from sim.cpu.systick import COUNTFLAG, SysTick
from tests.sim.twins import MachineTwin

ENABLE, TICKINT, PROCESSOR_CLOCK = 1, 2, 4


def make() -> tuple[MachineTwin, SysTick, list[int]]:
    machine = MachineTwin()
    pended: list[int] = []
    return machine, SysTick(machine.clock, lambda: pended.append(machine.clock.now)), pended


def test_counts_down_and_wraps_every_reload_plus_one() -> None:
    machine, systick, pended = make()
    systick.write_rvr(99)
    systick.write_cvr(0)
    systick.write_csr(ENABLE | TICKINT | PROCESSOR_CLOCK)
    machine.pass_us(10)
    assert pended == [100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]


def test_reference_clock_is_one_microsecond() -> None:
    machine, systick, pended = make()
    systick.write_rvr(9)
    systick.write_cvr(0)
    systick.write_csr(ENABLE | TICKINT)
    machine.pass_us(25)
    assert pended == [1000, 2000]


def test_countflag_clears_on_read() -> None:
    machine, systick, pended = make()
    systick.write_rvr(99)
    systick.write_csr(ENABLE | PROCESSOR_CLOCK)
    machine.pass_us(2)
    assert systick.read_csr() & COUNTFLAG
    assert not systick.read_csr() & COUNTFLAG
    assert pended == []


def test_current_value_counts_down() -> None:
    machine, systick, _ = make()
    systick.write_rvr(0xFFFFFF)
    systick.write_cvr(123)
    systick.write_csr(ENABLE | PROCESSOR_CLOCK)
    machine.pass_us(1)
    first = systick.read_cvr()
    machine.pass_us(1)
    assert first - systick.read_cvr() == 100


def test_writing_the_current_value_clears_it() -> None:
    machine, systick, _ = make()
    systick.write_rvr(500)
    systick.write_csr(ENABLE | PROCESSOR_CLOCK)
    machine.pass_us(1)
    systick.write_csr(0)
    assert systick.read_cvr() == 401
    systick.write_cvr(77)
    assert systick.read_cvr() == 0
