# SPDX-License-Identifier: GPL-2.0-or-later
"""The store under power cuts: every flash operation, every tear, recovery.

Invariants by name, as the package of the store lists them.
"""

from collections.abc import Callable

import pytest
from hsm.store import Store, counters, record
from hsm.store import store as store_module
from nor_flash import TEARS, NorFlash, PowerCut, Tear
from store_twin import KIND, SCRATCH, check_settled, delete, fresh, mounted, objects, put

SECTORS = 12
COMMIT = bytes([record.KIND_COMMIT])
SECRET = b"OLD-SECRET-" * 20


def prepared() -> NorFlash:
    """A flash with a few objects, one of them larger than a chunk."""
    flash, store = fresh(SECTORS)
    put(store, 1, SECRET)
    put(store, 2, b"two" * 500)
    put(store, 3, b"three", record.FLAG_FIELD)
    return flash


def nearly_compacting() -> NorFlash:
    """The next transaction has to compact first."""
    flash, store = fresh(SECTORS)
    put(store, 1, SECRET)
    put(store, 2, b"two" * 500)
    number = 10
    while store.log.free_sectors() >= record.FREE_SECTORS:
        # Something stays alive in every sector, so that none is given back by itself.
        put(store, number, b"stays" * 40)
        number += 1
        for _ in range(3):
            put(store, 4, b"4" * 900)
    return flash


def change_several(store: Store) -> None:
    with store.transaction() as change:
        change.put(1, KIND, b"new")
        change.delete(2)
        change.put(5, KIND, b"five" * 100)
        change.commit()


def extend(store: Store) -> None:
    with store.transaction() as change:
        change.write(2, KIND, 1000, b"W" * 1500, 0, SCRATCH)
        change.commit()


def clear(store: Store) -> None:
    with store.transaction() as change:
        change.clear()
        change.put(6, KIND, b"six")
        change.commit()


def spend(store: Store) -> None:
    if store.contains(3):
        counters.spend_try(store, 3)


CHANGES: list[Callable[[Store], None]] = [
    lambda store: put(store, 1, b"replaced"),
    lambda store: delete(store, 1),
    change_several,
    extend,
    clear,
]


def flash_of(image: bytes) -> NorFlash:
    return NorFlash(len(image) // 4096, image)


def operations_of(image: bytes, change: Callable[[Store], None]) -> int:
    flash = flash_of(image)
    store = mounted(flash)
    before = flash.operations
    change(store)
    return flash.operations - before


def cut(image: bytes, at: int, tear: Tear, change: Callable[[Store], None]) -> bytes:
    """The image that a cut leaves."""
    flash = flash_of(image)
    store = mounted(flash)
    flash.arm(at, tear)
    with pytest.raises(PowerCut):
        change(store)
    assert not any(SCRATCH)
    return flash.image()


def recovered(image: bytes) -> tuple[NorFlash, Store]:
    flash = NorFlash(SECTORS, image)
    store = mounted(flash)
    assert store.state == store_module.READY
    settled = flash.operations
    again = mounted(flash)
    assert flash.operations == settled, "BOOT-2"
    assert again.capacity() == store.capacity(), "CAP-1"
    check_settled(again)
    return flash, store


def check(image: bytes, before: dict, after: dict, path: str) -> None:
    """ATOM-1, KEY-1, and that the store goes on working."""
    flash, store = recovered(image)
    state = objects(store)
    assert state in (before, after), f"ATOM-1 at {path}"
    if state.get(1) != SECRET:
        assert SECRET[:11] not in flash.image(), f"KEY-1 at {path}"
    put(store, 7, b"goes on")
    assert objects(mounted(flash)) == state | {7: b"goes on"}


@pytest.mark.parametrize("prepare", [prepared, nearly_compacting])
@pytest.mark.parametrize("change", CHANGES)
def test_every_cut_of_every_change(prepare, change: Callable[[Store], None]) -> None:
    image = prepare().image()
    before = objects(mounted(NorFlash(SECTORS, image)))
    flash = NorFlash(SECTORS, image)
    change(mounted(flash))
    after = objects(mounted(flash))
    assert before != after
    seen = set()
    for at in range(operations_of(image, change)):
        for tear in TEARS:
            result = cut(image, at, tear, change)
            if result not in seen:
                seen.add(result)
                check(result, before, after, f"{at}.{tear.__name__}")
    assert len(seen) > 10


def test_cuts_during_recovery() -> None:
    image = prepared().image()
    before = objects(mounted(NorFlash(SECTORS, image)))
    flash = NorFlash(SECTORS, image)
    change_several(mounted(flash))
    after = objects(mounted(flash))
    seen = set()
    for at in range(operations_of(image, change_several)):
        for tear in TEARS:
            first = cut(image, at, tear, change_several)
            if first in seen:
                continue
            seen.add(first)
            flash = NorFlash(SECTORS, first)
            mounted(flash)
            for second_at in range(flash.operations):
                for second_tear in TEARS:
                    again = NorFlash(SECTORS, first)
                    again.arm(second_at, second_tear)
                    with pytest.raises(PowerCut):
                        mounted(again)
                    second = again.image()
                    if second not in seen:
                        seen.add(second)
                        path = f"{at}.{tear.__name__}-{second_at}.{second_tear.__name__}"
                        check(second, before, after, path)
    assert len(seen) > 100


def test_a_try_is_never_gained() -> None:
    image = prepared().image()
    for already in range(3):
        flash = NorFlash(SECTORS, image)
        store = mounted(flash)
        for _ in range(already):
            spend(store)
        start = flash.image()
        for tear in TEARS:
            torn = cut(start, 0, tear, spend)
            spent = counters.tries_spent(recovered(torn)[1], 3)
            assert spent in (already, already + 1), "PIN-1"
            # What one attempt left behind, the next one adds to.
            flash, store = recovered(torn)
            spend(store)
            assert counters.tries_spent(mounted(flash), 3) == spent + 1, "PIN-2"


def test_first_commit_cut_leaves_a_blank_store() -> None:
    flash, store = fresh(SECTORS)
    put(store, 1, b"one")
    total = flash.operations
    for at in range(total):
        for tear in TEARS:
            flash, store = fresh(SECTORS)
            flash.arm(at, tear)
            with pytest.raises(PowerCut):
                put(store, 1, b"one")
            again = mounted(NorFlash(SECTORS, flash.image()))
            if again.state == store_module.READY:
                assert objects(again) == {1: b"one"}
                continue
            assert again.state == store_module.BLANK
            again.format(b"R" * 33)
            put(again, 2, b"two")
            assert objects(mounted(again.log.flash)) == {2: b"two"}


def torn_commits(image: bytes) -> list[tuple[int, bytes, bytes]]:
    """(offset, torn image, whole commit record) for each tear of `change_several`'s commit."""
    flash = NorFlash(SECTORS, image)
    store = mounted(flash)
    before = flash.operations
    flash.journal = []
    change_several(store)
    at, offset, whole = next(
        (at, offset, after)
        for at, (kind, offset, _, after) in enumerate(flash.journal)
        if kind == "program" and after[record.KIND_OFFSET :][:1] == COMMIT
    )
    assert flash.operations - before > at
    found = []
    for tear in TEARS:
        torn = cut(image, at, tear, change_several)
        if torn[offset : offset + len(whole)] not in (whole, b"\xff" * len(whole)):
            found.append((offset, torn, whole))
    assert len(found) > 3
    return found


def read_whole(image: bytes, offset: int, whole: bytes) -> NorFlash:
    """Cells that were left between 1 and 0 now read as the program wanted them."""
    cells = bytearray(image)
    for i, byte in enumerate(whole):
        cells[offset + i] &= byte
    return NorFlash(SECTORS, bytes(cells))


def test_a_torn_commit_that_reads_whole_later_is_none() -> None:
    image = prepared().image()
    before = objects(mounted(NorFlash(SECTORS, image)))
    for offset, torn, whole in torn_commits(image):
        flash = NorFlash(SECTORS, torn)
        assert objects(mounted(flash)) == before
        later = mounted(read_whole(flash.image(), offset, whole))
        assert later.state == store_module.READY
        assert objects(later) == before, "ATOM-1"


def test_recovery_destroys_the_torn_commit_first() -> None:
    # Else a cut in recovery leaves a commit that may read whole, and records that are gone.
    image = prepared().image()
    before = objects(mounted(NorFlash(SECTORS, image)))
    cut_short = 0
    for offset, torn, whole in torn_commits(image):
        flash = NorFlash(SECTORS, torn)
        mounted(flash)
        for at in range(1, flash.operations):
            again = NorFlash(SECTORS, torn)
            again.arm(at)
            with pytest.raises(PowerCut):
                mounted(again)
            later = mounted(read_whole(again.image(), offset, whole))
            assert later.state == store_module.READY
            assert objects(later) == before, "ATOM-1"
            cut_short += 1
    assert cut_short > 10
