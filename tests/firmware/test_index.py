# SPDX-License-Identifier: GPL-2.0-or-later
"""The index against a dictionary: random puts and removals, collisions too."""

import inspect

import pytest
from hsm.store import index as index_module
from hsm.store import record, recovery
from hsm.store.errors import StoreFull
from hsm.store.index import Index
from hypothesis import given
from hypothesis import strategies as st

RECORDS_MAX = 24
PLACES = 64
PLACE_BYTES = 40


def header(id: int, part: int) -> bytes:
    """A record header that is whole; the index looks at nothing but whose it is."""
    return record.encode_header(1, 0, id, part, 0, 1, 1)


class Model:
    """What the index should answer: places by (id, part), parts without gaps."""

    def __init__(self) -> None:
        self.cells = bytearray(PLACES * PLACE_BYTES)
        self.index = Index(memoryview(self.cells), RECORDS_MAX)
        self.places: dict[tuple[int, int], int] = {}

    def put(self, id: int, part: int) -> None:
        used = set(self.places.values())
        # Place 0 is a sector's header, never a record.
        offset = next(n * PLACE_BYTES for n in range(1, PLACES) if n * PLACE_BYTES not in used)
        self.cells[offset : offset + len(header(id, part))] = header(id, part)
        if (id, part) not in self.places and len(self.places) == RECORDS_MAX:
            with pytest.raises(StoreFull):
                self.index.put(id, part, offset)
            return
        assert self.index.put(id, part, offset) == self.places.get((id, part), -1)
        self.places[id, part] = offset

    def parts(self, id: int) -> int:
        return sum(1 for other, _ in self.places if other == id)

    def remove(self, id: int, gaps: set[int]) -> None:
        parts = self.parts(id)
        dead = {self.places[id, part] for part in gaps if part < parts}
        self.index.keep(lambda at: at not in dead)
        expected = [self.places.pop((id, part)) for part in range(parts)]
        assert self.index.remove(id, parts + 1) == [at for at in expected if at not in dead]

    def check(self) -> None:
        assert self.index.count == len(self.places)
        assert sorted(self.index.offsets()) == sorted(self.places.values())
        assert set(self.index.ids()) == {id for id, _ in self.places}
        for (id, part), offset in self.places.items():
            assert self.index.offset(id, part) == offset
            assert self.index.last_part(id) == self.parts(id) - 1
            assert id in self.index
            assert self.index.offset(id, self.parts(id)) == -1


IDS = st.sampled_from([0, 1, 2, 0xC401, 0xCC01, 0xCC02, 0xCF00, 0xFFFF])
# Parts that are missing when the object is removed.
REMOVALS: dict[str, set[int]] = {"remove": set(), "first": {0}, "second": {1}, "holes": {0, 2, 3}}
CHANGES = ["part", "again", "some", *REMOVALS]
STEPS = st.lists(st.tuples(st.sampled_from(CHANGES), IDS), max_size=80)


@given(STEPS)
def test_the_index_is_a_dictionary(steps: list[tuple[str, int]]) -> None:
    model = Model()
    for step, id in steps:
        if step == "part":
            model.put(id, model.parts(id))
        elif step == "again" and model.parts(id):
            model.put(id, model.parts(id) - 1)
        elif step in REMOVALS:
            model.remove(id, REMOVALS[step])
        elif step == "some":
            mine = {offset for (other, _), offset in model.places.items() if other == id}
            model.index.keep(lambda at, mine=mine: at not in mine)
            model.places = {key: at for key, at in model.places.items() if at not in mine}
        model.check()


def test_words_are_neither_pointers_into_ram_nor_long_integers() -> None:
    model = Model()
    for part in range(RECORDS_MAX):
        model.put(0xFFFF, part)
    assert all(word < 0x2000_0000 for word in model.index.table)


def test_the_walk_of_a_mount_hashes_as_the_index_does() -> None:
    for name in ("BY_ID", "BY_PART", "TAG_FROM", "TAG_MASK"):
        assert getattr(recovery, f"_{name}") == getattr(index_module, name)


@pytest.mark.parametrize("sectors", [344, 512])
def test_few_records_meet_in_a_slot(sectors: int) -> None:
    """What a mount takes depends on it: large files, and 255 keys with all that is beside them."""
    slots = Index(memoryview(b""), sectors * record.LIVE_RECORDS_PER_SECTOR).slots
    large = [(0xCF00 + file, part) for file in range(9) for part in range(190)]
    prefixes = (0xCC00, 0x1200, 0xC400, 0xCE00)
    keys = [(prefix | key, 0) for key in range(255) for prefix in prefixes]
    for records in (large, keys):
        places = {
            (id * index_module.BY_ID + part * index_module.BY_PART) % slots for id, part in records
        }
        assert len(places) > len(records) * 0.7


def test_the_largest_region_fits_a_word() -> None:
    size = 512 * record.SECTOR_BYTES
    cells = bytearray(size)
    index = Index(memoryview(cells), RECORDS_MAX)
    offset = size - 32
    cells[offset : offset + len(header(7, 0))] = header(7, 0)
    index.put(7, 0, offset)
    assert index.offset(7, 0) == offset


def test_the_walk_of_a_mount_uses_the_numbers_of_index_and_record() -> None:
    """MicroPython folds constants of a module only, so that recovery has copies of them."""
    for name in ("BY_ID", "BY_PART", "TAG_FROM", "TAG_MASK"):
        assert getattr(recovery, "_" + name) == getattr(index_module, name)
    source = inspect.getsource(recovery.Replay._walk)
    for text in (
        f"end - {record.HEADER_BYTES}",
        f"position + {record.LENGTH_OFFSET}",
        f"position + {record.KIND_OFFSET}]",
        f"!= {record.CHECK_TOTAL:#X}".replace("0X", "0x"),
        f"part > {record.PART_MAX}",
        f"kind >= {record.KIND_CONTROL:#x}",
        f"kind != {record.KIND_COMMIT:#x}",
        f"length + {record.HEADER_BYTES + record.ALIGNMENT_BYTES - 1}) & -{record.ALIGNMENT_BYTES}",
    ):
        assert text in source, text
