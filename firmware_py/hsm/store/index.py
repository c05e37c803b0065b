# SPDX-License-Identifier: GPL-2.0-or-later
"""The index: where each object part's live record is, in small integers.

Key: id << 12 | part; value: record offset. Objects of several parts have their last part's number
in a second table. Keys, offsets and part numbers fit MicroPython's 30-bit small integers.
"""

from micropython import const

PART_SHIFT = const(12)
PART_MAX = const(0xFFF)


class Index:
    """Offsets of live records by (id, part)."""

    def __init__(self):
        self._places = {}
        self._last_parts = {}

    def clear(self):
        self._places.clear()
        self._last_parts.clear()

    def __contains__(self, id):
        return id << PART_SHIFT in self._places

    def offset(self, id, part):
        """Offset of the live record, or -1."""
        return self._places.get(id << PART_SHIFT | part, -1)

    def last_part(self, id):
        """Number of the object's last part."""
        return self._last_parts.get(id, 0)

    def put(self, id, part, last, offset):
        """Point (id, part) at `offset`; returns the offset of the record it replaces, or -1."""
        key = id << PART_SHIFT | part
        old = self._places.get(key, -1)
        self._places[key] = offset
        if last and part:
            self._last_parts[id] = part
        return old

    def remove(self, id):
        """Take the object out; returns the offsets of its records."""
        key = id << PART_SHIFT
        dead = []
        for part in range(self._last_parts.pop(id, 0) + 1):
            old = self._places.pop(key | part, -1)
            if old >= 0:
                dead.append(old)
        return dead

    def remove_all(self, dead):
        """Take out every record for whose offset `dead(offset)` is true; returns their offsets.

        Record by record: after a cut, parts of an object may be all that is left of it.
        """
        gone = [key for key, offset in self._places.items() if dead(offset)]
        offsets = []
        for key in gone:
            offsets.append(self._places.pop(key))
            self._last_parts.pop(key >> PART_SHIFT, None)
        return offsets

    def ids(self):
        """Generate the ids of all objects, in no order."""
        for key in self._places:
            if not key & PART_MAX:
                yield key >> PART_SHIFT

    def offsets(self):
        """Generate the offsets of all live records."""
        return self._places.values()
