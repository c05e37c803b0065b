# SPDX-License-Identifier: GPL-2.0-or-later
"""The one thing the campaign knows of the flash format: where fields of a record end.

Spec: docs/flash-format.md. A tear at a field's end leaves the fields before it whole, which is what
a parser believes most easily. Edges in other operations cost a few boots and find nothing.
"""

from __future__ import annotations

from sim.flash.journal import Entry, Operation

SECTOR_HEADER_ENDS = (2, 4, 8, 12, 16, 18, 20, 24, 28)
RECORD_HEADER_ENDS = (1, 2, 4, 6, 8, 12, 16, 20, 24, 40)


def field_boundaries(entry: Entry) -> tuple[int, ...]:
    """Bytes from the operation's start where fields end; () for contents and for erases."""
    if entry.operation is Operation.ERASE:
        return ()
    first, length = _changed(entry)
    if length < RECORD_HEADER_ENDS[-3] or entry.before[first : first + length].strip(b"\xff"):
        # Shorter than a header, or over bytes that were written before: no header.
        return ()
    at_start = (entry.offset + first) % 4096 == 0
    ends = SECTOR_HEADER_ENDS if at_start else RECORD_HEADER_ENDS
    return tuple(first + end for end in ends if end < length)


def _changed(entry: Entry) -> tuple[int, int]:
    """Where the bytes that change begin, and how many there are to the last of them."""
    changed = [i for i in range(len(entry.before)) if entry.before[i] != entry.after[i]]
    return (changed[0], changed[-1] + 1 - changed[0]) if changed else (0, 0)
