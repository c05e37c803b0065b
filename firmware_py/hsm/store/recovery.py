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


class Replay:
    """One pass over the log, and what it found.

    The store is settled before a transaction begins. So whatever a later transaction follows was
    committed, even if its commit record went with a sector that was given back, unless a cancel
    record says otherwise; only the last transaction needs its commit record, whole.
    """

    def __init__(self, store):
        self.store = store
        self.log = store.log
        self.superseded = []
        # Tombstones, clears and cancel records that are not destroyed.
        self.controls = []
        self.clear_at = -1
        # The highest transaction number, and the last transaction with its records and commit.
        self.number = 0
        self._last = -1
        self._records = []
        self._last_commit_at = -1
        self._cancelled = False
        self._torn_commit_at = -1
        # Records of cancelled transactions and of one that lacks its commit, which will never take
        # effect; (position, end) of what no walk can read.
        self._void = []
        self._pending = []
        self._tails = []
        # Transaction number of the commit record that vouches for what is live.
        self.commit_number = -1

    def run(self):
        """Replay all sectors in the order they were opened. False: nothing was ever committed.

        StoreDamaged, OtherVersion.
        """
        log = self.log
        order = _sectors_in_order(log.view, log.sectors)
        if not order:
            return False
        log.head = order[-1] & _NUMBER_MASK
        log.sequence = order[-1] >> _NUMBER_BITS
        self._read_bitmap()
        for entry in order:
            sector = entry & _NUMBER_MASK
            if log.is_good(sector):
                self._walk(sector)
        self._end()
        return log.commit_at >= 0

    def _read_bitmap(self):
        log = self.log
        start = (log.head << record.SECTOR_SHIFT) + record.GOOD_OFFSET
        log.good[:] = log.view[start : start + record.GOOD_BYTES]
        # The head is good: it was just opened.
        log.good[log.head >> 3] |= 1 << (log.head & 7)
        log.retired = sum([not log.is_good(sector) for sector in range(log.sectors)])

    def _walk(self, sector):
        # The log's position ends where the walk of the last sector ends. This is the loop that a
        # mount spends its time in: names are local, a destroyed record is stepped over by its
        # length alone, and only a new transaction makes a call.
        log = self.log
        log.join(sector)
        view = log.view
        unpack = struct.unpack_from
        last = self._last
        take = self._records.append
        position = (sector << record.SECTOR_SHIFT) + record.SECTOR_HEADER_BYTES
        end = (sector + 1) << record.SECTOR_SHIFT
        count = 0
        while end - position >= 24:
            if not view[position]:
                size = ((view[position + 14] | view[position + 15] << 8) + 31) & -8
                if not view[position + 8] or size > end - position:
                    break
            else:
                header = unpack("<IBBHHHII", view, position + 4)
                size = (header[5] + 31) & -8
                if sum(header) != 0x3FFFFFFF or size > end - position or header[4] > 4095:
                    break
                if header[7] != last:
                    last = header[7]
                    self._next_transaction(last)
                    take = self._records.append
                if header[1] == record.KIND_COMMIT:
                    self._last_commit_at = position
                elif header[1] == record.KIND_CANCEL:
                    self._cancelled = True
                    self.controls.append(position)
                else:
                    take((position, header))
            count += 1
            position += size
        log.count(sector, count)
        log.position = position
        log.end = end
        if position < end:
            self._look_behind(position, end)

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

    def _next_transaction(self, transaction):
        if self._cancelled:
            self._void.extend(self._records)
        else:
            self._apply()
        self._records = []
        self._cancelled = False
        self._last_commit_at = -1
        self._last = transaction
        if transaction > self.number:
            self.number = transaction

    def _apply(self):
        clear_at = self.store.apply(self._records, self.superseded, self.controls)
        if clear_at >= 0:
            self.clear_at = clear_at
        if len(self.controls) > record.ACTIVE_CONTROLS_MAX:
            raise StoreDamaged
        if self._last_commit_at >= 0:
            self.log.commit_at = self._last_commit_at
            self.commit_number = self._last

    def _end(self):
        commit_at = self._last_commit_at
        if commit_at >= 0 and not record.commit_is_whole(self.log.view, commit_at):
            self._torn_commit_at = commit_at
            commit_at = -1
        if self._cancelled:
            self._void.extend(self._records)
        elif commit_at >= 0:
            self._apply()
        else:
            self._pending = self._records

    def finish(self):
        """Settle the log: destroy the torn commit first, so that it can never become whole.

        StoreFull, StoreFailure: a sector fails, and what lives there could not be moved away.
        """
        store, log = self.store, self.log
        if self._torn_commit_at >= 0:
            log.destroy(self._torn_commit_at)
        for position, end in self._tails:
            log.wipe(position, end)
        for records in (self._pending, self._void):
            for position, _ in records:
                log.destroy(position)
        if log.failing and not self._cancelled:
            if self._pending or self._torn_commit_at >= 0:
                self.controls.append(store.cancel(self._last))
        # Loaded when there is something to do: most mounts find the log settled.
        if log.failing or self.superseded or self.controls:
            from hsm.store import settle

            settle.settle(store, self.superseded, self.controls, self.clear_at)
        else:
            log.release_dead()


def _sectors_in_order(view, sectors):
    """Sectors of the log as sequence << 10 | number, oldest first. OtherVersion."""
    found = []
    first = record.SECTOR_MAGIC & 0xFF
    for base in range(0, sectors << record.SECTOR_SHIFT, record.SECTOR_BYTES):
        # One byte tells most unused sectors: an erased one is FF, a released one 0.
        if view[base] != first:
            continue
        use = record.decode_use(view, base)
        if use is None:
            continue
        if use[0] != record.FORMAT_VERSION:
            raise OtherVersion
        found.append(use[1] << _NUMBER_BITS | base >> record.SECTOR_SHIFT)
    found.sort()
    return found
