# SPDX-License-Identifier: GPL-2.0-or-later
"""Cells that fail: worn-out, weak, in between; faults of one operation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.flash import PAGE_BYTES, SECTOR_BYTES
from sim.flash.endurance import BadSector, Endurance, OperationFault
from sim.flash.nor_flash import NorFlash
from sim.flash.power_cut import PowerCut, PowerCutPlan

SIZE = 1 << 14
SECTORS = SIZE // SECTOR_BYTES
ERASED_SECTOR = b"\xff" * SECTOR_BYTES
CYCLES = 16
DATA = b"\x5a" * 100


def worn_out(behaviour: BadSector, seed: int = 0) -> NorFlash:
    """A flash whose sector 1 has one erase left before it fails."""
    flash = NorFlash(SIZE)
    flash.endurance = Endurance(CYCLES, behaviour, seed)
    for _ in range(flash.endurance.limit(1) - 1):
        flash.erase(SECTOR_BYTES)
    flash.program(SECTOR_BYTES, DATA)
    assert flash.read(SECTOR_BYTES, len(DATA)) == DATA, "still sound"
    return flash


# --- endurance ----------------------------------------------------------------------------------


@given(st.integers(1, 1000), st.integers(0, 5), st.integers(0, 511))
def test_the_limit_is_the_cycles_and_up_to_an_eighth(cycles: int, seed: int, sector: int) -> None:
    endurance = Endurance(cycles, BadSector.ERASE_ERROR, seed)
    assert cycles <= endurance.limit(sector) <= cycles + cycles // 8
    assert endurance.limit(sector) == Endurance(cycles, BadSector.READ_ERROR, seed).limit(sector)


def test_sectors_do_not_fail_all_at_once() -> None:
    endurance = Endurance(80, BadSector.ERASE_ERROR)
    assert len({endurance.limit(sector) for sector in range(64)}) > 5


def test_a_program_that_clears_only_some_bits() -> None:
    flash = worn_out(BadSector.PROGRAM_ERROR)
    flash.erase(SECTOR_BYTES)
    assert flash.read(SECTOR_BYTES, SECTOR_BYTES) == ERASED_SECTOR, "erases still work"
    for offset, data in ((SECTOR_BYTES, DATA), (SECTOR_BYTES + 300, b"\xfe")):
        flash.program(offset, data)
        cells = flash.read(offset, len(data))
        assert cells != data
        assert all(cell & wanted == wanted for cell, wanted in zip(cells, data, strict=True))
    assert flash.read(SECTOR_BYTES + 300, 1) == b"\xff"


def test_an_erase_that_leaves_the_same_bits_each_time() -> None:
    flash = worn_out(BadSector.ERASE_ERROR)
    flash.erase(SECTOR_BYTES)
    stuck = flash.read(SECTOR_BYTES, SECTOR_BYTES)
    assert stuck != ERASED_SECTOR
    assert sum((byte ^ 0xFF).bit_count() for byte in stuck) <= 3
    flash.erase(SECTOR_BYTES)
    assert flash.read(SECTOR_BYTES, SECTOR_BYTES) == stuck


def test_cells_that_hold_garbage_and_the_journal_says_so() -> None:
    flash = worn_out(BadSector.READ_ERROR)
    flash.erase(SECTOR_BYTES)
    erased = flash.read(SECTOR_BYTES, SECTOR_BYTES)
    assert flash.journal[-1].after == erased
    assert 0.4 < sum(byte.bit_count() for byte in erased) / (8 * SECTOR_BYTES) < 0.6
    flash.program(SECTOR_BYTES, DATA)
    assert flash.read(SECTOR_BYTES, len(DATA)) == flash.journal[-1].after != DATA
    flash.erase(SECTOR_BYTES)
    assert flash.read(SECTOR_BYTES, SECTOR_BYTES) not in (erased, ERASED_SECTOR)


@pytest.mark.parametrize("behaviour", [BadSector.PROGRAM_IGNORED, BadSector.ERASE_IGNORED])
def test_operations_that_change_nothing(behaviour: BadSector) -> None:
    flash = worn_out(behaviour)
    flash.erase(SECTOR_BYTES)
    ignores_erase = behaviour is BadSector.ERASE_IGNORED
    assert flash.read(SECTOR_BYTES, 1) == (b"\x5a" if ignores_erase else b"\xff")
    flash.program(SECTOR_BYTES + 500, b"\x00")
    assert flash.read(SECTOR_BYTES + 500, 1) == (b"\x00" if ignores_erase else b"\xff")


@pytest.mark.parametrize("behaviour", BadSector)
def test_other_sectors_stay_sound(behaviour: BadSector) -> None:
    flash = worn_out(behaviour)
    flash.erase(SECTOR_BYTES)
    flash.erase(0)
    flash.program(0, DATA)
    assert flash.read(0, len(DATA)) == DATA
    assert flash.read(2 * SECTOR_BYTES, SECTOR_BYTES) == ERASED_SECTOR


@given(
    st.sampled_from(BadSector),
    st.lists(
        st.one_of(
            st.integers(0, SECTORS - 1), st.tuples(st.integers(0, 63), st.binary(max_size=256))
        ),
        max_size=20,
    ),
)
def test_programs_in_worn_out_sectors_never_set_a_bit(behaviour: BadSector, operations) -> None:
    flash, again = (NorFlash(SIZE) for _ in range(2))
    flash.endurance = again.endurance = Endurance(1, behaviour)
    for operation in operations:
        if isinstance(operation, int):
            flash.erase(operation * SECTOR_BYTES)
            again.erase(operation * SECTOR_BYTES)
        elif operation[1]:
            before = flash.contents()
            flash.program(operation[0] * PAGE_BYTES, operation[1])
            again.program(operation[0] * PAGE_BYTES, operation[1])
            assert all(new & ~old == 0 for old, new in zip(before, flash.contents(), strict=True))
    assert flash.contents() == again.contents(), "the same seed fails in the same way"


# --- one operation fails ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("effect", "expected"),
    [
        ("none", b"\xff\xff"),
        ("half", b"\x00\xff"),
        ("full", b"\x00\x00"),
        ("evenBits", b"\xaa\xaa"),
    ],
)
def test_an_operation_fails_once_and_the_power_stays(effect: str, expected: bytes) -> None:
    flash = NorFlash(SIZE)
    flash.faults = [OperationFault(1, effect)]
    for page in range(3):
        flash.program(page * PAGE_BYTES, b"\x00\x00")
    assert [flash.read(page * PAGE_BYTES, 2) for page in range(3)] == [b"\0\0", expected, b"\0\0"]
    assert flash.journal[1].after == expected


def test_an_erase_fails_half_way() -> None:
    flash = NorFlash(SIZE)
    flash.program(0, DATA)
    flash.faults = [OperationFault(1, "half")]
    flash.erase(0)
    assert flash.read(0, 2) == b"\xff\xff"
    assert flash.read(98, 2) == DATA[98:]


# --- weak sectors -------------------------------------------------------------------------------


def test_a_marginal_erase_does_not_keep_programs_until_the_next() -> None:
    flash = NorFlash(SIZE)
    flash.cut = PowerCutPlan(0, "marginal")
    with pytest.raises(PowerCut):
        flash.erase(SECTOR_BYTES)
    assert flash.weak == {1}
    assert flash.read(SECTOR_BYTES, SECTOR_BYTES) == ERASED_SECTOR
    flash.program(SECTOR_BYTES, DATA)
    lost = flash.read(SECTOR_BYTES, len(DATA))
    assert lost != DATA
    assert all(cell & ~wanted == 0 for cell, wanted in zip(lost, DATA, strict=True))
    flash.program(SECTOR_BYTES + 512, b"\xfe")
    assert flash.read(SECTOR_BYTES + 512, 1) != b"\xfe", "at least one cell is lost"
    flash.erase(SECTOR_BYTES)
    assert flash.weak == set()
    flash.program(SECTOR_BYTES, DATA)
    assert flash.read(SECTOR_BYTES, len(DATA)) == DATA


# --- the model's own laws -----------------------------------------------------------------------


def test_all_sector_erases_are_a_chip_erase() -> None:
    flash = NorFlash(SIZE)
    flash.poke(0, bytes(range(256)) * (SIZE // 256))
    for sector in range(SECTORS):
        flash.erase(sector * SECTOR_BYTES)
    assert flash.contents() == b"\xff" * SIZE
    assert flash.wear.erase_counts == [1] * SECTORS


def test_strict_notes_programs_that_ask_for_a_one_over_a_zero() -> None:
    flash = NorFlash(SIZE)
    flash.program(0, b"\x0f")
    flash.program(0, b"\xf0")
    assert flash.impossible == [], "only when asked to look"
    flash.strict = True
    flash.program(0, b"\xff\x12")
    flash.program(0, b"\x00\x02")
    assert flash.impossible == []
    flash.program(1, b"\x80")
    assert flash.impossible == [4]


def test_programs_of_a_page_are_counted_since_its_erase_and_at_most() -> None:
    flash = NorFlash(SIZE)
    for _ in range(5):
        flash.program(10, b"\x00")
    flash.erase(0)
    flash.program(300, b"\x00")
    assert flash.wear.program_counts[:2] == [0, 1]
    assert flash.wear.program_count_max == 5


def test_torn_cells_read_anew_at_each_power_on_until_they_are_written() -> None:
    flash = NorFlash(SIZE)
    flash.unstable_reads = True
    flash.program(0, b"\x0f" * 16)
    flash.cut = PowerCutPlan(1, "prefixHalf")
    with pytest.raises(PowerCut):
        flash.program(0, b"\x03" * 16)
    flash.cut = None
    seen = set()
    for _ in range(8):
        flash.power_on()
        cells = flash.read(0, 16)
        assert cells == flash.read(0, 16)
        assert all(cell & 0xF3 == 0x03 for cell in cells), "only torn bits move"
        seen.add(cells)
    assert len(seen) > 4
    flash.program(0, b"\x00" * 16)
    flash.power_on()
    assert flash.read(0, 16) == b"\x00" * 16
    assert len(flash.unstable) == 0


def test_an_erase_settles_torn_cells() -> None:
    flash = NorFlash(SIZE)
    flash.unstable_reads = True
    flash.cut = PowerCutPlan(0, "none")
    with pytest.raises(PowerCut):
        flash.program(0, b"\x00")
    assert len(flash.unstable) == 0, "nothing had begun"
    flash.cut = PowerCutPlan(0, "bit3")
    with pytest.raises(PowerCut):
        flash.program(0, b"\x00")
    assert len(flash.unstable) == 8
    flash.erase(0)
    flash.power_on()
    assert flash.read(0, 1) == b"\xff"
    assert len(flash.unstable) == 0


def test_a_snapshot_brings_every_fault_back() -> None:
    flash = worn_out(BadSector.READ_ERROR)
    flash.weak = {2}
    flash.faults = [OperationFault(90, "none")]
    flash.strict = flash.unstable_reads = True
    flash.cut = PowerCutPlan(flash.operation_count, "evenBits")
    state = flash.state()

    def go_on() -> tuple[bytes, object]:
        with pytest.raises(PowerCut):
            flash.program(0, b"\x01\x02")
        flash.power_on()
        flash.program(2 * SECTOR_BYTES, DATA)
        flash.erase(SECTOR_BYTES)
        return flash.contents(), flash.fault_state()

    first = go_on()
    flash.endurance, flash.cut = None, None
    flash.faults.clear()
    flash.load_state(state)
    assert go_on() == first
