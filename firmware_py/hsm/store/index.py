# SPDX-License-Identifier: GPL-2.0-or-later
"""The index: where each object part's live record is, one 32-bit word a record.

A hash table of fixed size with linear probing, made once at boot and never grown: however
fragmented the heap is by then, a change or a mount needs no large block. A word is 0 for a free
slot, else `tag << 18 | offset >> 3`: the tag are 11 bits of the hash, and spare most looks into the
flash, where the record's own header says whose it is. Words stay below the addresses of RAM, so
that the garbage collector never takes one for a pointer.
"""

from array import array

from micropython import const

from hsm.store import record
from hsm.store.errors import StoreFull

_PLACE_SHIFT = const(3)
_TAG_SHIFT = const(18)
_PLACE_MASK = const(0x3FFFF)
_TAG_MASK = const(0x7FF)
# Odd factors that keep every hash below 2**30, where MicroPython's integers cost no memory.
_BY_ID = const(14941)
_BY_PART = const(2533)
_TAG_FROM = const(17)


class Index:
    """Offsets of live records by (id, part) in the flash that `view` shows; at most `records_max`.

    One slot in five stays free, so that probing is short.
    """

    def __init__(self, view, records_max):
        self._view = view
        self.records_max = records_max
        self._slots = records_max + records_max // 4 + 1
        self._table = array("I", bytes(4 * self._slots))
        self.count = 0

    def clear(self):
        """Forget all."""
        if self.count:
            table = self._table
            for slot in range(self._slots):
                table[slot] = 0
            self.count = 0

    def __contains__(self, id):
        return self._find(id, 0) >= 0

    def offset(self, id, part):
        """Offset of the live record, or -1."""
        slot = self._find(id, part)
        return (self._table[slot] & _PLACE_MASK) << _PLACE_SHIFT if slot >= 0 else -1

    def last_part(self, id):
        """Number of the object's last part: parts are numbered without gaps."""
        if self._find(id, 1) < 0:
            return 0
        step = 1
        while self._find(id, 2 * step) >= 0:
            step *= 2
        last = step
        while step > 1:
            step //= 2
            if self._find(id, last + step) >= 0:
                last += step
        return last

    def put(self, id, part, offset):
        """Point (id, part) at `offset`; returns the offset of the record it replaces, or -1.

        StoreFull: there are `records_max` others. A mount calls it for each live record, hence the
        search once more.
        """
        table, view, slots = self._table, self._view, self._slots
        hash = id * _BY_ID + part * _BY_PART
        tag = hash >> _TAG_FROM & _TAG_MASK
        slot = hash % slots
        word = table[slot]
        while word:
            if word >> _TAG_SHIFT == tag:
                old = (word & _PLACE_MASK) << _PLACE_SHIFT
                if record.id_of(view, old) == id and record.part_of(view, old) == part:
                    table[slot] = tag << _TAG_SHIFT | offset >> _PLACE_SHIFT
                    return old
            slot += 1
            if slot == slots:
                slot = 0
            word = table[slot]
        if self.count == self.records_max:
            raise StoreFull
        self.count += 1
        table[slot] = tag << _TAG_SHIFT | offset >> _PLACE_SHIFT
        return -1

    def remove(self, id, last):
        """Take the object's parts up to `last` out; returns the offsets of their records.

        Parts may be missing: a cut came while they were destroyed.
        """
        dead = []
        for part in range(last + 1):
            slot = self._find(id, part)
            if slot >= 0:
                dead.append((self._table[slot] & _PLACE_MASK) << _PLACE_SHIFT)
                self._take(slot)
        return dead

    def remove_all(self, dead):
        """Take out every record for whose offset `dead(offset)` is true; returns their offsets."""
        gone, kept = [], []
        for offset in self.offsets():
            (gone if dead(offset) else kept).append(offset)
        self.clear()
        view = self._view
        for offset in kept:
            self.put(record.id_of(view, offset), record.part_of(view, offset), offset)
        return gone

    def ids(self):
        """Generate the ids of all objects, in no order."""
        view = self._view
        for offset in self.offsets():
            if not record.part_of(view, offset):
                yield record.id_of(view, offset)

    def offsets(self):
        """Generate the offsets of all live records; the index must not change meanwhile."""
        for word in self._table:
            if word:
                yield (word & _PLACE_MASK) << _PLACE_SHIFT

    def _find(self, id, part):
        # The slot of (id, part), or the complement of the free slot where it would go.
        table, view, slots = self._table, self._view, self._slots
        hash = id * _BY_ID + part * _BY_PART
        tag = hash >> _TAG_FROM & _TAG_MASK
        slot = hash % slots
        while True:
            word = table[slot]
            if not word:
                return ~slot
            if word >> _TAG_SHIFT == tag:
                offset = (word & _PLACE_MASK) << _PLACE_SHIFT
                if record.id_of(view, offset) == id and record.part_of(view, offset) == part:
                    return slot
            slot += 1
            if slot == slots:
                slot = 0

    def _take(self, hole):
        # Empty a slot; what was pushed behind it by probing moves up.
        table, view, slots = self._table, self._view, self._slots
        self.count -= 1
        slot = hole
        while True:
            slot += 1
            if slot == slots:
                slot = 0
            word = table[slot]
            if not word:
                break
            offset = (word & _PLACE_MASK) << _PLACE_SHIFT
            id, part = record.id_of(view, offset), record.part_of(view, offset)
            home = (id * _BY_ID + part * _BY_PART) % slots
            if (slot - home) % slots >= (slot - hole) % slots:
                table[hole] = word
                hole = slot
        table[hole] = 0
