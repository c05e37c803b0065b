# SPDX-License-Identifier: GPL-2.0-or-later
"""The store: objects, transactions, compaction, counters, recovery."""

from collections.abc import Iterator

import pytest
from hsm.store import NotFound, SealLocked, Store, StoreFull, counters, record
from hsm.store import store as store_module
from nor_flash import NorFlash
from store_twin import CHUNK, KIND, SCRATCH, Seal, contents, delete, fresh, mounted, objects, put


def test_objects_survive_a_mount() -> None:
    flash, store = fresh()
    sizes = (0, 1, 255, CHUNK, CHUNK + 1, 5000)
    values = {0x100 + n: bytes([n]) * size for n, size in enumerate(sizes)}
    for id, data in values.items():
        put(store, id, data)
    assert objects(store) == values
    again = mounted(flash)
    assert again.state == store_module.READY
    assert objects(again) == values
    assert again.capacity() == store.capacity()  # CAP-1
    erases = max(flash.erase_counts), sum(flash.erase_counts)
    assert again.lifetime() == store.lifetime() == (*erases, 0, 16)  # WEAR-1


def test_second_mount_is_silent() -> None:
    flash, store = fresh()
    put(store, 1, b"one")
    put(store, 1, b"two")
    operations = flash.operations
    mounted(flash)
    assert flash.operations == operations  # BOOT-2


def test_replacing_destroys_the_old_bytes() -> None:
    flash, store = fresh()
    put(store, 1, b"SECRET-OLD-VALUE")
    put(store, 1, b"new")
    assert b"SECRET-OLD-VALUE" not in flash.image()  # KEY-1
    delete(store, 1)
    assert not store.contains(1)
    assert not mounted(flash).contains(1)


def test_leaving_without_commit_undoes() -> None:
    flash, store = fresh()
    put(store, 1, b"one")
    with store.transaction() as change:
        change.put(1, KIND, b"SECRET-UNCOMMITTED")
        change.put(2, KIND, b"more")
    assert objects(store) == {1: b"one"}
    assert objects(mounted(flash)) == {1: b"one"}
    assert b"SECRET-UNCOMMITTED" not in flash.image()


def test_clear_spares_persistent_objects() -> None:
    flash, store = fresh()
    put(store, 1, b"one")
    put(store, 2, b"two", record.FLAG_PERSISTENT)
    with store.transaction() as change:
        change.clear()
        change.put(3, KIND, b"three")
        change.commit()
    assert objects(store) == objects(mounted(flash)) == {2: b"two", 3: b"three"}


def test_file_shrinks_and_grows() -> None:
    flash, store = fresh()
    put(store, 7, bytes(range(256)) * 12)
    put(store, 7, b"short")
    assert contents(store, 7) == b"short"
    with store.transaction() as change:
        change.write(7, KIND, 5, b"x" * 2043, 0, SCRATCH)
        change.commit()
    with store.transaction() as change:
        change.write(7, KIND, 2048, b"y" * 1024, 0, SCRATCH)
        change.commit()
    with store.transaction() as change:
        change.write(7, KIND, 3, b"ZZZ", 0, SCRATCH)
        change.commit()
    expected = b"shoZZZ" + b"x" * 2042 + b"y" * 1024
    assert contents(store, 7) == contents(mounted(flash), 7) == expected
    assert not any(SCRATCH)


def test_user_class_needs_the_user_key() -> None:
    _, store = fresh()
    put(store, 9, b"private", record.FLAG_USER)
    assert contents(store, 9) == b"private"
    assert isinstance(store.seal, Seal)
    store.seal.locked = True
    with pytest.raises(SealLocked):
        contents(store, 9)
    with pytest.raises(NotFound):
        store.size(10)


def test_compaction_keeps_everything_and_levels_wear() -> None:
    flash, store = fresh(12)
    fixed = {id: bytes([id]) * 900 for id in range(1, 6)}
    for id, data in fixed.items():
        put(store, id, data)
    for round in range(600):
        put(store, 99, b"%d" % round * 200)
    assert objects(store) == fixed | {99: b"599" * 200}
    again = mounted(flash)
    assert objects(again) == objects(store)
    assert max(flash.erase_counts) - min(flash.erase_counts) <= 3  # WEAR-1
    assert [again.log.erase_count(n) for n in range(12)] == flash.erase_counts


def test_full_store_refuses_and_keeps() -> None:
    flash, store = fresh(12)
    kept = {}
    with pytest.raises(StoreFull):
        for id in range(1, 1000):
            put(store, id, bytes([id % 256]) * CHUNK)
            kept[id] = bytes([id % 256]) * CHUNK
    assert len(kept) > 10
    assert objects(store) == objects(mounted(flash)) == kept
    put(store, 1, b"\x01" * CHUNK)
    delete(store, 2)
    put(store, 2, b"back")


def test_retry_counter() -> None:
    flash, store = fresh()
    put(store, 5, b"pin", record.FLAG_FIELD)
    erases = sum(flash.erase_counts)
    for _ in range(30):
        for tries in range(1, 4):
            counters.spend_try(store, 5)
            assert (
                counters.tries_spent(store, 5) == counters.tries_spent(mounted(flash), 5) == tries
            )
        worn_out = counters.restore_tries(store, 5)
        assert counters.tries_spent(store, 5) == 0
        if worn_out:
            put(store, 5, b"pin", record.FLAG_FIELD)
    assert sum(flash.erase_counts) == erases
    assert contents(mounted(flash), 5) == b"pin"


def test_use_counter_moves_with_its_object() -> None:
    flash, store = fresh(12)
    put(store, 5, b"key", record.FLAG_FIELD)
    for use in range(1, 256):
        assert counters.spend_use(store, 5)
        put(store, 6, b"x" * 300)
        assert counters.uses_spent(store, 5) == use
    assert counters.uses_spent(mounted(flash), 5) == 255
    assert counters.spend_use(store, 5)
    assert not counters.spend_use(store, 5)
    assert counters.uses_spent(mounted(flash), 5) == 256


def test_swapped_sector_is_detected() -> None:
    flash, store = fresh()
    put(store, 1, b"one" * 300)
    old = flash.image()
    put(store, 2, b"two")
    put(store, 1, b"ONE" * 300)
    image = bytearray(flash.image())
    head = store.log.head * 4096
    image[head : head + 4096] = old[head : head + 4096]
    # A whole old image cannot be told from the present one without OTP: this one has one sector.
    assert mounted(NorFlash(16, bytes(image))).state == store_module.READY
    for number in range(4):
        put(store, 10 + number, bytes(1000))
    image = bytearray(flash.image())
    image[0:4096] = old[0:4096]
    image[head : head + 4096] = old[head : head + 4096]
    damaged = mounted(NorFlash(16, bytes(image)))
    assert damaged.state == store_module.DAMAGED  # LIVE-1
    assert bytes(image) == damaged.log.flash.image()


def test_what_is_read_is_never_what_stood_there_before() -> None:
    """The last chunk read stays open; another record takes its place once the log went round."""
    _, store = fresh(12)
    put(store, 3, bytes(1000))
    put(store, 1, b"first")
    assert store.read(1) == b"first"
    place = store.index.offset(1, 0)
    delete(store, 1)
    # Of many lengths, until one happens to stand at that place.
    data = next(data for data in _lengths() if _puts_at(store, data) == place)
    assert store.read(2) == data


def _lengths() -> Iterator[bytes]:
    return (b"%04d" % number + bytes(number % 41) for number in range(5000))


def _puts_at(store: Store, data: bytes) -> int:
    put(store, 2, data)
    return store.index.offset(2, 0)
