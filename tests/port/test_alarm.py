# SPDX-License-Identifier: GPL-2.0-or-later
"""Time since reset, which wraps at 2**30 ms, and sleep."""

from __future__ import annotations

import pytest

import boards
from tests.port.on_chip import Chip

# Who waits with a limit: the TRNG's driver. Elsewhere the linker leaves the function out.
WITH_ELAPSED = [name for name in boards.names() if boards.load(name).chip == "rp2350"]
with_elapsed = pytest.mark.parametrize("booted_chip", WITH_ELAPSED, indirect=True)
WRAP_MS = 1 << 30
UPTIME_MS_MAX = 60_000


def test_uptime_counts(chip: Chip) -> None:
    before = chip.call("alarm_uptime_ms")
    chip.device.run_for_ms(25)
    assert 25 <= chip.call("alarm_uptime_ms") - before <= 27
    assert before < UPTIME_MS_MAX


def test_seconds_are_those_of_the_milliseconds(chip: Chip) -> None:
    chip.device.run_for_ms(1500)
    before = chip.call("alarm_uptime_ms")
    assert before // 1000 <= chip.call("alarm_uptime_s") <= before // 1000 + 1


@with_elapsed
@pytest.mark.parametrize("before_wrap_ms", [1, 1000])
def test_elapsed_time_is_right_over_the_wrap(chip: Chip, before_wrap_ms: int) -> None:
    elapsed = chip.call("alarm_elapsed_ms", WRAP_MS - before_wrap_ms)
    assert 0 <= elapsed - before_wrap_ms - chip.call("alarm_uptime_ms") + 1 <= 1


@with_elapsed
def test_elapsed_time_is_a_difference(chip: Chip) -> None:
    before = chip.call("alarm_uptime_ms")
    chip.device.run_for_ms(25)
    assert 25 <= chip.call("alarm_elapsed_ms", before) <= 27


@pytest.mark.parametrize("duration_ms", [1, 20, 1000])
def test_sleep_takes_its_time(chip: Chip, duration_ms: int) -> None:
    before = chip.device.virtual_ms
    instructions = chip.device.instructions
    chip.call("alarm_sleep_ms", duration_ms)
    assert duration_ms - 1 < chip.device.virtual_ms - before < duration_ms + 2
    # It sleeps, but for the interrupts: no loop that waits.
    assert chip.device.instructions - instructions < 20_000 + 1_000 * duration_ms
