# SPDX-License-Identifier: GPL-2.0-or-later
"""Tears: what an interrupted operation may leave, and that names rebuild it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.flash import SECTOR_BYTES
from sim.flash.faults import interrupted, tear
from sim.flash.journal import Entry, Operation

ERASED_SECTOR = b"\xff" * SECTOR_BYTES
OFFSETS = st.integers(0, 511).map(lambda page: page * 256)
SEEDS = st.integers(0, 3)


@st.composite
def programs(draw: st.DrawFn) -> Entry:
    """A program of up to a page, over any old cells."""
    before = draw(st.binary(min_size=1, max_size=256))
    data = draw(st.binary(min_size=len(before), max_size=len(before)))
    after = bytes(old & new for old, new in zip(before, data, strict=True))
    return Entry(7, Operation.PROGRAM, draw(OFFSETS), before, after, 0)


@st.composite
def erases(draw: st.DrawFn) -> Entry:
    """An erase of a sector with something in it, or with nothing."""
    content = draw(st.binary(max_size=64))
    position = draw(st.integers(0, SECTOR_BYTES - len(content)))
    before = bytearray(ERASED_SECTOR)
    before[position : position + len(content)] = content
    return Entry(7, Operation.ERASE, draw(OFFSETS), bytes(before), ERASED_SECTOR, 0)


OPERATIONS = st.one_of(programs(), erases())


def every_tear(entry: Entry, seed: int = 0, boundaries: tuple[int, ...] = (1, 3, 20)):
    return interrupted(
        entry.operation,
        entry.before,
        entry.after,
        offset=entry.offset,
        boundaries=boundaries,
        seed=seed,
    )


@given(programs(), SEEDS)
def test_a_torn_program_clears_a_subset_of_the_bits(entry: Entry, seed: int) -> None:
    for torn in every_tear(entry, seed):
        cells = zip(entry.before, entry.after, torn.cells, strict=True)
        assert all(new & ~old == 0 and after & ~new == 0 for old, after, new in cells), torn.name
        assert not torn.weak


@given(OPERATIONS, SEEDS)
def test_tears_begin_with_none_and_full_and_differ(entry: Entry, seed: int) -> None:
    tears = every_tear(entry, seed)
    assert [(torn.name, torn.cells) for torn in tears[:2]] == [
        ("none", entry.before),
        ("full", entry.after),
    ]
    states = [(torn.cells, torn.weak) for torn in tears]
    assert len(set(states[1:])) == len(states) - 1
    # Only an operation without an effect leaves the same cells with and without it.
    assert (states[0] in states[1:]) == (not entry.changed)


@given(OPERATIONS, SEEDS)
def test_the_same_question_has_the_same_answer(entry: Entry, seed: int) -> None:
    assert every_tear(entry, seed) == every_tear(entry, seed)


@given(OPERATIONS, SEEDS)
def test_a_name_rebuilds_its_tear(entry: Entry, seed: int) -> None:
    for torn in every_tear(entry, seed):
        assert tear(torn.name, entry, seed) == torn


def test_boundaries_and_bits_have_their_tears() -> None:
    entry = Entry(0, Operation.PROGRAM, 0, b"\xff" * 8, bytes(8), 0)
    tears = interrupted(
        entry.operation, entry.before, entry.after, offset=0, boundaries=(2, 8), bits=(9,)
    )
    cells = {torn.name: torn.cells.hex() for torn in tears}
    assert cells["prefix1"] == "00" + "ff" * 7
    assert cells["prefix@2"] == "0000" + "ff" * 6
    assert cells["prefixHalf"] == "00" * 4 + "ff" * 4
    assert cells["prefixLast"] == "00" * 7 + "ff"
    assert cells["suffix1"] == "ff" * 7 + "00"
    assert cells["suffix@2"] == "ffff" + "00" * 6
    assert cells["suffixLast"] == "ff" + "00" * 7
    assert cells["evenBits"] == "aa" * 8
    assert cells["oddBits"] == "55" * 8
    assert cells["bit9"] == "fffd" + "ff" * 6
    assert cells["bitFirst"] == "fe" + "ff" * 7
    assert cells["butBitLast"] == "00" * 7 + "80"
    assert cells["butBit9"] == "0002" + "00" * 6
    assert "prefix@8" not in cells
    assert tear("prefix@8", entry).cells == entry.after


def test_shares_count_the_bytes_that_change() -> None:
    # The image programs whole pages: FF around what it means.
    before = b"\xff" * 16
    entry = Entry(0, Operation.PROGRAM, 0, before, b"\xff" * 8 + bytes(4) + b"\xff" * 4, 0)
    assert tear("prefix1", entry).cells == b"\xff" * 8 + b"\0" + b"\xff" * 7
    assert tear("suffixHalf", entry).cells == b"\xff" * 10 + bytes(2) + b"\xff" * 4


def test_an_erase_has_tears_of_its_own() -> None:
    entry = Entry(0, Operation.ERASE, 0, bytes(range(256)) * 16, ERASED_SECTOR, 0)
    tears = {torn.name: torn for torn in every_tear(entry)}
    assert tears["preprogrammed"].cells == bytes(SECTOR_BYTES)
    assert tears["marginal"].cells == ERASED_SECTOR
    assert [name for name, torn in tears.items() if torn.weak] == ["marginal"]
    lowered = zip(entry.before, tears["presubset"].cells, strict=True)
    assert all(new & ~old == 0 for old, new in lowered)
    assert tear("half", entry, 1).cells != tear("half", entry, 2).cells


@pytest.mark.parametrize("name", ["", "nonE", "prefix", "prefix@5", "bit32", "half", "marginal"])
def test_a_name_that_the_operation_has_not_is_refused(name: str) -> None:
    entry = Entry(0, Operation.PROGRAM, 0, b"\xff" * 4, b"\xff" * 4, 0)
    with pytest.raises(ValueError, match="tear"):
        tear(name, entry)


def test_a_program_that_sets_bits_is_no_program() -> None:
    entry = Entry(0, Operation.PROGRAM, 0, b"\x00", b"\x01", 0)
    with pytest.raises(AssertionError, match="other bits"):
        tear("full", entry)
