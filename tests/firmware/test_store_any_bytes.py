# SPDX-License-Identifier: GPL-2.0-or-later
"""Any bytes in the flash: a mount ends soon, tells a state, and lies to nobody.

BOOT-1, BOOT-2, LIVE-1 for the families of flash contents that `nox -s fuzz` boots on the chips.
"""

import sys
from functools import cache

import pytest
from hsm.store import Store, StoreFailure, StoreFull
from hsm.store import store as store_module
from hypothesis import example, given, settings
from hypothesis import strategies as st
from nor_flash import SECTOR_BYTES, NorFlash, PowerCut
from store_twin import Seal, delete, fresh, mounted, objects, put

from fuzz import families, flash_format
from fuzz.families import FAMILIES, Cards

SECTORS = 24
SECRET = b"secret" * 30
NEW_ID = 0x7777
# Python and C calls of one mount. The region has room for 4,000 records, each with a few calls to
# read, apply and destroy it; a lookup in the index has one for each record whose tag is the same.
CALLS_MAX = 400_000
STATES = (store_module.BLANK, store_module.READY, store_module.DAMAGED, store_module.OTHER_VERSION)
REFUSED = (store_module.DAMAGED, store_module.OTHER_VERSION)

IMAGES = st.tuples(st.sampled_from(sorted(FAMILIES)), st.integers(0, 1 << 16))


class OtherSeal(Seal):
    """What another chip makes of the root record."""

    def __init__(self, root: bytes) -> None:
        super().__init__(root + b"another chip")


def lives(seal: type[Seal]) -> list[tuple[bytes, dict[int, bytes]]]:
    """(image, objects) of a store at several times, once cut in its middle."""
    flash, store = fresh(SECTORS)
    store = Store(flash, seal)
    store.mount()
    store.format(b"r" * 33)
    put(store, 1, SECRET)
    put(store, 2, b"two" * 500)
    moments = [(flash.image(), objects(store))]
    for number in range(60):
        put(store, 3 + number % 5, bytes((number,)) * 700)
        if not number % 7:
            delete(store, 3 + number % 5)
    moments.append((flash.image(), objects(store)))
    flash.arm(3, "prefixHalf")
    with pytest.raises(PowerCut):
        put(store, 1, b"new" * 100)
    # What the cut leaves to the next mount is no less true than what was before.
    torn = flash.image()
    flash.power_on()
    store = Store(flash, seal)
    store.mount()
    moments.append((torn, objects(store)))
    return moments


@cache
def known() -> tuple[Cards, list[dict[int, bytes]]]:
    """The cards to start from, and all that was ever true of this one."""
    own, foreign = lives(Seal), lives(OtherSeal)
    return Cards(tuple(image for image, _ in own), foreign[1][0]), [state for _, state in own]


def calls_of(mount) -> int:
    """Calls of Python and C functions in `mount()`."""
    count = 0

    def profile(frame, event, argument) -> None:
        nonlocal count
        if event in ("call", "c_call"):
            count += 1

    sys.setprofile(profile)
    try:
        mount()
    finally:
        sys.setprofile(None)
    return count


def test_the_forger_knows_the_format_that_the_store_writes() -> None:
    cards, _ = known()
    for region in (*cards.lived, cards.foreign):
        log = flash_format.log_sectors(region)
        found = [header for sector in log for _, header in flash_format.records(region, sector)]
        kinds = {header.kind for header in found}
        assert {0x01, 0x3F, flash_format.KIND_COMMIT} <= kinds <= set(flash_format.KINDS)
        assert len(found) > 3 * len(log)
        sequence = flash_format.sequence_of(region, log[0]) or 0
        made = flash_format.half(flash_format.MAGIC_USE, sequence)
        assert region[log[0] * SECTOR_BYTES :][:16] == made


@given(IMAGES)
@example(("laborious", 0))
@settings(max_examples=400, deadline=None)
def test_a_mount_of_any_bytes(image: tuple[str, int]) -> None:
    family, index = image
    cards, true_once = known()
    flash = NorFlash(SECTORS, families.image(cards, family, 0, index))
    store = Store(flash, Seal)
    assert calls_of(store.mount) < CALLS_MAX, "BOOT-1"
    assert store.state in STATES
    if store.state != store_module.READY:
        assert flash.operations == 0, "what it does not know, it does not touch"
        assert store.seal is None
        return
    assert FAMILIES[family].has_card, "LIVE-1: a store out of nothing"
    settled, state = flash.operations, readable(store)
    again = mounted(flash)
    assert flash.operations == settled, "BOOT-2"
    assert again.state == store_module.READY
    assert readable(again) == state
    known_contents = {(id, data) for moment in true_once for id, data in moment.items()}
    assert set(state.items()) <= known_contents, "an object that was never there"
    try:
        put(again, NEW_ID, b"new")
    except (StoreFull, StoreFailure):
        return
    assert readable(mounted(flash)) == state | {NEW_ID: b"new"}, "ATOM-2"


def readable(store: Store) -> dict[int, bytes]:
    """Objects whose seal is whole; the digest of the live set covers tags, not contents."""
    found = {}
    for id in store.ids():
        try:
            found |= {id: objects_one(store, id)} if id else {}
        except AssertionError:
            continue
    return found


def objects_one(store: Store, id: int) -> bytes:
    """Contents of one object."""
    size = store.size(id)
    out = bytearray(size + 1024)
    return bytes(out[: store.read_into(id, 0, size, memoryview(out))])


@given(IMAGES)
@settings(max_examples=60, deadline=None)
def test_format_makes_a_store_of_any_bytes(image: tuple[str, int]) -> None:
    flash = NorFlash(SECTORS, families.image(known()[0], image[0], 0, image[1]))
    store = mounted(flash)
    store.format(b"R" * 33)
    put(store, 1, b"one")
    assert objects(mounted(flash)) == {1: b"one"}
    assert SECRET not in flash.image()


@given(IMAGES)
def test_an_image_is_a_function_of_its_name(image: tuple[str, int]) -> None:
    family, index = image
    cards, _ = known()
    first = families.image(cards, family, 0, index)
    assert first == families.image(cards, family, 0, index)
    assert len(first) == cards.size_bytes


def test_every_family_comes_up_with_different_images() -> None:
    cards, _ = known()
    alone = {"ones", "zeros", "untouched", "foreign", "laborious"}
    for family in FAMILIES.keys() - alone:
        images = {families.image(cards, family, seed, 0) for seed in range(6)}
        assert len(images) > 3, family
