# SPDX-License-Identifier: GPL-2.0-or-later
"""The LED's states, in the chip model."""

from __future__ import annotations

import pytest

from tests.port.on_chip import Chip

OFF, READY, BUSY, CONFIRM, ERASE = range(5)
NONE = 255
SAMPLE_MS = 20


def shares(chip: Chip, state: int, seconds: int = 4) -> tuple[float, int]:
    """Part of the time the LED is on, and how often it changes, in whole periods."""
    chip.call("led_set", state)
    mask = 1 << chip.device.board.led_gpio
    samples = []
    for _ in range(seconds * 1000 // SAMPLE_MS):
        samples.append(bool(chip.machine.block("SIO").values["GPIO_OUT"] & mask))
        chip.device.run_for_ms(SAMPLE_MS)
    changes = sum(a != b for a, b in zip(samples, samples[1:], strict=False))
    return sum(samples) / len(samples), changes


@pytest.mark.parametrize(
    ("state", "share", "changes"),
    [(OFF, 0, 0), (READY, 0.5, 3), (BUSY, 1, 0), (CONFIRM, 0.9, 7), (ERASE, 0.5, 39)],
)
def test_a_state_looks_as_it_should(chip: Chip, state: int, share: float, changes: int) -> None:
    chip.call("led_set", OFF)
    found, changed = shares(chip, state)
    assert found == pytest.approx(share, abs=0.05)
    assert abs(changed - changes) <= 1


@pytest.mark.parametrize("state", [READY, BUSY])
def test_another_gpio(chip: Chip, state: int) -> None:
    other = 16
    chip.call("led_set", state)
    chip.call("led_configure", other, True)
    chip.device.run_for_ms(2500)
    outputs = chip.machine.block("SIO").values["GPIO_OUT"]
    assert outputs & 1 << other and not outputs & 1 << chip.device.board.led_gpio
    assert chip.machine.block("SIO").values["GPIO_OE"] & 1 << other


def test_a_steady_led_does_not_blink_when_ready(chip: Chip) -> None:
    chip.call("led_configure", chip.device.board.led_gpio, True)
    assert shares(chip, READY) == (1, 0)
    share, changes = shares(chip, CONFIRM)
    assert share == pytest.approx(0.9, abs=0.05) and changes


def test_no_led(chip: Chip) -> None:
    chip.call("led_configure", NONE, False)
    for state in (READY, BUSY, CONFIRM):
        assert shares(chip, state, 2) == (0, 0)
