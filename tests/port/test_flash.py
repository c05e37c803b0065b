# SPDX-License-Identifier: GPL-2.0-or-later
"""Program and erase in the chip model: changes, refusals, what is noticed."""

from __future__ import annotations

import pytest

from sim.flash.journal import Operation
from tests.port.on_chip import Chip

PAGE, SECTOR = 256, 4096
XIP_BASE = 0x1000_0000


def data_offset(chip: Chip) -> int:
    return chip.device.board.flash.data_offset


def stored(chip: Chip, offset: int, length: int) -> bytes:
    """What the flash cells hold."""
    return chip.device.flash.read(data_offset(chip) + offset, length)


def program(chip: Chip, offset: int, data: bytes) -> bool:
    return bool(chip.call("flash_data_program", offset, chip.put(data, 64), len(data)) & 0xFF)


def erase(chip: Chip, offset: int) -> bool:
    return bool(chip.call("flash_data_erase", offset) & 0xFF)


def is_erased(chip: Chip, offset: int, length: int) -> bool:
    return bool(chip.call("flash_data_is_erased", offset, length) & 0xFF)


@pytest.mark.parametrize(("within", "length"), [(0, 256), (0, 1), (255, 1), (17, 100), (3, 4)])
def test_bytes_around_the_data_stay(chip: Chip, within: int, length: int) -> None:
    offset = 5 * SECTOR + within
    assert erase(chip, 5 * SECTOR)
    data = bytes(range(length & 0xFF or 256))[:length]
    assert program(chip, offset, data)
    page = stored(chip, 5 * SECTOR, PAGE)
    assert page == b"\xff" * within + data + b"\xff" * (PAGE - within - length)


def test_bits_go_down_only(chip: Chip) -> None:
    erase(chip, 0)
    assert program(chip, 0, b"\xf0")
    assert program(chip, 0, b"\x3f"), "programming ones over zeros changes nothing and is no error"
    assert stored(chip, 0, 1) == b"\x30"


def test_an_operation_each_and_no_more(chip: Chip) -> None:
    before = len(chip.device.journal)
    erase(chip, SECTOR)
    program(chip, SECTOR + 300, b"abc")
    operations = chip.device.journal[before:]
    assert [entry.operation for entry in operations] == [Operation.ERASE, Operation.PROGRAM]
    assert operations[1].offset & ~0xFF == data_offset(chip) + SECTOR + 256


def test_the_view_follows_at_once(chip: Chip) -> None:
    erase(chip, 2 * SECTOR)
    program(chip, 2 * SECTOR, b"\x12\x34")
    view = chip.call("flash_data")
    assert view == XIP_BASE + data_offset(chip)
    assert chip.machine.read_memory(view + 2 * SECTOR, 3) == b"\x12\x34\xff"


def test_bits_that_were_down_before_are_no_error(chip: Chip) -> None:
    erase(chip, 3 * SECTOR)
    chip.device.flash.poke(data_offset(chip) + 3 * SECTOR, b"\x0f")
    assert program(chip, 3 * SECTOR, b"\xff")
    assert stored(chip, 3 * SECTOR, 1) == b"\x0f"


def test_a_program_that_does_not_take_is_noticed(
    chip: Chip, monkeypatch: pytest.MonkeyPatch
) -> None:
    erase(chip, 3 * SECTOR)
    monkeypatch.setattr(chip.device.flash, "program", lambda *_: None)
    assert not program(chip, 3 * SECTOR, b"\x7f")


def test_an_erase_that_does_not_take_is_noticed(
    chip: Chip, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert program(chip, 3 * SECTOR + 4000, b"\0")
    monkeypatch.setattr(chip.device.flash, "erase", lambda *_: None)
    assert not erase(chip, 3 * SECTOR)


@pytest.mark.parametrize("at", [0, 1, 2, 3, 4, 5, 4095])
def test_one_byte_makes_a_sector_not_erased(chip: Chip, at: int) -> None:
    erase(chip, 4 * SECTOR)
    assert is_erased(chip, 4 * SECTOR, SECTOR)
    chip.device.flash.poke(data_offset(chip) + 4 * SECTOR + at, b"\xfe")
    assert not is_erased(chip, 4 * SECTOR, SECTOR)
    assert is_erased(chip, 4 * SECTOR, at)
    assert is_erased(chip, 4 * SECTOR + at + 1, SECTOR - at - 1)
    assert not is_erased(chip, 4 * SECTOR + at, 1)


def test_page_buffers_are_wiped(chip: Chip) -> None:
    erase(chip, 6 * SECTOR)
    assert program(chip, 6 * SECTOR, b"secret of the store!")
    chip.put(bytes(64), 64)  # the argument itself
    start, end = chip.address("__wiped_start__"), chip.address("__wiped_end__")
    assert b"secret" not in chip.machine.read_memory(start, end - start)


def test_usb_lives_on_after_flash_operations(chip: Chip) -> None:
    for sector in range(4):
        assert erase(chip, sector * SECTOR)
    assert chip.device.reader.slot_status() == 0
