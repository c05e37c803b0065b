# SPDX-License-Identifier: GPL-2.0-or-later
"""Mount: replay the log, verify it, then finish what a power cut left undone.

Nothing is written before the last commit's MAC was verified, and nothing at all when the log was
left settled (BOOT-2). Every loop is bounded by the number of sectors and the bytes in one (BOOT-1).
"""

from hsm.store import record
from hsm.store.errors import StoreDamaged
from hsm.store.index import PART_MAX


class Replay:
    """What one pass over the log found."""

    def __init__(self, store):
        self.store = store
        self.log = store.log
        self.pending = []
        self.pending_number = -1
        self.superseded = []
        self.number = 0
        self.commit_at = -1
        self.commit_number = -1
        self.torn_commit_at = -1

    def run(self):
        """Replay all sectors in the order they were opened. False: there is no log at all."""
        order = _sectors_in_order(self.log)
        for entry in order:
            self.log.live[entry & 0x3FF] = 0
        for entry in order:
            self._walk(entry & 0x3FF)
        if not order:
            return False
        self.log.head = order[-1] & 0x3FF
        self.log.sequence = order[-1] >> 10
        return self.commit_at >= 0

    def _walk(self, sector):
        # The log's position ends where the walk of the last sector ends.
        view = self.log.view
        position = (sector << record.SECTOR_SHIFT) + record.SECTOR_HEADER_BYTES
        end = (sector + 1) << record.SECTOR_SHIFT
        while end - position >= record.HEADER_BYTES:
            header = record.decode_header(view, position)
            if header is None:
                break
            size = record.record_bytes(header[4])
            if size > end - position or header[3] > PART_MAX:
                break
            if header[6] > self.number:
                self.number = header[6]
            if not record.is_destroyed(view, position):
                self._take(position, header)
            position += size
        self.log.position = position
        self.log.end = end

    def _take(self, position, header):
        kind, _, _, _, length, generation, transaction, _ = header
        if self.torn_commit_at >= 0:
            # Recovery destroys a torn commit before anything is appended behind it.
            raise StoreDamaged
        if transaction != self.pending_number:
            # A later transaction began: the store was settled then, so that what is left of this
            # one was committed. Its commit record may be gone, with a sector that was given back.
            self._apply_pending()
        if kind != record.KIND_COMMIT:
            self.pending_number = transaction
            self.pending.append((position, header))
            return
        start = position + record.HEADER_BYTES
        mac = self.log.view[start : start + record.COMMIT_BYTES]
        if length != record.COMMIT_BYTES or record.commit_check(mac) != generation:
            self.torn_commit_at = position
            return
        self._apply_pending()
        self.commit_at = position
        self.commit_number = transaction

    def _apply_pending(self):
        for entry in self.pending:
            self.store.apply(entry[0], entry[1], self.superseded)
        self.pending = []

    def finish(self):
        """Settle the log: destroy the torn commit first, so that it can never become whole."""
        log = self.log
        if self.torn_commit_at >= 0:
            log.destroy(self.torn_commit_at)
        rest = log.end - log.position
        if rest and not log.flash.is_erased(log.position, rest):
            if any(log.view[log.position : log.end]):
                log.wipe_tail()
            else:
                log.position = log.end
        for entry in self.pending:
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
