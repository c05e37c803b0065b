# SPDX-License-Identifier: GPL-2.0-or-later
"""Mount: replay the log, then finish what a power cut left undone.

Nothing is written before the last commit's MAC was verified, and nothing at all when the log was
left settled (BOOT-2). Every loop is bounded by the number of sectors and the bytes in one (BOOT-1).
"""

import struct

from micropython import const

from hsm.store import record
from hsm.store.errors import OtherVersion, StoreDamaged

_NUMBER_BITS = const(10)
_NUMBER_MASK = const(0x3FF)
_MIXER = const(211)
# Behind every record.
_NOWHERE = const(0x3FFFFFFF)
# As in hsm.store.index.
_BY_ID = const(11057)
_BY_PART = const(5693)
_TAG_FROM = const(17)
_TAG_MASK = const(0xFF)


class Replay:
    """One pass over the log, and what it found.

    The store is settled before a transaction begins. So whatever a later transaction follows was
    committed, even if its commit record went with a sector that was given back, unless a cancel
    record says otherwise; only the last transaction needs its commit record, whole.
    """

    def __init__(self, store):
        self.store = store
        self.log = store.log
        sectors = store.log.sectors
        self._records_bound = 4 * record.LOG_RECORDS_PER_SECTOR * sectors + record.LOG_RECORDS_EXTRA
        # The highest transaction number; that of the commit record that vouches for what is live.
        self.number = 0
        self.commit_number = -1
        # Commit records that stand behind it; the transaction without a whole one, or -1.
        self._torn_commits = []
        self._open = -1
        # Transactions that never took effect: the open one, and those with a cancel record.
        self._skip = []
        self._forget()

    def _forget(self):
        self.superseded = []
        # Tombstones, clears and cancel records that are not destroyed.
        self.controls = []
        self.clear_at = -1
        # Records that never took effect; (position, end) of what no walk can read.
        self._void = []
        self._tails = []

    def run(self):
        """Replay all sectors in the order they were opened. False: nothing was ever committed.

        StoreDamaged, OtherVersion.
        """
        log = self.log
        order, others = _sectors_in_order(log.view, log.sectors)
        if not order:
            if others:
                raise OtherVersion
            return False
        log.head = order[-1] & _NUMBER_MASK
        log.sequence = order[-1] >> _NUMBER_BITS
        self._read_bitmap()
        if any(log.is_good(sector) for sector in others):
            raise OtherVersion
        sectors = [entry & _NUMBER_MASK for entry in order]
        if log.retired:
            sectors = [sector for sector in sectors if log.is_good(sector)]
        for sector in sectors:
            log.join(sector)
        self._find_commit(sectors)
        if log.commit_at < 0:
            return False
        found = len(self._skip)
        self._walk_all(sectors)
        if len(self._skip) > found:
            # After a sector has failed, and only then: again, without what was cancelled.
            self._forget()
            self._walk_all(sectors)
        return True

    def _read_bitmap(self):
        log = self.log
        start = (log.head << record.SECTOR_SHIFT) + record.GOOD_OFFSET
        good = bytes(log.view[start : start + record.GOOD_BYTES])
        if good != log.good:
            log.good[:] = good
            # The head is good: it was just opened.
            log.good[log.head >> 3] |= 1 << (log.head & 7)
            log.retired = sum([not log.is_good(sector) for sector in range(log.sectors)])

    def _find_commit(self, sectors):
        # From the end: the last commit record that is whole vouches for what is live. What stands
        # behind it never took effect. A torn one may, of a transaction that wrote it again.
        view, skip = self.log.view, self._skip
        left = record.RECORDS_BEHIND_COMMIT_MAX
        for position in self._backwards(sectors):
            left -= 1
            if left < 0:
                raise StoreDamaged
            header = record.decode_header(view, position)
            kind, number = header[1], header[7]
            if number > record.TRANSACTION_MAX:
                # Garbage that passed the check while it was torn or zeroed.
                continue
            # All that took effect have lower ones.
            self.number = max(self.number, number)
            if kind == record.KIND_CANCEL:
                skip.append(number)
                if len(skip) > record.ACTIVE_CONTROLS_MAX:
                    raise StoreDamaged
                continue
            if kind == record.KIND_COMMIT:
                if number not in skip and record.commit_is_whole(view, position):
                    self.log.commit_at = position
                    self.commit_number = number
                    break
                self._torn_commits.append(position)
            if number not in skip:
                self._open = number
        if self._open <= self.commit_number:
            self._open = -1
        if self._open >= 0:
            skip.append(self._open)

    def _backwards(self, sectors):
        for sector in reversed(sectors):
            yield from reversed(list(self.log.written(sector)))

    def _walk_all(self, sectors):
        log = self.log
        self.store.index.clear()
        for sector in sectors:
            log.live[sector] = 0
        # What stands behind the last commit never took effect, whatever its numbers say: it may
        # have been torn, and torn again while it was destroyed.
        behind, commit_sector = _NOWHERE, log.commit_at >> record.SECTOR_SHIFT
        for sector in sectors:
            if sector == commit_sector:
                behind = log.commit_at
            self._walk(sector, behind)
            if sector == commit_sector:
                behind = 0
        log.live_bytes = sum([log.live[sector] for sector in sectors])

    def _walk(self, sector, behind):
        # This is the loop that a mount spends its time in: names are local, and record.step and
        # Index.put are written out for what is frequent.
        log, index, skip = self.log, self.store.index, self._skip
        view, unpack = log.view, struct.unpack_from
        table, tags, slots = index.table, index.tags, index.slots
        position = (sector << record.SECTOR_SHIFT) + record.SECTOR_HEADER_BYTES
        end = (sector + 1) << record.SECTOR_SHIFT
        last_start = end - 24
        count = added = alive = 0
        dead = []
        while position <= last_start:
            if view[position] != 0xFF:
                size = ((view[position + 14] | view[position + 15] << 8) + 31) & -8
                if not view[position + 8] or size > end - position:
                    break
            else:
                header = unpack("<IBBHHHII", view, position + 4)
                check, kind, flags, id, part, length, generation, number = header
                size = (length + 31) & -8
                total = check + kind + flags + id + part + length + generation + number
                if total != 0x3FFFFFFF or not kind or size > end - position or part > 511:
                    break
                if kind >= 0x40 or position > behind or (skip and number in skip):
                    # Commit records have had their say.
                    if kind != 0x43:
                        self._account(sector, alive, added, dead)
                        alive = added = 0
                        dead = []
                        self._take(position, header, position > behind)
                else:
                    alive += size
                    hash = id * _BY_ID + part * _BY_PART
                    slot = hash % slots
                    if table[slot]:
                        replaced = index.put(id, part, position)
                        if replaced >= 0:
                            dead.append(replaced)
                    else:
                        table[slot] = position
                        tags[slot] = hash >> _TAG_FROM & _TAG_MASK
                        added += 1
            count += 1
            position += size
        self._account(sector, alive, added, dead)
        log.count(sector, count)
        if log.records > self._records_bound:
            raise StoreDamaged
        # The log's position ends where the walk of the last sector ends.
        log.position = position
        log.end = end
        if position < end:
            self._look_behind(position, end)

    def _account(self, sector, alive, added, dead):
        # Since the last call: bytes of records that live, free slots of the index filled, records
        # replaced.
        log = self.log
        self.store.index.add(added)
        log.live[sector] += alive
        for offset in dead:
            log.account(offset, record.length_of(log.view, offset), -1)
        self.superseded.extend(dead)

    def _take(self, position, header, is_behind):
        # A record that is no object, or of a transaction that never took effect.
        kind, transaction = header[1], header[7]
        if kind == record.KIND_CANCEL:
            self.controls.append(position)
            if transaction not in self._skip:
                self._skip.append(transaction)
        elif is_behind or transaction in self._skip:
            self._void.append(position)
        else:
            entry = ((position, header),)
            clear_at = self.store.apply(entry, self.superseded, self.controls)
            if clear_at >= 0:
                self.clear_at = clear_at
        if len(self.controls) > record.ACTIVE_CONTROLS_MAX:
            raise StoreDamaged

    def _look_behind(self, position, end):
        # What is neither erased nor zero behind the last record is one that was torn.
        log = self.log
        if log.flash.is_erased(position, end - position):
            return
        log.position = end
        while position < end:
            step = min(record.PAGE_BYTES, end - position)
            if any(log.view[position : position + step]):
                self._tails.append((position, end))
                return
            position += step

    def finish(self):
        """Settle the log: destroy the torn commit first, so that it can never become whole.

        StoreFull, StoreFailure: a sector fails, and what lives there could not be moved away.
        """
        store, log = self.store, self.log
        for position in self._torn_commits:
            log.destroy(position)
        for position, end in self._tails:
            log.wipe(position, end)
        for position in self._void:
            log.destroy(position)
        if log.failing and self._open >= 0:
            self.controls.append(store.cancel(self._open))
        # Loaded when there is something to do: most mounts find the log settled.
        if log.failing or self.superseded or self.controls:
            from hsm.store import settle

            settle.settle(store, self.superseded, self.controls, self.clear_at)
        else:
            log.release_dead()


def _sectors_in_order(view, sectors):
    """Sectors of the log as sequence << 10 | number, oldest first; those of another version."""
    found, others = [], []
    first = record.SECTOR_MAGIC & 0xFF
    for base in range(0, sectors << record.SECTOR_SHIFT, record.SECTOR_BYTES):
        # One byte tells most unused sectors: an erased one is FF, a released one 0.
        if view[base] != first:
            continue
        use = record.decode_use(view, base)
        if use is None:
            continue
        if use[0] != record.FORMAT_VERSION:
            others.append(base >> record.SECTOR_SHIFT)
            continue
        entry = use[1] << _NUMBER_BITS | base >> record.SECTOR_SHIFT
        # Shuffled: MicroPython takes long to sort what is nearly sorted.
        found.append(entry)
        other = base * _MIXER % len(found)
        found[-1], found[other] = found[other], entry
    found.sort()
    return found, others
