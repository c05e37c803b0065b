# SPDX-License-Identifier: GPL-2.0-or-later
"""clear(): the vital first, the rest by the sector, whatever comes between.

A logical erase of a full store is a few hundred short programs and no erase. What is sealed, and
neither vital nor in the log any more, may stay until its sector is used again.
"""

from hsm.store import Store, record
from nor_flash import TEARS, NorFlash, PowerCut
from store_twin import CHUNK, KIND, check_settled, fresh, mounted, objects, put
from test_store_cuts import cut, operations_of

SECTORS = 14
VITAL = b"VITAL-SECRET-" * 9
STAYS = b"the device's own"


def filled(sectors: int = SECTORS) -> NorFlash:
    """A full store: vital and persistent objects among many others, in several sectors."""
    flash, store = fresh(sectors)
    put(store, 1, VITAL, record.FLAG_VITAL)
    put(store, 2, STAYS, record.FLAG_PERSISTENT)
    number = 10
    while store.capacity()[1] > 7000:
        put(store, number, bytes([number % 251]) * (3 * CHUNK - number % 50))
        number += 1
    put(store, 3, VITAL, record.FLAG_VITAL | record.FLAG_FIELD)
    return flash


def initialize(store: Store) -> None:
    """What INITIALIZE does to the store."""
    with store.transaction() as change:
        change.clear()
        change.put(3, KIND, b"new", record.FLAG_VITAL)
        change.put(4, KIND, b"options")
        change.commit()


AFTER = {2: STAYS, 3: b"new", 4: b"options"}


def test_the_vital_goes_first_then_whole_sectors() -> None:
    flash = filled()
    store = mounted(flash)
    used = store.log.used
    flash.journal = []
    initialize(store)
    assert objects(store) == objects(mounted(flash)) == AFTER
    assert VITAL[:13] not in flash.image()
    check_settled(store)
    zeros = [(offset, before) for _, offset, before, after in flash.journal if not any(after)]
    released = [at for at, (offset, _) in enumerate(zeros) if offset % 4096 == 0]
    vital = [at for at, (_, before) in enumerate(zeros) if VITAL[:13] in before]
    assert len(released) >= used - 3
    assert vital and max(vital) < min(released)
    # Sealed contents of the others are where no log is any more.
    assert bytes([12]) * CHUNK in flash.image()


def test_a_full_pico_is_initialised_without_an_erase() -> None:
    flash = filled(344)
    store = mounted(flash)
    assert store.log.used > 290
    store.transaction().__exit__(None, None, None)
    flash.journal = []
    initialize(store)
    erases = [kind for kind, _, _, _ in flash.journal if kind == "erase"]
    assert len(erases) <= 1
    assert len(flash.journal) < 450
    assert objects(mounted(flash)) == AFTER


def test_every_cut_of_a_clear() -> None:
    image = filled().image()
    before = objects(mounted(NorFlash(SECTORS, image)))
    seen, outcomes = set(), set()
    for at in range(operations_of(image, initialize)):
        for tear in TEARS:
            torn = cut(image, at, tear, initialize)
            if torn in seen:
                continue
            seen.add(torn)
            flash = NorFlash(SECTORS, torn)
            store = mounted(flash)
            operations = flash.operations
            again = mounted(flash)
            assert flash.operations == operations, "BOOT-2"
            state = objects(store)
            outcomes.add(len(state))
            assert state in (before, AFTER), "ATOM-1"
            assert again.capacity() == store.capacity(), "CAP-1"
            if state == AFTER:
                assert VITAL[:13] not in flash.image()
            check_settled(again)
            put(store, 7, b"goes on")
            assert objects(mounted(flash)) == state | {7: b"goes on"}
    assert len(outcomes) == 2


def test_cuts_while_a_clear_is_finished() -> None:
    image = filled().image()
    before = objects(mounted(NorFlash(SECTORS, image)))
    finished = 0
    for at in range(operations_of(image, initialize)):
        first = cut(image, at, TEARS[0], initialize)
        flash = NorFlash(SECTORS, first)
        mounted(flash)
        for second in range(flash.operations):
            for tear in TEARS[2:6]:
                flash = NorFlash(SECTORS, first)
                flash.arm(second, tear)
                try:
                    mounted(flash)
                except PowerCut:
                    finished += 1
                again = mounted(NorFlash(SECTORS, flash.image()))
                assert objects(again) in (before, AFTER), "ATOM-1"
                check_settled(again)
    assert finished > 100
