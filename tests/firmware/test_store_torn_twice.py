# SPDX-License-Identifier: GPL-2.0-or-later
"""A tear, and a second one while recovery zeroes what is left: no whole header.

Sums tell what one interruption left, for it moves all bits the same way. Zeroing moves them the
other way, so that what stands behind the last commit must not count, however whole it looks.
"""

import itertools
from collections.abc import Iterator

import pytest
from hsm.store import READY, record
from hsm.store.store import Store
from nor_flash import NorFlash, PowerCut, Tear
from store_twin import delete, fresh, mounted, objects, put

from sim.flash.faults import Torn
from sim.flash.journal import Entry

SECTORS = 12
MAC_AT = 24
# (first bit, bits) of what a header's sum adds up.
FIELDS = ((32, 32), (64, 8), (72, 8), (80, 16), (96, 16), (112, 16), (128, 32), (160, 32))
MAC_BITS = 128
WORD_BITS = 16


def start() -> tuple[NorFlash, Store]:
    """Two objects, settled."""
    flash, store = fresh(SECTORS)
    put(store, 1, b"one" * 20)
    put(store, 2, b"two" * 20)
    return flash, store


def change_two(store: Store) -> None:
    """Two records in a transaction: the second one is torn where the first one is whole."""
    with store.transaction() as change:
        change.put(1, 1, b"new")
        change.put(5, 1, b"five" * 25)
        change.commit()


@pytest.mark.parametrize("tear", [f"prefix@{n}" for n in range(5, 16)] + ["suffix@7", "suffix@6"])
def test_recovery_may_be_cut_anywhere(tear: str) -> None:
    flash, store = start()
    before = objects(store)
    flash.arm(1, tear)
    with pytest.raises(PowerCut):
        change_two(store)
    torn = flash.image()
    for operations in itertools.count():
        again = NorFlash(SECTORS, torn)
        again.arm(operations)
        try:
            mounted(again)
        except PowerCut:
            settled = mounted(again)
            assert settled.state == READY
            assert objects(settled) == before
        else:
            break


def one_bit_left(bit: int) -> Tear:
    """A tear that programs all of a record but one bit."""

    def tear(entry: Entry) -> Torn:
        cells = bytearray(entry.after)
        cells[bit // 8] |= 1 << bit % 8
        return Torn("one bit left", bytes(cells))

    return tear


def one_bit_gone(bit: int) -> Tear:
    """A tear that clears one bit of whatever is being programmed."""

    def tear(entry: Entry) -> Torn:
        cells = bytearray(entry.before)
        if bit // 8 < len(cells):
            cells[bit // 8] &= ~(1 << bit % 8)
        return Torn("one bit gone", bytes(cells))

    return tear


def test_a_torn_commit_never_becomes_whole() -> None:
    flash, _ = start()
    image = flash.image()
    tried = 0
    for left in range(0, MAC_BITS, 5):
        torn = NorFlash(SECTORS, image)
        store = mounted(torn)
        torn.arm(1, one_bit_left(8 * MAC_AT + left))
        with pytest.raises(PowerCut):
            put(store, 3, b"x" * 17)
        if 3 in objects(mounted(NorFlash(SECTORS, torn.image()))):
            # The MAC has a 1 there: nothing was torn.
            continue
        # The bit of the same weight in another word of the MAC would make up for it.
        for gone in range(left % WORD_BITS, MAC_BITS, WORD_BITS):
            again = NorFlash(SECTORS, torn.image())
            again.arm(0, one_bit_gone(gone))
            with pytest.raises(PowerCut):
                mounted(again)
            assert mounted(again).state == READY
            tried += 1
    assert tried > 50


def test_a_torn_header_never_becomes_whole() -> None:
    """A bit of it was left at 1, and zeroing takes as much from one of its fields."""
    flash, _ = start()
    image = flash.image()
    tried = 0
    for left in range(8 * record.CHECK_OFFSET, 8 * record.HEADER_BYTES):
        torn = NorFlash(SECTORS, image)
        store = mounted(torn)
        header_at = store.log.position
        torn.arm(0, one_bit_left(left))
        with pytest.raises(PowerCut):
            delete(store, 1)
        if record.decode_header(torn.view(), header_at):
            # The header has a 1 there: nothing was torn.
            continue
        for operation, start_at in _operations_on(torn, header_at):
            for gone in _of_the_same_weight(left):
                again = NorFlash(SECTORS, torn.image())
                again.arm(operation, one_bit_gone(8 * (header_at - start_at) + gone))
                with pytest.raises(PowerCut):
                    mounted(again)
                settled = mounted(again)
                assert settled.state == READY, (left, operation, gone)
                assert objects(settled) == objects(store)
                tried += 1
    assert tried > 500


def _operations_on(torn: NorFlash, header_at: int) -> Iterator[tuple[int, int]]:
    """Index and offset of the mount's operations that touch the torn header."""
    flash = NorFlash(SECTORS, torn.image())
    flash.journal = []
    mounted(flash)
    for index, (_, offset, before, _) in enumerate(flash.journal):
        if offset <= header_at + record.HEADER_BYTES and header_at < offset + len(before):
            yield index, offset


def _of_the_same_weight(left: int) -> Iterator[int]:
    """Bits of the header's fields that weigh as much in its sum as bit `left`."""
    weight = next(left - at for at, size in FIELDS if at <= left < at + size)
    return (at + weight for at, size in FIELDS if weight < size)
