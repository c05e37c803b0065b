# SPDX-License-Identifier: GPL-2.0-or-later
"""Sectors that fail, for good: they are left, unseen by the caller (LIFE-1).

Each operation of each change meets a sector that fails from then on; power is cut at each operation
that follows; the flash wears out until nothing can change.
"""

import random
from collections.abc import Callable

import pytest
from hsm.store import Store, StoreFailure, StoreFull, counters, record
from hsm.store import store as store_module
from nor_flash import TEARS, NorFlash, PowerCut, tear_full
from store_twin import SCRATCH, check_settled, fresh, mounted, objects, put
from test_store_clear import filled, initialize
from test_store_cuts import CHANGES, nearly_compacting, operations_of, prepared, spend

from sim.flash import faults
from sim.flash.endurance import BadSector, Endurance
from sim.flash.journal import Entry, Operation

EFFECTS = ("none", "prefixHalf", "full")
SECTOR_SHIFT = 12


class FailingFlash(NorFlash):
    """The sector of operation `fails_at` fails from then on; the first time with `effect`.

    Later programs there change nothing; erases work only `if erasable`.
    """

    def __init__(self, image: bytes, erasable: bool = True) -> None:
        super().__init__(len(image) // 4096, image)
        self.fails_at = -1
        self.effect = "none"
        self.erasable = erasable
        self.failing: set[int] = set()

    def _apply(self, kind: str, offset: int, before: bytes, after: bytes) -> None:
        sector = offset >> SECTOR_SHIFT
        if self._powered and self.operations == self.fails_at:
            self.failing.add(sector)
            self.operations += 1
            entry = Entry(self.operations, Operation(kind), offset, before, after, 0)
            torn = faults.tear(self.effect, entry).cells
            self.cells[offset : offset + len(torn)] = torn
            raise OSError(5, "EIO")
        if sector in self.failing and not (kind == "erase" and self.erasable):
            # The power may fail at an operation that does nothing, too.
            super()._apply(kind, offset, before, before)
            raise OSError(5, "EIO")
        super()._apply(kind, offset, before, after)


Change = Callable[[Store], None]


def spend_two(store: Store) -> None:
    spend(store)
    counters.restore_tries(store, 3)
    spend(store)


def abort(store: Store) -> None:
    with store.transaction() as change:
        change.put(1, 1, b"UNCOMMITTED" * 9)
        change.delete(2)
        change.put(8, 1, b"UNCOMMITTED" * 9)


CASES: list[tuple[Callable[[], NorFlash], Change]] = [
    *((prepare, change) for prepare in (prepared, nearly_compacting) for change in CHANGES),
    (prepared, spend_two),
    (prepared, abort),
    (nearly_compacting, abort),
    (filled, initialize),
]


def after(image: bytes, change: Change) -> dict[int, bytes]:
    flash = NorFlash(len(image) // 4096, image)
    change(mounted(flash))
    return objects(mounted(flash))


@pytest.mark.parametrize("erasable", [True, False])
@pytest.mark.parametrize("prepare, change", CASES)
def test_a_sector_that_fails_at_any_operation(prepare, change: Change, erasable: bool) -> None:
    image = prepare().image()
    expected = after(image, change)
    retired = set()
    for at in range(operations_of(image, change)):
        for effect in EFFECTS:
            flash = FailingFlash(image, erasable)
            store = mounted(flash)
            flash.fails_at, flash.effect = flash.operations + at, effect
            change(store)
            path = f"{at}.{effect}"
            assert objects(store) == expected, path
            (bad,) = flash.failing
            assert not store.log.is_good(bad), path
            check_settled(store)
            if erasable:
                assert b"UNCOMMITTED" not in flash.image(), path
            operations = flash.operations
            again = mounted(flash)
            assert flash.operations == operations, f"BOOT-2 at {path}"
            assert objects(again) == expected, path
            assert again.capacity() == store.capacity(), path
            assert again.lifetime() == store.lifetime(), path
            retired.add(again.lifetime()[2])
            put(again, 7, b"goes on")
            assert objects(mounted(flash)) == expected | {7: b"goes on"}, path
    assert retired == {1}


def cuts_after_a_failure(image: bytes, change: Change, at: int, effect: str):
    """Yield a flash after each cut behind the failure at operation `at`, powered again."""
    second = at
    while True:
        for tear in (tear_full, TEARS[2 + (at + second) % 6]):
            flash = FailingFlash(image)
            store = mounted(flash)
            start = flash.operations
            flash.fails_at, flash.effect = start + at, effect
            flash.arm(second, tear)
            try:
                change(store)
            except PowerCut:
                assert not any(SCRATCH)
                if flash.failing:
                    yield flash, f"{at}.{effect}-{second}.{tear.__name__}"
            else:
                return
        second += 1


@pytest.mark.parametrize("prepare, change", CASES)
def test_every_cut_behind_a_failure(prepare, change: Change) -> None:
    image = prepare().image()
    before = objects(mounted(NorFlash(len(image) // 4096, image)))
    states = before, after(image, change)
    seen = set()
    for at in range(operations_of(image, change)):
        for effect in EFFECTS[at % 3 :][:1]:
            for flash, path in cuts_after_a_failure(image, change, at, effect):
                if (flash.image(), *flash.failing) in seen:
                    continue
                seen.add((flash.image(), *flash.failing))
                store = mounted(flash)
                state = objects(store)
                assert state in states, path
                check_settled(store)
                operations = flash.operations
                again = mounted(flash)
                assert flash.operations == operations, f"BOOT-2 at {path}"
                assert objects(again) == state, path
                assert again.capacity() == store.capacity(), path
                put(again, 7, b"goes on")
                assert objects(mounted(flash)) == state | {7: b"goes on"}, path
    assert len(seen) > 20


def test_leaving_a_full_sector_spares_its_neighbour() -> None:
    """Its last record ends where the next sector's head begins."""
    flash, store = fresh()
    put(store, 1, b"replaced below")
    victim = store.log.head
    put(store, 2, b"stays" * 20)
    # A record fills what is left to the last byte; its commit goes to another sector.
    overhead = record.HEADER_BYTES + record.TAG_BYTES
    while (room := store.log.end - store.log.position) > overhead + 600:
        put(store, 3 + room, bytes(400))
    put(store, 4, bytes(room - overhead))
    assert store.log.end_of(victim) == (victim + 1) << SECTOR_SHIFT
    neighbour = store.log.head
    assert neighbour == victim + 1
    put(store, 5, b"lives in the neighbour")
    before = objects(store)
    flash = FailingFlash(flash.image())
    store = mounted(flash)
    # Record 1 cannot be destroyed.
    replaced = store.index.offset(1, 0)
    real = flash.program

    def program(offset: int, data) -> None:
        if replaced < offset < replaced + 100 and not flash.failing:
            flash.fails_at = flash.operations
        real(offset, data)

    flash.program = program
    put(store, 1, b"new")
    assert flash.failing == {victim}
    assert objects(mounted(flash)) == {**before, 1: b"new"}


def test_the_bitmap_goes_with_the_head() -> None:
    flash = FailingFlash(prepared().image())
    store = mounted(flash)
    flash.fails_at = flash.operations
    put(store, 1, b"one")
    (bad,) = flash.failing
    heads = set()
    for round in range(200):
        put(store, 9, bytes([round]) * 500)
        assert not store.log.is_good(bad)
        assert store.log.head != bad
        heads.add(store.log.head)
    assert heads == set(range(12)) - {bad}
    assert mounted(flash).lifetime()[2] == 1


def test_tries_outlive_their_sector() -> None:
    image = prepared().image()
    for tries in range(4):
        for effect in EFFECTS:
            for bit in ("spend", "restore"):
                flash = FailingFlash(image)
                store = mounted(flash)
                for _ in range(tries):
                    counters.spend_try(store, 3)
                flash.fails_at, flash.effect = flash.operations, effect
                if bit == "spend":
                    counters.spend_try(store, 3)
                    assert counters.tries_spent(store, 3) == tries + 1, "PIN-2"
                elif tries:
                    counters.restore_tries(store, 3)
                    assert counters.tries_spent(store, 3) == 0
                again = mounted(flash)
                assert counters.tries_spent(again, 3) == counters.tries_spent(store, 3)
                assert objects(again) == objects(mounted(NorFlash(12, image)))
                uses = counters.uses_spent(again, 3)
                flash.failing.add(again.raw(3)[0] >> SECTOR_SHIFT)
                assert counters.spend_use(again, 3)
                assert counters.uses_spent(again, 3) == uses + 1


@pytest.mark.parametrize("behaviour", BadSector)
@pytest.mark.parametrize("seed", range(3))
def test_a_life_to_its_end(behaviour: BadSector, seed: int) -> None:
    draw = random.Random(seed)
    flash, store = fresh(16)
    put(store, 99, b"pin", record.FLAG_FIELD)
    flash.array.endurance = Endurance(10, behaviour, seed)
    model, tries, refused, changes = {99: b"pin"}, 0, 0, 0
    retired = 0
    while refused < 60:
        id, size = draw.randrange(1, 12), draw.choice((0, 30, 600, 900, 1500))
        data = bytes([changes % 251]) * size
        deletes = id in model and not draw.randrange(4)
        try:
            with store.transaction() as change:
                if deletes:
                    change.delete(id)
                else:
                    change.replace(id, 1, data)
                change.commit()
        except (StoreFull, StoreFailure):
            refused += 1
        else:
            refused = 0
            changes += 1
            model.pop(id, None)
            if not deletes:
                model[id] = data
        try:
            counters.spend_try(store, 99)
            tries += 1
            counters.restore_tries(store, 99)
            tries = 0
        except StoreFailure:
            tries = counters.tries_spent(store, 99) if tries > 120 else tries
        assert objects(store) == model
        if not draw.randrange(5):
            store = mounted(flash)
        assert store.state == store_module.READY
        assert objects(store) == model
        assert store.lifetime()[2] >= retired
        retired = store.lifetime()[2]
    assert changes > 100
    assert retired > 4
