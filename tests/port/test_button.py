# SPDX-License-Identifier: GPL-2.0-or-later
"""BOOTSEL as a button, in the chip model."""

from __future__ import annotations

from tests.port.on_chip import Chip


def pressed(chip: Chip) -> bool:
    return bool(chip.call("button_is_pressed") & 0xFF)


def test_the_button_is_seen_while_it_is_held(chip: Chip) -> None:
    assert not pressed(chip)
    chip.device.press_button()
    assert pressed(chip)
    assert pressed(chip)
    chip.device.release_button()
    assert not pressed(chip)


def test_the_flash_is_there_afterwards(chip: Chip) -> None:
    chip.device.press_button()
    pressed(chip)
    assert chip.call("flash_data_is_erased", 0, 0) & 0xFF == 1
