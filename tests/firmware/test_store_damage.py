# SPDX-License-Identifier: GPL-2.0-or-later
"""BOOT-1: any bytes in the region: no crash, nothing written, no key from nowhere."""

import hashlib
import struct

import pytest
from hsm.store import StoreDamaged, record
from hsm.store import store as store_module
from hypothesis import given, settings
from hypothesis import strategies as st
from nor_flash import NorFlash
from store_twin import fresh, mounted, objects, put

SECTORS = 10


def image_of_a_life() -> bytes:
    flash, store = fresh(SECTORS)
    for round in range(30):
        put(store, 1 + round % 5, bytes([round]) * (100 + 37 * round))
    return flash.image()


LIFE = image_of_a_life()


def look(image: bytes) -> store_module.Store:
    """Mount `image`; whatever state, the answers are defined."""
    flash = NorFlash(SECTORS, image)
    store = mounted(flash)
    if store.state == store_module.DAMAGED:
        assert flash.image() == image
        try:
            store.contains(1)
        except StoreDamaged:
            pass
        else:
            raise AssertionError("a damaged store answers")
    else:
        objects(store)
    store.format(b"n" * 33)
    put(store, 1, b"after")
    assert objects(mounted(flash)) == {1: b"after"}
    return store


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), density=st.sampled_from([1, 16, 128, 255]))
def test_random_regions(seed: int, density: int) -> None:
    noise = hashlib.shake_256(seed.to_bytes(5, "big")).digest(2 * SECTORS * 4096)
    pairs = zip(noise[::2], noise[1::2], strict=True)
    look(bytes(0xFF if chance >= density else byte for chance, byte in pairs))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    start=st.integers(0, SECTORS * 4096 - 1),
    length=st.integers(1, 9000),
)
def test_overwritten_stretches(seed: int, start: int, length: int) -> None:
    image = bytearray(LIFE)
    noise = hashlib.shake_256(seed.to_bytes(5, "big")).digest(length)
    image[start : start + length] = noise[: len(image) - start]
    try:
        look(bytes(image))
    except AssertionError as error:
        # Contents that were hit: their seal says so, when they are opened.
        assert "contents differ" in str(error)


def test_all_zero_and_all_ones() -> None:
    for byte in (0x00, 0xFF, 0x48):
        look(bytes([byte]) * SECTORS * 4096)


@settings(max_examples=200, deadline=None)
@given(offset=st.integers(0, SECTORS * 4096 - 1), bit=st.integers(0, 7))
def test_one_flipped_bit_never_makes_another_value(offset: int, bit: int) -> None:
    values = set(objects(mounted(NorFlash(SECTORS, LIFE))).items())
    image = bytearray(LIFE)
    image[offset] ^= 1 << bit
    flash = NorFlash(SECTORS, bytes(image))
    store = mounted(flash)
    if store.state == store_module.READY:
        try:
            assert set(objects(store).items()) <= values
        except AssertionError as error:
            # The contents themselves: their seal says so, when they are opened.
            assert "contents differ" in str(error)


def test_another_format_is_refused_and_kept() -> None:
    for version in (0, 1, record.FORMAT_VERSION + 1, 0xFFFF):
        image = bytearray(LIFE)
        # One sector is enough, as when a newer firmware had only just begun.
        base = next(base for base in range(0, len(image), 4096) if image[base : base + 2] == b"HS")
        fields = (record.SECTOR_MAGIC, version, 99, 0)
        half = struct.pack("<HHIII", *fields, record.CHECK_TOTAL - sum(fields))
        image[base : base + 16] = half
        flash = NorFlash(SECTORS, bytes(image))
        store = mounted(flash)
        assert store.state == store_module.OTHER_VERSION
        with pytest.raises(StoreDamaged):
            store.contains(1)
        with pytest.raises(StoreDamaged):
            store.size(1)
        with pytest.raises(StoreDamaged):
            store.transaction()
        assert flash.image() == bytes(image)


def test_a_log_that_nobody_committed_to_is_given_up_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A region full of the shortest records: to step over all of them would take seconds."""
    header = record.encode_header(1, 0, 7, record.PART_MAX, 0, 5, 5)
    count = (record.SECTOR_BYTES - record.SECTOR_HEADER_BYTES) // record.HEADER_BYTES
    image = b""
    for sequence in range(64):
        wear = record.encode_wear(1) + b"\xff" * record.GOOD_BYTES
        sector = record.encode_use(1 + sequence) + wear + header * count
        image += sector.ljust(record.SECTOR_BYTES, b"\xff")
    decoded = []
    real = record.decode_header
    monkeypatch.setattr(record, "decode_header", lambda *at: decoded.append(at) or real(*at))
    store = mounted(NorFlash(64, image))
    assert store.state == store_module.DAMAGED
    assert len(decoded) < 3 * record.RECORDS_BEHIND_COMMIT_MAX
