# SPDX-License-Identifier: GPL-2.0-or-later
"""hsm_port refuses what is out of range and changes nothing then."""

from __future__ import annotations

import pytest

import boards
from tests.binding.remote import (
    Expression,
    Remote,
    bytearray_,
    item,
    len_,
    memoryview_,
    part,
    port,
    put_item,
)

PAGE = 256
SECTOR = 4096
EINVAL = "OSError(22)"
# Of the largest region: no offset on any board.
END = max(boards.load(name).flash.data_size_bytes for name in boards.names())

OUT_OF_RANGE: dict[str, Expression] = {
    "program before the region": port.flash_program(-1, b"\0"),
    "program behind the region": port.flash_program(END, b"\0"),
    "program at 2**32": port.flash_program(1 << 32, b"\0"),
    "program nothing behind the region": port.flash_program(END, b""),
    "program over a page's end": port.flash_program(PAGE - 1, bytes(2)),
    "program more than a page": port.flash_program(0, bytes(PAGE + 1)),
    "program at no number": port.flash_program(None, b"\0"),
    "program at True": port.flash_program(True, b"\0"),
    "erase before the region": port.flash_erase(-SECTOR),
    "erase behind the region": port.flash_erase(END),
    "erase within a sector": port.flash_erase(1),
    "erase at a page": port.flash_erase(PAGE),
    "erase at 2**32": port.flash_erase(1 << 32),
    "erase at no number": port.flash_erase(b""),
    "is erased before the region": port.flash_is_erased(-1, 1),
    "is erased behind the region": port.flash_is_erased(END + 1, 0),
    "is erased over the end": port.flash_is_erased(END - 1, 2),
    "is erased of -1 bytes": port.flash_is_erased(0, -1),
    "is erased of 2**32 bytes": port.flash_is_erased(0, 1 << 32),
    "start again": port.transport_start(b"\x3b\x00"),
    "start with a short ATR": port.transport_start(b"\x3b"),
    "start with a long ATR": port.transport_start(bytes(34)),
    "respond with 1 byte": port.transport_respond(1),
    "respond with -1 bytes": port.transport_respond(-1),
    "respond with 4099 bytes": port.transport_respond(4099),
    "respond with 2**32 + 2 bytes": port.transport_respond((1 << 32) + 2),
    "LED state -1": port.led(-1),
    "LED state 5": port.led(5),
    "LED state None": port.led(None),
    "LED at GPIO -1": port.led_configure(-1, False),
    "LED at GPIO 30": port.led_configure(30, False),
    "LED at GPIO 254": port.led_configure(254, True),
    "LED at no number": port.led_configure(None, False),
    "identity after the start": port.usb_identity(0x1209, 1, b"name"),
    "identity without a vendor": port.usb_identity(0, 1, b"name"),
    "identity of 17 bits": port.usb_identity(0x1209, 1 << 16, b"name"),
    "identity with a long name": port.usb_identity(0x1209, 1, bytes(33)),
}

OTHER_TYPES: dict[str, Expression] = {
    "program a number": port.flash_program(0, 5),
    "start with a number": port.transport_start(5),
    "too few arguments": port.flash_program(0),
    "too many arguments": port.unique_id(1),
    "write into the flash": put_item(port.flash_view(), 0, 0),
}


@pytest.mark.parametrize("what", OUT_OF_RANGE)
def test_out_of_range(chip: Remote, what: str) -> None:
    entries = len(chip.device.journal)
    assert chip.outcome(OUT_OF_RANGE[what]) == EINVAL
    assert len(chip.device.journal) == entries, "the flash was written"


@pytest.mark.parametrize("what", OTHER_TYPES)
def test_another_type(chip: Remote, what: str) -> None:
    entries = len(chip.device.journal)
    assert chip.outcome(OTHER_TYPES[what]) == "TypeError"
    assert len(chip.device.journal) == entries, "the flash was written"


def test_the_region_is_the_boards(chip: Remote) -> None:
    size = chip.device.board.flash.data_size_bytes
    assert chip.run(port.FLASH_SIZE_BYTES) == chip.device.board.flash.size_bytes
    assert chip.run(port.FLASH_DATA_SIZE_BYTES) == size
    assert chip.run(len_(port.flash_view())) == size
    assert chip.run(port.FLASH_PAGE_BYTES) == PAGE
    assert chip.run(port.FLASH_SECTOR_BYTES) == SECTOR
    assert chip.run(port.CHIP) == chip.device.board.chip


@pytest.mark.parametrize("offset", [0, PAGE - 16, SECTOR, 12_345 // 16 * 16])
def test_the_view_follows_what_is_written(chip: Remote, offset: int) -> None:
    view = chip.keep(port.flash_view())
    data = bytes(range(16))
    chip.run(port.flash_erase(offset // SECTOR * SECTOR))
    assert chip.run(port.flash_is_erased(offset, 16)) is True
    chip.run(port.flash_program(offset, data))
    assert chip.run(part(view, offset, offset + 16)) == data
    assert chip.run(port.flash_is_erased(offset, 16)) is False
    chip.run(port.flash_erase(offset // SECTOR * SECTOR))
    assert chip.run(part(view, offset, offset + 16)) == b"\xff" * 16


def test_the_last_page_and_sector(chip: Remote) -> None:
    size = chip.device.board.flash.data_size_bytes
    chip.run(port.flash_erase(size - SECTOR))
    chip.run(port.flash_program(size - PAGE, bytes(PAGE)))
    chip.run(port.flash_program(size - 1, b""))
    assert chip.run(port.flash_is_erased(size - SECTOR, SECTOR - PAGE)) is True
    assert chip.run(port.flash_is_erased(size - 1, 1)) is False
    assert chip.run(port.flash_is_erased(size, 0)) is True


def test_nothing_behind_the_region_is_touched(chip: Remote) -> None:
    flash = chip.device.board.flash
    chip.run(port.flash_erase(flash.data_size_bytes - SECTOR))
    chip.run(port.flash_program(flash.data_size_bytes - 1, b"\0"))
    last = flash.data_offset + flash.data_size_bytes
    for entry in chip.device.journal[-2:]:
        assert flash.data_offset <= entry.offset < last


def test_a_program_that_sets_a_bit_does_nothing_to_it(chip: Remote) -> None:
    """Bits only go from 1 to 0: what is read back is before & data."""
    chip.run(port.flash_erase(0))
    chip.run(port.flash_program(0, b"\xf0"))
    chip.run(port.flash_program(0, b"\x3f"))
    assert chip.run(item(port.flash_view(), 0)) == 0x30


def test_programming_from_the_flash_itself(chip: Remote) -> None:
    """The flash cannot be read while it is programmed."""
    chip.run(port.flash_erase(0))
    chip.run(port.flash_program(0, bytes(range(16))))
    chip.run(port.flash_program(PAGE, part(port.flash_view(), 0, 16)))
    assert chip.run(part(port.flash_view(), PAGE, PAGE + 16)) == bytes(range(16))


@pytest.mark.parametrize("view", ["flash_view", "response_buffer", "chain_buffer"])
def test_a_view_has_bounds(chip: Remote, view: str) -> None:
    buffer = chip.keep(getattr(port, view)())
    length = chip.run(len_(buffer))
    assert chip.outcome(item(buffer, length)) == "IndexError"
    assert chip.outcome(item(buffer, -length - 1)) == "IndexError"
    assert chip.run(len_(part(buffer, length - 1, length + 99))) == 1


@pytest.mark.parametrize(("view", "length"), [("response_buffer", 4098), ("chain_buffer", 4096)])
def test_a_buffer_has_its_length_and_can_be_written(chip: Remote, view: str, length: int) -> None:
    buffer = chip.keep(getattr(port, view)())
    assert chip.run(len_(buffer)) == length
    assert chip.run(put_item(buffer, length - 1, 0xA5)) is None
    assert chip.outcome(put_item(buffer, length, 0)) == "IndexError"


def test_the_chain_buffer_lasts_until_it_is_wiped(chip: Remote) -> None:
    buffer = chip.keep(port.chain_buffer())
    chip.run(put_item(buffer, 4095, 0xA5))
    assert chip.run(item(buffer, 4095)) == 0xA5
    chip.run(port.wipe_chain_buffer())
    assert chip.run(item(buffer, 4095)) == 0


def test_the_response_is_wiped_once_it_is_sent(chip: Remote) -> None:
    buffer = chip.keep(port.response_buffer())
    chip.run(put_item(buffer, 4097, 0xA5))
    assert chip.run(item(buffer, 4097)) == 0


def test_the_end_of_a_session_wipes_the_chain_buffer(chip: Remote) -> None:
    buffer = chip.keep(port.chain_buffer())
    chip.run(put_item(buffer, 7, 0xA5))
    chip.device.icc_power_off()
    chip.device.icc_power_on()
    assert chip.run(item(buffer, 7)) == 0


def test_identity_and_time(chip: Remote) -> None:
    assert len(chip.run(port.unique_id())) == 8
    info = chip.run(port.build_info())
    assert len(info) <= 64 and chip.device.board.name in info.decode("ascii").split()
    before = chip.run(port.uptime_ms())
    chip.device.run_for_ms(50)
    assert chip.run(port.uptime_ms()) - before >= 50
    assert chip.run(port.command_cancelled()) is False
    assert chip.run(port.button_pressed()) is False


def test_a_view_of_a_view_is_as_short(chip: Remote) -> None:
    buffer = chip.keep(bytearray_(8))
    chip.run(port.flash_erase(0))
    chip.run(port.flash_program(0, part(memoryview_(buffer), 2, 5)))
    assert chip.run(part(port.flash_view(), 0, 4)) == bytes(3) + b"\xff"
