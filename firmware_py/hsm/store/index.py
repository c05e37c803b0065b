# SPDX-License-Identifier: GPL-2.0-or-later
"""The index: where each object part's live record is, five bytes a record.

A hash table of fixed size with linear probing, made once at boot and never grown: however
fragmented the heap is by then, a change or a mount needs no large block. A slot has the record's
offset, or 0 if it is free, and a tag of 8 bits of the hash, which spares most looks into the flash,
where the record's own header says whose it is. Offsets stay below the addresses of RAM, so that the
garbage collector never takes one for a pointer.
"""

from array import array

from micropython import const

from hsm.store import record
from hsm.store.errors import StoreFull

# The hash of (id, part) is a sum with these odd factors, which keep it below 2**30, where
# MicroPython's integers cost no memory. Its remainder by the number of slots is the slot, its bits
# from TAG_FROM are the tag.
BY_ID = const(11057)
BY_PART = const(5693)
TAG_FROM = const(17)
TAG_MASK = const(0xFF)


class Index:
    """Offsets of live records by (id, part) in the flash that `view` shows; at most `records_max`.

    `table`: array("I") of the offsets in all `slots`; `tags`: the tags. One in five stays free, so
    that probing is short.
    """

    def __init__(self, view, records_max):
        self._view = view
        self.records_max = records_max
        self.slots = records_max + records_max // 4 + 1
        self.table = array("I", bytes(4 * self.slots))
        self.tags = bytearray(self.slots)
        self.count = 0

    def clear(self):
        """Forget all."""
        if self.count:
            table = self.table
            for slot in range(self.slots):
                table[slot] = 0
            self.count = 0

    def __contains__(self, id):
        return self._find(id, 0) >= 0

    def offset(self, id, part):
        """Offset of the live record, or -1."""
        slot = self._find(id, part)
        return self.table[slot] if slot >= 0 else -1

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

        StoreFull: there are `records_max` others.
        """
        table = self.table
        hash = id * BY_ID + part * BY_PART
        tag = hash >> TAG_FROM & TAG_MASK
        slot = hash % self.slots
        old = table[slot]
        while old:
            if self.tags[slot] == tag and self._is(old, id, part):
                table[slot] = offset
                return old
            slot += 1
            if slot == self.slots:
                slot = 0
            old = table[slot]
        if self.count == self.records_max:
            raise StoreFull
        self.count += 1
        table[slot] = offset
        self.tags[slot] = tag
        return -1

    def _is(self, offset, id, part):
        view = self._view
        return record.id_of(view, offset) == id and record.part_of(view, offset) == part

    def add(self, records):
        """So many records were put into free slots of the table. StoreFull: too many."""
        self.count += records
        if self.count > self.records_max:
            raise StoreFull

    def remove(self, id, last):
        """Take the object's parts up to `last` out; returns the offsets of their records.

        Parts may be missing: a cut came while they were destroyed.
        """
        dead = []
        for part in range(last + 1):
            slot = self._find(id, part)
            if slot >= 0:
                dead.append(self.table[slot])
                self._take(slot)
        return dead

    def keep(self, alive):
        """Take out every record for whose offset `alive(offset)` is false; few may stay."""
        kept = [offset for offset in self.offsets() if alive(offset)]
        self.clear()
        view = self._view
        for offset in kept:
            self.put(record.id_of(view, offset), record.part_of(view, offset), offset)

    def ids(self):
        """Generate the ids of all objects, in no order."""
        # record.part_of and record.id_of, written out: LIST goes through a thousand records.
        view = self._view
        for offset in self.table:
            if offset and not view[offset + 12] and not view[offset + 13]:
                yield view[offset + 10] | view[offset + 11] << 8

    def offsets(self):
        """Generate the offsets of all live records; the index must not change meanwhile."""
        for offset in self.table:
            if offset:
                yield offset

    def _find(self, id, part):
        # The slot of (id, part), or the complement of the free slot where it would go.
        table = self.table
        hash = id * BY_ID + part * BY_PART
        tag = hash >> TAG_FROM & TAG_MASK
        slot = hash % self.slots
        offset = table[slot]
        while offset:
            if self.tags[slot] == tag and self._is(offset, id, part):
                return slot
            slot += 1
            if slot == self.slots:
                slot = 0
            offset = table[slot]
        return ~slot

    def _take(self, hole):
        # Empty a slot; what was pushed behind it by probing moves up.
        table, tags, view = self.table, self.tags, self._view
        slots = self.slots
        self.count -= 1
        slot = hole
        while True:
            slot += 1
            if slot == slots:
                slot = 0
            offset = table[slot]
            if not offset:
                break
            id, part = record.id_of(view, offset), record.part_of(view, offset)
            home = (id * BY_ID + part * BY_PART) % slots
            if (slot - home) % slots >= (slot - hole) % slots:
                table[hole] = offset
                tags[hole] = tags[slot]
                hole = slot
        table[hole] = 0
