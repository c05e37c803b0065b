# SPDX-License-Identifier: GPL-2.0-or-later
"""Operations are named for what they do, also where a page ends in a record."""

from __future__ import annotations

import struct

import pytest

from campaigns.powerloss.operations import names
from sim.flash import PAGE_BYTES
from sim.flash.cells import Cells
from sim.flash.journal import Entry, Operation

SECTOR = 4096
COMMIT, OBJECT = 0x43, 4


class Flash(Cells[bytearray]):
    """Two sectors and their journal."""

    def __init__(self) -> None:
        super().__init__(bytearray(b"\xff" * 2 * SECTOR))
        self.entries: list[Entry] = []

    def record(self, entry: Entry) -> None:
        super().record(entry)
        self.entries.append(entry)

    def program(self, offset: int, data: bytes) -> None:
        before = bytes(self.buffer[offset : offset + len(data)])
        after = bytes(old & new for old, new in zip(before, data, strict=True))
        self.apply(Operation.PROGRAM, offset, before, after)

    def append(
        self, offset: int, kind: int, payload: bytes, field_bytes: int = 0, id: int = 7
    ) -> None:
        """A record page by page, as the store's log does it."""
        fields = (kind, 0, id, 0, len(payload) + field_bytes, 1, 2)
        check = 0x3FFFFFFF - sum(fields)
        data = b"\xff" * 4 + struct.pack("<IBBHHHII", check, *fields) + payload
        while data:
            count = PAGE_BYTES - offset % PAGE_BYTES
            self.program(offset, data[:count])
            offset, data = offset + count, data[count:]


@pytest.mark.parametrize(
    ("free_bytes", "pages"), [(8, 2), (16, 2), (24, 2), (32, 2), (40, 1), (256, 1)]
)
def test_pages_of_a_commit_are_told_from_records(free_bytes: int, pages: int):
    flash = Flash()
    at = 2 * PAGE_BYTES - free_bytes
    flash.append(at, COMMIT, bytes(range(1, 17)))
    flash.append(at + 40, OBJECT, b"x" * 8)
    assert names(flash.entries) == ["commit", "rest of a commit"][:pages] + ["record"]


def test_behind_an_erased_field_a_record_begins():
    flash = Flash()
    flash.append(PAGE_BYTES + 200, OBJECT, b"y" * 16, field_bytes=64)
    flash.append(PAGE_BYTES + 304, COMMIT, bytes(16))
    flash.program(PAGE_BYTES + 247, b"\xfe")
    assert names(flash.entries) == ["record", "commit", "bits"]


def test_a_bit_at_the_end_of_a_page_is_no_header():
    flash = Flash()
    flash.program(2 * PAGE_BYTES - 1, b"\x7f")
    assert names(flash.entries) == ["bits"]


def test_zeros_over_erased_cells_are_no_header():
    flash = Flash()
    flash.program(2 * PAGE_BYTES - 16, bytes(16))
    assert names(flash.entries) == ["contents zeroed"]
