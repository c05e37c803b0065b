# SPDX-License-Identifier: GPL-2.0-or-later
"""Priority logic without a core."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sim.cpu.nvic import FIRST_IRQ, HARD_FAULT, PEND_SV, SYS_TICK, THREAD_PRIORITY, Nvic


def make() -> Nvic:
    nvic = Nvic(irq_count=32, priority_bits=2)
    nvic.set_enabled(nvic.irq_mask)
    return nvic


def test_lowest_number_wins_among_equals() -> None:
    nvic = make()
    nvic.set_pending(FIRST_IRQ + 9)
    nvic.set_pending(FIRST_IRQ + 4)
    assert nvic.best_pending() == FIRST_IRQ + 4


def test_priority_wins_over_number() -> None:
    nvic = make()
    nvic.set_priority(FIRST_IRQ + 4, 0x80)
    nvic.set_pending(FIRST_IRQ + 4)
    nvic.set_pending(FIRST_IRQ + 9)
    assert nvic.best_pending() == FIRST_IRQ + 9


def test_disabled_interrupts_do_not_count() -> None:
    nvic = Nvic(irq_count=32, priority_bits=2)
    nvic.set_pending(FIRST_IRQ)
    assert nvic.best_pending() is None
    nvic.set_enabled(1 << FIRST_IRQ)
    assert nvic.best_pending() == FIRST_IRQ


def test_absent_priority_bits_read_as_zero() -> None:
    nvic = make()
    nvic.set_priority(FIRST_IRQ, 0xFF)
    assert nvic.priorities[FIRST_IRQ] == 0xC0


def test_hardfault_beats_every_mask() -> None:
    nvic = make()
    nvic.set_pending(HARD_FAULT)
    assert nvic.group_priority(HARD_FAULT) < nvic.execution_priority(primask=1, basepri=0x40)
    assert not nvic.group_priority(HARD_FAULT) < nvic.execution_priority(faultmask=1)


def test_priority_group_decides_about_preemption_only() -> None:
    nvic = Nvic(irq_count=52, priority_bits=4)
    nvic.set_enabled(nvic.irq_mask)
    nvic.group_mask = 0xC0
    nvic.set_priority(FIRST_IRQ, 0x50)
    nvic.set_priority(FIRST_IRQ + 1, 0x40)
    nvic.activate(FIRST_IRQ)
    nvic.set_pending(FIRST_IRQ + 1)
    assert nvic.group_priority(FIRST_IRQ + 1) == nvic.execution_priority()


def test_a_line_that_stays_high_pends_again() -> None:
    nvic = make()
    nvic.set_level(3, True)
    number = nvic.best_pending()
    assert number == FIRST_IRQ + 3
    nvic.activate(number)
    assert nvic.best_pending() is None
    nvic.deactivate(number)
    assert nvic.best_pending() == number
    nvic.set_level(3, False)
    nvic.clear_pending(number)
    assert nvic.best_pending() is None


def test_clearing_the_pending_bit_of_a_high_line_has_no_effect() -> None:
    nvic = make()
    nvic.set_level(3, True)
    nvic.clear_pending(FIRST_IRQ + 3)
    assert nvic.best_pending() == FIRST_IRQ + 3


def test_banks_cover_all_interrupts() -> None:
    nvic = Nvic(irq_count=52, priority_bits=4)
    nvic.set_enabled(nvic.bank_bits(1, 0xFFFF_FFFF))
    assert nvic.bank(nvic.enabled, 0) == 0
    assert nvic.bank(nvic.enabled, 1) == (1 << 20) - 1


@given(st.lists(st.tuples(st.integers(0, 31), st.integers(0, 255)), min_size=1, max_size=8))
def test_the_best_pending_exception_is_the_minimum(pending: list[tuple[int, int]]) -> None:
    nvic = make()
    for irq, priority in pending:
        nvic.set_priority(FIRST_IRQ + irq, priority)
        nvic.set_pending(FIRST_IRQ + irq)
    expected = min((nvic.priority(FIRST_IRQ + irq), FIRST_IRQ + irq) for irq, _ in pending)
    assert nvic.best_pending() == expected[1]


def test_state_comes_back() -> None:
    nvic = make()
    nvic.set_level(5, True)
    nvic.activate(SYS_TICK)
    state = nvic.state()
    nvic.deactivate(SYS_TICK)
    nvic.set_pending(PEND_SV)
    nvic.set_level(5, False)
    nvic.load_state(state)
    assert nvic.state() == state
    assert nvic.execution_priority() == 0 < THREAD_PRIORITY
