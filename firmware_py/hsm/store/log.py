# SPDX-License-Identifier: GPL-2.0-or-later
"""The record log: sectors in turn, records appended, contents destroyed in place."""

from micropython import const

from hsm.store import record
from hsm.store.errors import StoreFailure, StoreFull

_ZEROS = bytes(256)
_PAGE_MASK = const(255)


class Log:
    """Where records are on the flash, and where the next one goes.

    `live`: for each sector that belongs to the log, bytes of live records in it.
    """

    def __init__(self, flash):
        self.flash = flash
        self.view = flash.view()
        self.sectors = flash.size_bytes >> record.SECTOR_SHIFT
        self.reset()

    def reset(self):
        """Forget all that is known about the flash."""
        self.live = {}
        self.live_bytes = 0
        self.head = -1
        self.position = 0
        self.end = 0
        self.sequence = 0

    def free_sectors(self):
        """Sectors that do not belong to the log."""
        return self.sectors - len(self.live)

    def account(self, offset, length, sign):
        """Add (1) or remove (-1) the record at `offset`, payload `length`, from the live bytes."""
        size = sign * record.record_bytes(length)
        self.live[offset >> record.SECTOR_SHIFT] += size
        self.live_bytes += size

    def append(self, kind, flags, id, part, generation, transaction, payload, field_bytes=0):
        """Program one record; `field_bytes` behind the payload stay erased. Returns its offset.

        `payload`: bytes. StoreFull: too long, or no sector is left; nothing was written.
        StoreFailure, MemoryError: what the flash holds is unknown, and the store must be mounted.
        """
        length = len(payload) + field_bytes
        size = record.record_bytes(length)
        if size > record.RECORD_BYTES_MAX:
            raise StoreFull
        head = record.encode_header(kind, flags, id, part, length, generation, transaction)
        data = b"".join((head, record.STATE_WRITTEN, payload))
        if self.end - self.position < size:
            self._open_sector()
        offset = self.position
        # The place is taken before the flash is touched: a failed program is not overwritten.
        self.position = offset + size
        self.program(offset, data)
        return offset

    def program(self, offset, data):
        """Program across pages. StoreFailure: the flash refused."""
        data = memoryview(data)
        done = 0
        size = len(data)
        try:
            while done < size:
                count = min(size - done, record.PAGE_BYTES - (offset + done & _PAGE_MASK))
                self.flash.program(offset + done, data[done : done + count])
                done += count
        except OSError:
            raise StoreFailure

    def destroy(self, offset):
        """KEY-1: zero the payload of the record at `offset`, then mark it destroyed."""
        length = self.view[offset + 6] | self.view[offset + 7] << 8
        self._zero(offset + record.HEADER_BYTES, length)
        self.program(offset + record.STATE_OFFSET, record.STATE_DESTROYED)

    def wipe_tail(self):
        """Zero what stands between the log's position and the sector's end; close the sector."""
        self._zero(self.position, self.end - self.position)
        self.position = self.end

    def _zero(self, offset, length):
        zeros = memoryview(_ZEROS)
        while length:
            count = min(length, record.PAGE_BYTES - (offset & _PAGE_MASK))
            self.program(offset, zeros[:count])
            offset += count
            length -= count

    def release_dead(self, spare):
        """Give back all sectors without live records but the head and `spare` (a sector or -1)."""
        dead = [n for n, size in self.live.items() if not size and n not in (self.head, spare)]
        for sector in dead:
            self._zero(sector << record.SECTOR_SHIFT, record.SECTOR_USE_BYTES)
            del self.live[sector]

    def oldest(self):
        """The sector that the log would reach next if it went round; -1: there is only the head."""
        distances = [(n - self.head) % self.sectors for n in self.live if n != self.head]
        return (self.head + min(distances)) % self.sectors if distances else -1

    def _next_free(self):
        # WEAR-1: in turn.
        for step in range(1, self.sectors + 1):
            sector = (self.head + step) % self.sectors
            if sector not in self.live:
                return sector
        raise StoreFull

    def erase_count(self, sector):
        """Times that `sector` was erased; the highest of all where its own count was lost."""
        base = sector << record.SECTOR_SHIFT
        count = record.decode_erase_count(self.view, base)
        if count is not None:
            return count
        if self.flash.is_erased(base, record.SECTOR_HEADER_BYTES):
            return 0
        counts = (
            record.decode_erase_count(self.view, base)
            for base in range(0, self.sectors << record.SECTOR_SHIFT, record.SECTOR_BYTES)
        )
        return max((count or 0 for count in counts))

    def _open_sector(self):
        # Always erased anew: an erase that a power cut interrupted may read FF and not last.
        sector = self._next_free()
        base = sector << record.SECTOR_SHIFT
        erase_count = self.erase_count(sector) + 1
        try:
            self.flash.erase(base)
        except OSError:
            raise StoreFailure
        self.sequence += 1
        self.program(base, record.encode_sector_header(self.sequence, erase_count))
        self.live[sector] = 0
        self.head = sector
        self.position = base + record.SECTOR_HEADER_BYTES
        self.end = base + record.SECTOR_BYTES
