# SPDX-License-Identifier: GPL-2.0-or-later
"""What the store is made to do under power cuts: every operation that changes it."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from campaigns import twins
from campaigns.powerloss.desktop_store import SECTORS, Contents, StoreScenario
from sim.entropy import noise
from sim.flash.endurance import OperationFault

# ruff: isort: split
from hsm.store import Store, counters
from hsm.store.record import FLAG_FIELD, FLAG_PERSISTENT, FLAG_VITAL, FREE_SECTORS
from nor_flash import NorFlash
from store_twin import CHUNK, KIND, ROOT, SCRATCH, delete, fresh, mounted, put

assert twins.FOLDERS

T = TypeVar("T")


def contents(name: str, length: int) -> bytes:
    """Bytes that stand nowhere by chance, not even some of them."""
    return noise(0, name, length)


SECRET = contents("the old secret", 112)
TWO_CHUNKS = contents("two chunks", CHUNK + 32)
NEW, LONGER, PATCH = contents("new", 40), contents("longer", 24), contents("patch", 16)
SIX, FIVE, REPLACED = contents("six", 16), contents("five", 24), contents("replaced", 24)
EDGE = CHUNK - 8
PIN, KEY = 3, 4
RETRY_SLOTS = 128


def small() -> NorFlash:
    """A few objects: one across pages, one of two chunks, a PIN, a key with uses."""
    flash, store = fresh(SECTORS)
    put(store, 1, SECRET, FLAG_VITAL)
    put(store, 2, TWO_CHUNKS)
    put(store, PIN, contents("reference data", 40), FLAG_FIELD | FLAG_PERSISTENT)
    put(store, KEY, contents("key info", 16), FLAG_FIELD)
    counters.spend_try(store, PIN)
    counters.spend_use(store, KEY)
    return flash


def nearly_compacting() -> NorFlash:
    """The next transaction has to compact first."""
    flash = small()
    store = mounted(flash)
    number = 10
    while store.log.free_sectors() >= FREE_SECTORS:
        # Something stays alive in every sector, so that none is given back by itself.
        put(store, number, contents(f"stays {number}", 160))
        number += 1
        for count in range(3):
            put(store, 5, contents(f"comes and goes {number} {count}", 850))
    return flash


def spent_field() -> NorFlash:
    """The PIN's retry field has no slot left, its last one being a try."""
    flash = small()
    store = mounted(flash)
    while counters.field.retry_slots_used(_field(store)) < RETRY_SLOTS:
        counters.restore_tries(store, PIN)
        counters.spend_try(store, PIN)
    return flash


def _field(store: Store) -> memoryview:
    _, payload, _ = store.raw(PIN)
    return payload[len(payload) - 64 :]


def blank() -> NorFlash:
    """As the chip comes: the first command formats it."""
    return NorFlash(SECTORS)


# --- what the model does --------------------------------------------------------------------------


def with_object(id: int, data: bytes):
    """The contents with object `id` put or replaced."""
    return lambda before: replace(before, objects=before.objects | {id: data})


def without(*ids: int):
    """The contents without these objects."""

    def kept(part: dict[int, T]) -> dict[int, T]:
        return {id: value for id, value in part.items() if id not in ids}

    return lambda before: Contents(kept(before.objects), kept(before.tries), kept(before.uses))


def cleared(before: Contents) -> Contents:
    return Contents({PIN: before.objects[PIN], 6: SIX}, before.tries, {})


def several_changed(before: Contents) -> Contents:
    objects = without(2)(before).objects | {1: REPLACED, 5: FIVE}
    return replace(before, objects=objects)


def written(before: Contents) -> Contents:
    data = before.objects[2]
    return replace(before, objects=before.objects | {2: data + LONGER})


def patched(before: Contents) -> Contents:
    data = before.objects[2]
    return replace(
        before, objects=before.objects | {2: data[:EDGE] + PATCH + data[EDGE + len(PATCH) :]}
    )


def try_spent(before: Contents) -> Contents:
    return replace(before, tries={PIN: before.tries[PIN] + 1})


def tries_restored(before: Contents) -> Contents:
    return replace(before, tries={PIN: 0})


def use_spent(before: Contents) -> Contents:
    return replace(before, uses={KEY: before.uses[KEY] + 1})


# --- what the store does --------------------------------------------------------------------------


def format_and_put(store: Store) -> None:
    store.format(ROOT)
    put_new(store)


def put_new(store: Store) -> None:
    put(store, 5, NEW)


def change_several(store: Store) -> None:
    with store.transaction() as change:
        change.put(1, KIND, REPLACED)
        change.delete(2)
        change.put(5, KIND, FIVE)
        change.commit()


def extend(store: Store) -> None:
    with store.transaction() as change:
        change.write(2, KIND, len(TWO_CHUNKS), LONGER, 0, SCRATCH)
        change.commit()


def patch(store: Store) -> None:
    with store.transaction() as change:
        change.write(2, KIND, EDGE, PATCH, 0, SCRATCH)
        change.commit()


def clear(store: Store) -> None:
    with store.transaction() as change:
        change.clear()
        change.put(6, KIND, SIX)
        change.commit()


def _try(store: Store) -> None:
    counters.spend_try(store, PIN)


def _restore(store: Store) -> None:
    counters.restore_tries(store, PIN)


def _use(store: Store) -> None:
    counters.spend_use(store, KEY)


def _scenario(name, prepare, act, model) -> StoreScenario:
    return StoreScenario(name, prepare, act, model, tries=(PIN,), uses=(KEY,))


SCENARIOS = [
    _scenario("first_put", blank, format_and_put, with_object(5, NEW)),
    _scenario("put", small, put_new, with_object(5, NEW)),
    _scenario("replace", small, lambda store: put(store, 1, REPLACED), with_object(1, REPLACED)),
    _scenario("delete", small, lambda store: delete(store, 1), without(1)),
    _scenario("delete_chunks", small, lambda store: delete(store, 2), without(2)),
    _scenario("change_several", small, change_several, several_changed),
    _scenario("extend", small, extend, written),
    _scenario("patch", small, patch, patched),
    replace(_scenario("clear", small, clear, cleared), given_back=(2, KEY)),
    # Third cuts of these two alone take as long as everything else of the store: `--full` has them.
    replace(_scenario("compact_and_put", nearly_compacting, put_new, with_object(5, NEW)), depth=2),
    replace(
        _scenario(
            "compact_and_delete", nearly_compacting, lambda store: delete(store, 1), without(1)
        ),
        depth=2,
    ),
    _scenario("spend_try", small, _try, try_spent),
    _scenario("restore_tries", small, _restore, tries_restored),
    _scenario("renew_tries", spent_field, _try, try_spent),
    _scenario("spend_use", small, _use, use_spent),
    replace(
        _scenario("put_past_a_fault", small, put_new, with_object(5, NEW)),
        faults=(OperationFault(0, "half"),),
        depth=2,
    ),
    replace(
        _scenario("delete_past_a_fault", small, lambda store: delete(store, 1), without(1)),
        faults=(OperationFault(2, "half"),),
        depth=2,
    ),
]


_FAILING = "_failing_"


def failing(scenario: StoreScenario, operation: int) -> StoreScenario:
    """The same with a flash whose operation `operation` fails half done; named after both."""
    name = f"{scenario.name}{_FAILING}{operation}"
    return replace(scenario, name=name, faults=(OperationFault(operation, "half"),), depth=1)


def named(name: str) -> StoreScenario | None:
    """The scenario of that name, also one with a failing operation; None: there is none."""
    base, _, operation = name.partition(_FAILING)
    found = next((one for one in SCENARIOS if one.name == base), None)
    if found is None or not operation:
        return found if base == name else None
    return failing(found, int(operation)) if operation.isdecimal() else None
