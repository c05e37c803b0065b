# SPDX-License-Identifier: GPL-2.0-or-later
"""The cells: laws of a NOR flash, journal, wear, power cuts, files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.flash import PAGE_BYTES, SECTOR_BYTES
from sim.flash.journal import Operation
from sim.flash.nor_flash import FlashFileError, NorFlash
from sim.flash.power_cut import PowerCut, PowerCutPlan

SIZE = 1 << 14


@st.composite
def programs(draw: st.DrawFn) -> tuple[int, bytes]:
    """An offset and data that stay inside one page."""
    page = draw(st.integers(0, SIZE // PAGE_BYTES - 1))
    first = draw(st.integers(0, PAGE_BYTES - 1))
    data = draw(st.binary(min_size=1, max_size=PAGE_BYTES - first))
    return page * PAGE_BYTES + first, data


@given(st.lists(st.one_of(programs(), st.integers(0, SIZE - 1)), max_size=12))
def test_cells_follow_and_and_ones(operations: list[tuple[int, bytes] | int]) -> None:
    flash = NorFlash(SIZE)
    model = bytearray(b"\xff" * SIZE)
    for operation in operations:
        if isinstance(operation, int):
            flash.erase(operation)
            start = operation // SECTOR_BYTES * SECTOR_BYTES
            model[start : start + SECTOR_BYTES] = b"\xff" * SECTOR_BYTES
        else:
            offset, data = operation
            flash.program(offset, data)
            for index, value in enumerate(data):
                model[offset + index] &= value
        assert flash.contents() == model
    assert len(flash.journal) == len(operations)


@given(programs(), programs())
def test_programming_never_sets_a_bit(first: tuple[int, bytes], second: tuple[int, bytes]) -> None:
    flash = NorFlash(SIZE)
    flash.program(*first)
    before = flash.contents()
    flash.program(*second)
    assert all(new & ~old == 0 for old, new in zip(before, flash.contents(), strict=True))


@given(st.lists(programs(), max_size=6))
def test_the_journal_replays_to_the_same_cells(operations: list[tuple[int, bytes]]) -> None:
    flash = NorFlash(SIZE)
    for offset, data in operations:
        flash.program(offset, data)
    replayed = bytearray(b"\xff" * SIZE)
    for entry in flash.journal:
        assert replayed[entry.offset : entry.offset + len(entry.before)] == entry.before
        replayed[entry.offset : entry.offset + len(entry.after)] = entry.after
    assert replayed == flash.contents()


def test_a_program_may_not_cross_a_page() -> None:
    with pytest.raises(ValueError, match="page program"):
        NorFlash(SIZE).program(PAGE_BYTES - 1, b"ab")


def test_wear_counts_erases_per_sector_and_programs_per_page() -> None:
    flash = NorFlash(SIZE)
    flash.program(SECTOR_BYTES, b"a")
    flash.program(SECTOR_BYTES, b"b")
    assert flash.wear.program_counts[SECTOR_BYTES // PAGE_BYTES] == 2
    flash.erase(SECTOR_BYTES + 5)
    assert flash.wear.erase_counts == [0, 1, 0, 0]
    assert sum(flash.wear.program_counts) == 0
    assert flash.wear.erase_count_max == 1


@pytest.mark.parametrize(
    ("tear", "expected", "journaled"),
    [("none", b"\xff\xff\xff", 1), ("full", b"abc", 2), ("prefix@1", b"a\xff\xff", 2)],
)
def test_power_fails_at_the_planned_operation(tear: str, expected: bytes, journaled: int) -> None:
    flash = NorFlash(SIZE)
    flash.cut = PowerCutPlan(1, tear)
    flash.program(0, b"first")
    with pytest.raises(PowerCut, match="flash operation 1"):
        flash.program(PAGE_BYTES, b"abc")
    assert flash.read(0, 5) == b"first"
    assert flash.read(PAGE_BYTES, 3) == expected
    assert len(flash.journal) == flash.operation_count == journaled


def test_a_torn_erase_leaves_both_parts() -> None:
    flash = NorFlash(SIZE)
    flash.program(0, b"head")
    flash.program(SECTOR_BYTES - PAGE_BYTES, b"tail")
    flash.cut = PowerCutPlan(2, "prefix@100")
    with pytest.raises(PowerCut):
        flash.erase(0)
    assert flash.read(0, 4) == b"\xff" * 4
    assert flash.read(SECTOR_BYTES - PAGE_BYTES, 4) == b"tail"
    assert [entry.operation for entry in flash.journal[2:]] == [Operation.ERASE]


def test_files_have_exactly_the_size_of_the_chip(tmp_path: Path) -> None:
    flash = NorFlash(SIZE)
    flash.program(100, b"kept")
    path = tmp_path / "flash.bin"
    flash.save(path)
    other = NorFlash(SIZE)
    other.load(path)
    assert other.contents() == flash.contents()
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(FlashFileError, match="16383 bytes, the board's flash has 16384"):
        other.load(path)
    with pytest.raises(FlashFileError, match="No such file"):
        other.load(tmp_path / "missing")


@given(st.lists(programs(), max_size=4), st.lists(st.one_of(programs(), st.integers(0, SIZE - 1))))
def test_snapshots_bring_everything_back(
    before: list[tuple[int, bytes]], after: list[tuple[int, bytes] | int]
) -> None:
    flash = NorFlash(SIZE)
    for offset, data in before:
        flash.program(offset, data)
    state, cells, journal = flash.state(), flash.contents(), list(flash.journal)
    for operation in after:
        if isinstance(operation, int):
            flash.erase(operation)
        else:
            flash.program(*operation)
    flash.load_state(state)
    assert flash.contents() == cells
    assert flash.journal == journal
    assert flash.fault_state() == state[2]
