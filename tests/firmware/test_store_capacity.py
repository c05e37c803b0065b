# SPDX-License-Identifier: GPL-2.0-or-later
"""CAP-1: what the capacity promises can be put and rewritten, in all sizes."""

import random

import pytest
from hsm import limits
from hsm.store import READY, Store, StoreFull, compaction, record
from hsm.store.recovery import Replay
from nor_flash import NorFlash
from store_twin import CHUNK, KIND, contents, delete, fresh, mounted, objects, put

PICO_SECTORS = 344
MEBIBYTE = 1 << 20
# No transaction waits for more compactions than that.
MOVES_MAX = 3


def filled(sectors: int, sizes: tuple[int, ...]) -> tuple[NorFlash, Store, dict[int, int]]:
    """A store filled to the brim with objects of sizes drawn from `sizes`."""
    draw = random.Random(1)
    flash, store = fresh(sectors)
    lengths: dict[int, int] = {}
    while True:
        size = draw.choice(sizes)
        try:
            put(store, len(lengths) + 1, bytes([len(lengths) % 251]) * size)
        except StoreFull:
            return flash, store, lengths
        lengths[len(lengths) + 1] = size


def test_a_mebibyte_of_files_fits_a_pico() -> None:
    flash, store = fresh(PICO_SECTORS)
    # What INITIALIZE puts besides.
    for id, length in enumerate((140, 140, 2, 60, 300, 250, 90, 34), 1):
        put(store, id, bytes(length), record.FLAG_FIELD if length == 140 else 0)
    length = limits.FILE_BYTES_MAX
    for id in range(100, 100 + MEBIBYTE // length):
        for offset in range(0, length, 4000):
            data = bytes([id]) * min(4000, length - offset)
            with store.transaction() as change:
                if offset:
                    scratch = memoryview(bytearray(CHUNK))
                    change.write(id, KIND, offset, data, 0, scratch)
                else:
                    change.replace(id, KIND, data)
                change.commit()
    again = mounted(flash)
    assert again.capacity() == store.capacity()
    for id in range(100, 100 + MEBIBYTE // length):
        assert contents(again, id) == bytes([id]) * length


@pytest.mark.parametrize("sectors", [12, 40])
@pytest.mark.parametrize(
    "sizes",
    [
        (600,),
        (592, 600, 584),
        (128, 600, 600, 600, 600, 600),
        (480, 600),
        (300, 600, 600),
        (560,),
        (0, 600),
        tuple(range(601)),
    ],
)
def test_a_full_store_can_be_rewritten(sectors: int, sizes, monkeypatch) -> None:
    flash, store, lengths = filled(sectors, sizes)
    total, free = store.capacity()
    assert free < record.RECORD_BYTES_MAX or store.index.count == store.index.records_max
    moves: list[int] = []
    real_move, real_make_room = compaction._move, compaction.make_room

    def move(*arguments) -> None:
        moves[-1] += 1
        real_move(*arguments)

    def make_room(store: Store) -> bool:
        moves.append(0)
        has_room = real_make_room(store)
        assert store.log.free_sectors() >= record.FREE_SECTORS
        return has_room

    monkeypatch.setattr(compaction, "_move", move)
    monkeypatch.setattr(compaction, "make_room", make_room)
    draw = random.Random(2)
    for round in range(300):
        id = draw.choice(list(lengths))
        put(store, id, bytes([round % 251]) * lengths[id])
        if not round % 5:
            id = draw.choice(list(lengths))
            delete(store, id)
            put(store, id, bytes([round % 251]) * lengths[id])
    assert 0 < max(moves) <= MOVES_MAX
    again = mounted(flash)
    assert again.capacity() == store.capacity() == (total, free)
    assert objects(again) == objects(store)


def test_an_object_more_than_the_index_holds_is_refused() -> None:
    flash, store = fresh(16)
    maximum = 16 * record.LIVE_RECORDS_PER_SECTOR
    assert store.index.records_max == maximum
    for id in range(1, maximum):
        put(store, id, b"x")
    for _ in range(3):
        with pytest.raises(StoreFull):
            put(store, maximum, b"x")
        put(store, 1, b"replaced")
    assert len(objects(mounted(flash))) == maximum - 1
    delete(store, 2)
    put(store, maximum, b"x")
    assert len(objects(mounted(flash))) == maximum - 1


def test_a_full_store_can_be_cleared_and_filled_in_one_transaction() -> None:
    flash, store, lengths = filled(16, (600,))
    with store.transaction() as change:
        change.clear()
        for id in range(1, 9):
            change.put(id, KIND, b"new" * 150)
        change.commit()
    assert objects(mounted(flash)) == dict.fromkeys(range(1, 9), b"new" * 150)
    assert len(lengths) > 9


def test_a_mount_steps_over_a_bounded_number_of_records() -> None:
    # One object stays alive in each sector among many tiny dead ones.
    flash, store = fresh(40)
    for round in range(3000):
        if not round % 40:
            put(store, 100 + round // 40 % 30, b"stays" * 20)
        put(store, 1, b"")
        if not round % 3:
            delete(store, 1)
    assert store.log.records <= 40 * record.LOG_RECORDS_PER_SECTOR + 10
    assert mounted(flash).log.records == store.log.records


def test_the_bound_of_a_mount_is_above_what_a_log_can_have() -> None:
    """Where compaction gains nothing, all but FILL_BYTES of a sector may be tombstones, say."""
    sector_bytes = record.SECTOR_BYTES - record.SECTOR_HEADER_BYTES
    others = (sector_bytes - record.FILL_BYTES) // record.HEADER_BYTES
    per_sector = others + record.LIVE_RECORDS_PER_SECTOR
    for sectors in (PICO_SECTORS, record.SECTORS_MAX):
        _, store = fresh(sectors)
        # Besides, the head and the sectors of a transaction may have nothing else.
        most = sectors * per_sector + record.FREE_SECTORS * (sector_bytes // record.HEADER_BYTES)
        assert Replay(store)._records_bound >= most


def test_a_log_too_full_to_be_compacted_still_mounts() -> None:
    # So much lives in each sector that no move gains, and the rest is full of the tiniest records.
    flash, store = fresh(record.SECTORS_MAX)
    log = store.log
    id = 0
    while True:
        id += 1
        try:
            put(store, id, b"lives" * 619)
        except StoreFull:
            break
        while log.end - log.position >= 80:
            put(store, 9001, b"")
            if log.end - log.position >= 64:
                delete(store, 9001)
    assert log.records > 20 * record.SECTORS_MAX
    again = mounted(flash)
    assert again.state == READY and again.log.records == log.records
