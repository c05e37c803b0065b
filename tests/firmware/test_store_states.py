# SPDX-License-Identifier: GPL-2.0-or-later
"""States of the store as hosts see them: nothing is formatted but by INITIALIZE.

Byte 4 of the version query tells: 00 usable, 01 damaged, 02 another format version.
"""

import struct
from collections.abc import Callable

import pytest
from device import Device
from hsm.store import StoreFailure, record
from nor_flash import NorFlash, PowerCut
from store_twin import Seal, fresh, mounted, objects, put

from sim.flash.endurance import BadSector, Endurance

SECTORS = 24
MEMORY_FAILURE = 0x6581
QUERY = bytes.fromhex("8050000000")


def life() -> Device:
    device = Device(sectors=SECTORS)
    device.initialize()
    device.verify()
    device.write(0xCF01, 0, b"contents" * 200)
    return device


def other_version(image: bytearray, version: int) -> None:
    """Give one sector of the log a header of another version, as a newer firmware would."""
    base = next(base for base in range(0, len(image), 4096) if image[base : base + 2] == b"HS")
    fields = (record.SECTOR_MAGIC, version, 99, 0)
    image[base : base + 16] = struct.pack("<HHIII", *fields, record.CHECK_TOTAL - sum(fields))


def damage(image: bytearray) -> None:
    """A live record's tag changes: the commit's MAC does not cover it."""
    store = mounted(NorFlash(SECTORS, bytes(image)))
    assert store.state != 1
    image[96 + 30] ^= 1


SPOILT: list[tuple[int, Callable[[bytearray], None]]] = [
    (1, damage),
    (2, lambda image: other_version(image, 3)),
    (2, lambda image: other_version(image, 1)),
]


@pytest.mark.parametrize("state, spoil", SPOILT)
def test_a_store_that_cannot_be_used_is_told_and_kept(state: int, spoil) -> None:
    device = life()
    assert device.send(QUERY)[4] == 0
    image = bytearray(device.flash.image())
    spoil(image)
    device.board.flash = NorFlash(SECTORS, bytes(image))
    for _ in range(2):
        device.power_on()
        device.select()
        assert device.send(QUERY)[:5] == bytes((0, 0, 0, 0, state))
        device.verify(expect=MEMORY_FAILURE)
        device.write(0xCF01, 0, b"new", expect=0x6982)
        device.sign(1, 0x70, bytes(32), expect=0x6982)
        assert device.flash.image() == bytes(image)
    device.initialize(so_pin=b"88888888")
    device.verify()
    device.write(0xCF01, 0, b"new")
    device.power_on()
    device.select()
    assert device.send(QUERY)[4] == 0
    assert device.read(0xCF01) == b"new"


def test_a_blank_store_is_usable() -> None:
    device = Device(sectors=SECTORS)
    assert device.send(QUERY)[:5] == bytes(5)


def test_a_format_that_was_cut_is_done_again() -> None:
    device = life()
    image = bytearray(device.flash.image())
    other_version(image, 9)
    for at in (0, 1, 3):
        device.board.flash = NorFlash(SECTORS, bytes(image))
        device.power_on()
        device.flash.arm(at)
        with pytest.raises(PowerCut):
            device.initialize()
        device.power_on()
        device.initialize()
        device.verify()
        assert not device.card.store.contains(0xCF01)


@pytest.mark.parametrize("behaviour", BadSector)
def test_a_format_on_worn_sectors_leaves_them(behaviour: BadSector) -> None:
    flash, store = fresh(SECTORS)
    for id in range(20):
        put(store, id + 1, bytes(1500))
    flash.array.endurance = Endurance(1000, behaviour)
    for sector in (0, 1, 5, 7):
        flash.array.wear.erase_counts[sector] = 2000
    store.format(b"n" * 33)
    for id in range(1, 30):
        put(store, id, bytes([id]) * 600)
    again = mounted(flash)
    assert objects(again) == {id: bytes([id]) * 600 for id in range(1, 30)}
    retired = [sector for sector in range(SECTORS) if not again.log.is_good(sector)]
    assert set(retired) == {0, 1, 5, 7}
    assert again.lifetime()[2] == 4
    assert isinstance(again.seal, Seal)


def test_a_format_without_sectors_fails() -> None:
    flash = NorFlash(SECTORS, bytes(SECTORS * 4096))
    store = mounted(flash)
    flash.array.endurance = Endurance(0, BadSector.ERASE_IGNORED)
    with pytest.raises(StoreFailure):
        store.format(b"n" * 33)
    flash, store = fresh(SECTORS)
    flash.array.endurance = Endurance(0, BadSector.PROGRAM_IGNORED)
    with pytest.raises(StoreFailure):
        put(store, 1, b"new")
    assert objects(mounted(flash)) == {}
