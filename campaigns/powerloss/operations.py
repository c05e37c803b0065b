# SPDX-License-Identifier: GPL-2.0-or-later
"""What the operations of a journal are for, in the words of the flash format.

A record that crosses the ends of pages is several operations. They belong together, and what one of
them is shows only with the others: the page's end may cut its header.
"""

from __future__ import annotations

from collections.abc import Sequence

from campaigns.powerloss.layout import (
    RECORD_HEADER_BYTES,
    SECTOR_BYTES,
    WEAR_AND_BITMAP_AT,
    first_changed,
    header_start,
)
from sim.flash import PAGE_BYTES
from sim.flash.journal import Entry, Operation

RECORD, REST = "record", "rest of a"
ZEROS, MARK, GIVEN_BACK = "contents zeroed", "destroyed mark", "sector given back"
TORN_HEADER = "torn header marked"
CONTROL_KINDS = {0x41: "tombstone", 0x42: "clear", 0x43: "commit", 0x44: "cancel"}
KIND_AT, LENGTH_AT = 8, 14
USE_BYTES = 16


def names(entries: Sequence[Entry]) -> list[str]:
    """A name for each operation; `rest of a commit` for the further pages of a commit record."""
    found: list[tuple[_Record | None, str]] = []
    record: _Record | None = None
    for entry in entries:
        if record is not None and record.goes_on(entry):
            record.take(entry)
            found.append((record, REST))
            continue
        start = header_start(entry)
        is_record = start is not None and not _is_in_sector_header(entry, start)
        record = _Record(entry, start or 0) if is_record else None
        found.append((record, "" if record else _plain_name(entry)))
    named = [name if record is None else record.name(name) for record, name in found]
    return _with_wipes(named, entries)


def _with_wipes(named: list[str], entries: Sequence[Entry]) -> list[str]:
    """A mark with zeros at its own place behind it is that of a header that was torn."""
    end = -1
    for number, entry in enumerate(entries):
        marked = number and named[number - 1] == MARK and entry.offset == entries[number - 1].offset
        if named[number] == ZEROS and marked:
            named[number - 1] = TORN_HEADER
            end = entry.offset + RECORD_HEADER_BYTES
        if named[number] == ZEROS and end - RECORD_HEADER_BYTES <= entry.offset < end:
            named[number] = "torn header zeroed"
        else:
            end = -1
    return named


class _Record:
    """A record that is programmed page by page."""

    def __init__(self, entry: Entry, start: int) -> None:
        self._start = entry.offset + start
        self._next_page = self._start - self._start % PAGE_BYTES
        self._cells = b""
        self.take(entry)
        self._cells = self._cells[self._start % PAGE_BYTES :]

    def take(self, entry: Entry) -> None:
        """One more page."""
        before = entry.offset - self._next_page
        page = b"\xff" * before + entry.after
        self._cells += page.ljust(PAGE_BYTES, b"\xff")
        self._next_page += PAGE_BYTES

    def goes_on(self, entry: Entry) -> bool:
        """Whether the operation programs the record's next page."""
        place = entry.offset + first_changed(entry)
        is_next = self._next_page <= place < min(self._end, self._next_page + PAGE_BYTES)
        return is_next and entry.operation is Operation.PROGRAM

    @property
    def _end(self) -> int:
        """Where the payload ends; the header, as long as the payload's length is not known."""
        length = 0
        if len(self._cells) >= RECORD_HEADER_BYTES:
            length = int.from_bytes(self._cells[LENGTH_AT : LENGTH_AT + 2], "little")
        return self._start + RECORD_HEADER_BYTES + length

    def name(self, part: str) -> str:
        """`commit`, or `rest of a commit`."""
        kind = self._cells[KIND_AT] if len(self._cells) > KIND_AT else 0
        return f"{part} {CONTROL_KINDS.get(kind, RECORD)}".lstrip()


def _is_in_sector_header(entry: Entry, start: int) -> bool:
    return (entry.offset + start) % SECTOR_BYTES <= WEAR_AND_BITMAP_AT


def _plain_name(entry: Entry) -> str:
    """The name of an operation that begins no record and continues none."""
    if entry.operation is Operation.ERASE:
        return "erase"
    start = header_start(entry)
    if start is not None:
        return "sector's wear" if (entry.offset + start) % SECTOR_BYTES else "sector's use"
    if any(entry.after):
        return "bits"
    if len(entry.after) == 1:
        return MARK
    given_back = entry.offset % SECTOR_BYTES == 0 and len(entry.after) == USE_BYTES
    return GIVEN_BACK if given_back else ZEROS
