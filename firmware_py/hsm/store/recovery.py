# SPDX-License-Identifier: GPL-2.0-or-later
"""Mount: replay the log, verify it, then finish what a power cut left undone.

Nothing is written before the last commit's MAC was verified, and nothing at all when the log was
left settled (BOOT-2). Every loop is bounded by the number of sectors and the bytes in one (BOOT-1).
"""

from hsm.store import record
from hsm.store.errors import StoreDamaged


class Replay:
    """One pass over the log, and what it found.

    The store is settled before a transaction begins. So whatever a later transaction follows was
    committed, even if its commit record went with a sector that was given back; only the last
    transaction needs its commit record, whole.
    """

    def __init__(self, store):
        self.store = store
        self.log = store.log
        self.superseded = []
        # The highest transaction number, and the last transaction with its records and commit.
        self.number = 0
        self._last = -1
        self._records = []
        self._last_commit_at = -1
        self._torn_commit_at = -1
        # The commit record that vouches for what is live.
        self.commit_at = -1
        self.commit_number = -1

    def run(self):
        """Replay all sectors in the order they were opened. False: nothing was ever committed."""
        order = _sectors_in_order(self.log)
        for entry in order:
            self.log.live[entry & 0x3FF] = 0
        for entry in order:
            self._walk(entry & 0x3FF)
        if not order:
            return False
        self.log.head = order[-1] & 0x3FF
        self.log.sequence = order[-1] >> 10
        self._end()
        return self.commit_at >= 0

    def _walk(self, sector):
        # The log's position ends where the walk of the last sector ends. This is the loop that a
        # mount spends its time in: names are local, and only a new transaction makes a call.
        view = self.log.view
        decode = record.decode_header
        last = self._last
        position = (sector << record.SECTOR_SHIFT) + record.SECTOR_HEADER_BYTES
        end = (sector + 1) << record.SECTOR_SHIFT
        while end - position >= record.HEADER_BYTES:
            header = decode(view, position)
            if header is None:
                break
            size = (header[4] + record.HEADER_BYTES + 7) & -8
            if size > end - position or header[3] > record.PART_MAX:
                break
            transaction = header[6]
            if view[position + record.STATE_OFFSET]:
                if transaction != last:
                    self._next_transaction(transaction)
                    last = transaction
                if header[0] == record.KIND_COMMIT:
                    self._last_commit_at = position
                else:
                    self._records.append((position, header))
            elif transaction > self.number:
                self.number = transaction
            position += size
        self.log.position = position
        self.log.end = end

    def _next_transaction(self, transaction):
        self.store.apply(self._records, self.superseded)
        self._records = []
        if self._last_commit_at >= 0:
            self.commit_at = self._last_commit_at
            self.commit_number = self._last
            self._last_commit_at = -1
        self._last = transaction
        if transaction > self.number:
            self.number = transaction

    def _end(self):
        commit_at = self._last_commit_at
        if commit_at >= 0 and not record.commit_is_whole(self.log.view, commit_at):
            self._torn_commit_at = commit_at
        elif commit_at >= 0:
            self._next_transaction(self._last)

    def finish(self):
        """Settle the log: destroy the torn commit first, so that it can never become whole."""
        log = self.log
        if self._torn_commit_at >= 0:
            log.destroy(self._torn_commit_at)
        rest = log.end - log.position
        if rest and not log.flash.is_erased(log.position, rest):
            if any(log.view[log.position : log.end]):
                log.wipe_tail()
            else:
                log.position = log.end
        for entry in self._records:
            log.destroy(entry[0])
        for offset in self.superseded:
            log.destroy(offset)
        log.release_dead(self.commit_at >> record.SECTOR_SHIFT)


def _sectors_in_order(log):
    """Sectors of the log as sequence << 10 | number, oldest first. StoreDamaged: other version."""
    view = log.view
    found = []
    first = record.SECTOR_MAGIC & 0xFF
    for base in range(0, log.sectors << record.SECTOR_SHIFT, record.SECTOR_BYTES):
        # One byte tells most unused sectors: an erased one is FF, a released one 0.
        if view[base] != first:
            continue
        use = record.decode_sector_use(view, base)
        if use is None:
            continue
        if use[0] != record.FORMAT_VERSION:
            raise StoreDamaged
        found.append(use[1] << 10 | base >> record.SECTOR_SHIFT)
    found.sort()
    return found
