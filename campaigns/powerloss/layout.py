# SPDX-License-Identifier: GPL-2.0-or-later
"""What the campaign knows of the flash format: where fields end.

Spec: docs/flash-format.md. A tear at a field's end leaves the fields before it whole, which is what
a parser believes most easily. Edges in other operations cost a few boots and find nothing.
"""

from __future__ import annotations

import struct

from sim.flash import PAGE_BYTES, SECTOR_BYTES
from sim.flash.journal import Entry, Operation

WEAR_AND_BITMAP_AT = 16
USE_ENDS = (2, 4, 8, 12)
WEAR_AND_BITMAP_ENDS = (2, 4, 8, 12, 16)
# The last one is the end of the seal's tag.
RECORD_ENDS = (4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 20, 24, 40)
RECORD_HEADER_BYTES = 24
RECORD_ALIGNMENT_BYTES = 8
CHECK_AT, RECORD_FIELDS, CHECK_TOTAL = 4, "<IBBHHHII", 0x3FFFFFFF


def field_boundaries(entry: Entry) -> tuple[int, ...]:
    """Bytes from the operation's start where fields end; () for contents and for erases."""
    start = header_start(entry)
    if start is None:
        return ()
    in_sector = (entry.offset + start) % SECTOR_BYTES
    ends = {0: USE_ENDS, WEAR_AND_BITMAP_AT: WEAR_AND_BITMAP_ENDS}.get(in_sector, RECORD_ENDS)
    return tuple(start + end for end in ends if start + end < len(entry.before))


def payload(entry: Entry) -> bytes:
    """What the operation writes of a new record's payload; empty for other operations."""
    start = header_start(entry)
    if start is None or (entry.offset + start) % SECTOR_BYTES <= WEAR_AND_BITMAP_AT:
        return b""
    return entry.after[start + RECORD_HEADER_BYTES :].rstrip(b"\xff")


def words(cells: bytes) -> tuple[int, ...]:
    """Bytes in the steps in which records begin, and the contents in them; a rest is left out."""
    return struct.unpack_from(f"<{len(cells) // RECORD_ALIGNMENT_BYTES}Q", cells)


def header_start(entry: Entry) -> int | None:
    """Where in the operation a header begins, or None.

    It is over erased cells, and whole, or as much of it as fits before the page's end. Zeros are
    none: they destroy.
    """
    if entry.operation is Operation.ERASE:
        return None
    first = first_changed(entry)
    if first < 0:
        return None
    end = max(at for at in range(len(entry.before)) if entry.before[at] != entry.after[at]) + 1
    if entry.before[first:end].strip(b"\xff") or not any(entry.after[first:end]):
        return None
    # A record begins with four bytes that stay erased.
    start = first - (entry.offset + first) % RECORD_ALIGNMENT_BYTES
    is_cut = (entry.offset + end) % PAGE_BYTES == 0 and first == start + CHECK_AT
    if start < 0 or (end - start < WEAR_AND_BITMAP_AT and not is_cut):
        return None
    return start if _is_header(entry, start) else None


def first_changed(entry: Entry) -> int:
    """The first byte that the operation changes, from its start; -1: none."""
    pairs = enumerate(zip(entry.before, entry.after, strict=True))
    return next((at for at, (before, after) in pairs if before != after), -1)


def _is_header(entry: Entry, start: int) -> bool:
    """By the check; what a page's end cuts off counts as a header, too."""
    if (entry.offset + start) % SECTOR_BYTES <= WEAR_AND_BITMAP_AT:
        return True
    header = entry.after[start + CHECK_AT : start + RECORD_HEADER_BYTES]
    if len(header) < struct.calcsize(RECORD_FIELDS):
        return True
    return sum(struct.unpack(RECORD_FIELDS, header)) == CHECK_TOTAL
