# SPDX-License-Identifier: GPL-2.0-or-later
"""The record log: sectors in turn, records appended, contents destroyed in place.

A sector where an operation fails is left: what was to be appended goes to another one, and the
sector is noted as failing. hsm.store.settle moves away what lives there and retires it.
"""

from array import array

from micropython import const

from hsm.store import record
from hsm.store.errors import StoreFailure, StoreFull

_ZEROS = bytes(256)
_PAGE_MASK = const(255)
_FREE = const(0xFFFF)
# Sectors that one append may find bad before it gives up: a flash without power is no reason to
# retire it all.
_ATTEMPTS_MAX = const(8)


class Log:
    """Where records are on the flash, and where the next one goes.

    `live`: for each sector bytes of live records, or FREE if it does not belong to the log;
    `records`: all records in the log, dead ones included; `good`: bitmap, bit 0: retired;
    `failing`: sectors to be left; `commit_at`: offset of the commit record that holds.
    """

    FREE = _FREE

    def __init__(self, flash):
        self.flash = flash
        self.view = flash.view()
        self.sectors = min(flash.size_bytes >> record.SECTOR_SHIFT, record.SECTORS_MAX)
        self.reset()

    def reset(self):
        """Forget all that is known about the flash."""
        self.live = array("H", b"\xff\xff" * self.sectors)
        self.live_bytes = 0
        self._counts = bytearray(self.sectors)
        self.records = 0
        self.used = 0
        self.good = bytearray(b"\xff" * record.GOOD_BYTES)
        self.retired = 0
        self.failing = []
        self.head = -1
        self.position = 0
        self.end = 0
        self.sequence = 0
        self.commit_at = -1

    # --- Sectors ---------------------------------------------------------------------------------

    def free_sectors(self):
        """Sectors that could be opened."""
        return self.sectors - self.used - self.retired

    def is_good(self, sector):
        """False if `sector` was retired."""
        return self.good[sector >> 3] >> (sector & 7) & 1

    def join(self, sector):
        """`sector` belongs to the log."""
        self.live[sector] = 0
        self.used += 1

    def count(self, sector, records):
        """So many records stand in `sector`, alive or dead."""
        self.records += records - self._counts[sector]
        self._counts[sector] = records

    def _leave(self, sector):
        if self.live[sector] != _FREE:
            self.live[sector] = _FREE
            self.used -= 1
            self.records -= self._counts[sector]
            self._counts[sector] = 0

    def account(self, offset, length, sign):
        """Add (1) or remove (-1) the record at `offset`, payload `length`, from the live bytes."""
        size = sign * record.record_bytes(length)
        self.live[offset >> record.SECTOR_SHIFT] += size
        self.live_bytes += size

    def written(self, sector):
        """Generate the offsets of the records in `sector` that are not destroyed, if it is used."""
        if self.live[sector] == _FREE:
            return
        for offset in self._walk(sector):
            if self.view[offset] == record.STATE_WRITTEN:
                yield offset

    def end_of(self, sector):
        """Offset behind the last record in `sector`."""
        end = (sector << record.SECTOR_SHIFT) + record.SECTOR_HEADER_BYTES
        for offset in self._walk(sector):
            end = offset + record.record_bytes(record.length_of(self.view, offset))
        return end

    def _walk(self, sector):
        offset = (sector << record.SECTOR_SHIFT) + record.SECTOR_HEADER_BYTES
        end = (sector + 1) << record.SECTOR_SHIFT
        size = record.step(self.view, offset, end)
        while size:
            yield offset
            offset += size
            size = record.step(self.view, offset, end)

    def all_dead(self):
        """No record lives any more."""
        for sector in range(self.sectors):
            if self.live[sector] != _FREE:
                self.live[sector] = 0
        self.live_bytes = 0

    def sequence_of(self, sector):
        """Sequence number of a sector of the log."""
        use = record.decode_use(self.view, sector << record.SECTOR_SHIFT)
        return 0 if use is None else use[1]

    def fail(self, offset):
        """An operation failed at `offset`: nothing more is appended to that sector."""
        sector = offset >> record.SECTOR_SHIFT
        if sector not in self.failing:
            self.failing.append(sector)
        if sector == self.head:
            self.position = self.end

    def retire(self, sector):
        """Never use `sector` again: the bitmap in the head says so, and all later ones will."""
        self._leave(sector)
        byte = self.good[sector >> 3] & ~(1 << (sector & 7))
        if byte != self.good[sector >> 3]:
            self.good[sector >> 3] = byte
            self.retired += 1
        if sector in self.failing:
            self.failing.remove(sector)
        if self.head >= 0:
            at = (self.head << record.SECTOR_SHIFT) + record.GOOD_OFFSET + (sector >> 3)
            try:
                self.program(at, bytes((byte,)))
            except StoreFailure:
                self.fail(at)

    def release(self, sector):
        """Give a sector back: its use half becomes zero, and it is erased when it is opened."""
        base = sector << record.SECTOR_SHIFT
        try:
            self._zero(base, record.SECTOR_USE_BYTES)
        except StoreFailure:
            self.fail(base)
            return
        self._leave(sector)

    def release_dead(self, before=-1):
        """Give back sectors without live records; not the head, the last commit's, failing ones.

        `before`: only those opened before the sector of this offset.
        """
        limit = self.sequence + 1
        if before >= 0:
            limit = self.sequence_of(before >> record.SECTOR_SHIFT)
        kept = [self.head, self.commit_at >> record.SECTOR_SHIFT]
        kept.extend(self.failing)
        live = self.live
        for sector in range(self.sectors):
            if not live[sector] and sector not in kept and self.sequence_of(sector) < limit:
                self.release(sector)

    def oldest(self):
        """The sector that the log would reach next if it went round; -1: there is only the head."""
        for step in range(1, self.sectors):
            sector = (self.head + step) % self.sectors
            if self.live[sector] != _FREE:
                return sector
        return -1

    def emptiest(self):
        """The sector with the fewest live bytes, the next in turn of several; -1: only the head."""
        found, fewest = -1, _FREE
        for step in range(1, self.sectors):
            sector = (self.head + step) % self.sectors
            if self.live[sector] < fewest:
                found, fewest = sector, self.live[sector]
        return found

    def erase_count(self, sector):
        """Times that `sector` was erased; the highest of all where its own count was lost."""
        base = sector << record.SECTOR_SHIFT
        count = record.decode_erase_count(self.view, base)
        if count is not None:
            return count
        # Sectors are taken in turn: it is new only in the log's first round. Later a cut came
        # between its erase and its header.
        is_first_round = self.sequence < self.sectors
        if is_first_round and self.flash.is_erased(base, record.SECTOR_HEADER_BYTES):
            return 0
        return self.erases()[0]

    def erases(self):
        """(highest, sum) of the erase counts that are known."""
        highest = total = 0
        for base in range(0, self.sectors << record.SECTOR_SHIFT, record.SECTOR_BYTES):
            count = record.decode_erase_count(self.view, base)
            if count is not None:
                highest = max(highest, count)
                total += count
        return highest, total

    def erase(self, sector):
        """Erase a sector. False: it cannot be erased."""
        try:
            self.flash.erase(sector << record.SECTOR_SHIFT)
        except OSError:
            return False
        return True

    def _next_free(self):
        # WEAR-1: in turn.
        for step in range(1, self.sectors + 1):
            sector = (self.head + step) % self.sectors
            if self.live[sector] == _FREE and self.is_good(sector):
                return sector
        return -1

    def _open_sector(self):
        for attempt in range(_ATTEMPTS_MAX):
            sector = self._next_free()
            if sector < 0:
                raise StoreFailure if attempt or self.failing else StoreFull
            if self._prepare(sector):
                self.join(sector)
                self.head = sector
                base = sector << record.SECTOR_SHIFT
                self.position = base + record.SECTOR_HEADER_BYTES
                self.end = base + record.SECTOR_BYTES
                return
            self.retire(sector)
        raise StoreFailure

    def _prepare(self, sector):
        # Always erased anew: an erase that a power cut interrupted may read FF and not last. The
        # use half comes last, so that where it is whole the bitmap is.
        base = sector << record.SECTOR_SHIFT
        erase_count = self.erase_count(sector) + 1
        self.sequence += 1
        if not self.erase(sector):
            return False
        try:
            wear = record.encode_wear(erase_count) + self.good
            self.program(base + record.SECTOR_USE_BYTES, wear)
            self.program(base, record.encode_use(self.sequence))
        except StoreFailure:
            return False
        return True

    # --- Records ---------------------------------------------------------------------------------

    def append(self, kind, flags, id, part, generation, transaction, payload, field_bytes=0):
        """Program one record; `field_bytes` behind the payload stay erased. Returns its offset.

        `payload`: bytes. StoreFull: too long, or no sector is left. StoreFailure: too many sectors
        failed. MemoryError: what the flash holds is unknown, and the store must be mounted.
        """
        length = len(payload) + field_bytes
        size = record.record_bytes(length)
        if size > record.RECORD_BYTES_MAX:
            raise StoreFull
        head = record.encode_header(kind, flags, id, part, length, generation, transaction)
        data = b"".join((head, payload))
        for _ in range(_ATTEMPTS_MAX):
            if self.end - self.position < size:
                self._open_sector()
            offset = self.position
            # The place is taken before the flash is touched: it is not programmed twice.
            self.position = offset + size
            self.count(self.head, self._counts[self.head] + 1)
            try:
                self.program(offset, data)
                return offset
            except StoreFailure:
                self.fail(offset)
        raise StoreFailure

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
        """KEY-1: zero the payload of the record at `offset`, then mark it destroyed.

        A control record keeps its payload, which is no secret: a MAC that is half programmed and
        half zeroed could pass its check. Where the flash refuses, the sector is failing.
        """
        try:
            if self.view[offset + record.KIND_OFFSET] < record.KIND_CONTROL:
                self._zero(offset + record.HEADER_BYTES, record.length_of(self.view, offset))
            self.program(offset + record.STATE_OFFSET, record.STATE_DESTROYED)
        except StoreFailure:
            self.fail(offset)

    def wipe(self, position, end):
        """Zero the garbage between `position`, where a torn header is, and the sector's end.

        What stands behind the header goes first, then its state, then its fields: wherever a cut
        falls, the header is torn, or that of a destroyed record, and never looks whole.
        """
        if position >= end:
            # The sector is full: the next byte is the head of its neighbour.
            return
        contents = min(position + record.HEADER_BYTES, end)
        try:
            self._zero(contents, end - contents)
            self.program(position + record.STATE_OFFSET, record.STATE_DESTROYED)
            self._zero(position, contents - position)
        except StoreFailure:
            self.fail(position)

    def _zero(self, offset, length):
        zeros = memoryview(_ZEROS)
        while length:
            count = min(length, record.PAGE_BYTES - (offset & _PAGE_MASK))
            self.program(offset, zeros[:count])
            offset += count
            length -= count
