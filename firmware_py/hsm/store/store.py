# SPDX-License-Identifier: GPL-2.0-or-later
"""The store's public face: objects by id, transactions, counters."""

import struct

from hsm import limits
from hsm.store import record, recovery
from hsm.store.errors import NotFound, StoreDamaged, StoreFailure
from hsm.store.index import Index
from hsm.store.log import Log
from hsm.store.record import (
    FIELD_BYTES,
    FLAG_FIELD,
    FLAG_PERSISTENT,
    FLAG_PLAIN,
    FLAG_USER,
    HEADER_BYTES,
    TAG_BYTES,
)

BLANK, READY, DAMAGED = 0, 1, 2

ROOT_ID = 0
KIND_ROOT = 0x3F


class Store:
    """Objects on `flash`, sealed by what `open_seal` makes of the root record.

    `flash`: size_bytes, view(), program(), erase(), is_erased(), as hsm.platform.flash.Flash.
    `open_seal(root: bytes)`: an object with key(user) -> a key with seal/open/open_into/
    seal_object/open_object; mac(*parts) and hash(*parts) -> 32 bytes; equal(a, b) in constant time;
    wipe(). `end_session()`: called before a seal is wiped, with all the keys that it had opened.
    """

    def __init__(self, flash, open_seal, end_session=None):
        self._open_seal = open_seal
        self._end_session = end_session
        self.log = Log(flash)
        self.index = Index(self.log.view, self.log.sectors * record.LIVE_RECORDS_PER_SECTOR)
        # Room for the reserve, and a quarter for records that do not fill their sector.
        sectors = self.log.sectors - record.RESERVE_SECTORS
        self.capacity_bytes = sectors * record.RECORD_BYTES_MAX * 3 // 4
        self._cache = bytearray(limits.CHUNK_BYTES)
        self.state = BLANK
        self.seal = None

    def _forget(self):
        seal = self.seal
        if seal is not None:
            if self._end_session is not None:
                self._end_session()
            seal.wipe()
        self.log.reset()
        self.index.clear()
        self.state = BLANK
        self.seal = None
        self._root = None
        self._number = 0
        self._commit_number = -1
        self.levelled_at = 0
        self._cached_at = -1
        self._cached_bytes = 0

    # --- Life ------------------------------------------------------------------------------------

    def mount(self):
        """Bring the store to a settled state; `state` tells what was found. Raises nothing."""
        self._forget()
        replay = recovery.Replay(self)
        try:
            if not replay.run():
                # No transaction was ever completed: whatever lies there was never acknowledged.
                self._forget()
                return
            self._verify(replay)
            self._number = replay.number
            self._commit_number = replay.commit_number
            self.state = READY
            replay.finish()
        except Exception:
            # No memory, a flash that fails, no seal: what was not settled is not worked with.
            self._forget()
            self.state = DAMAGED

    def format(self, root):
        """Erase the region and start an empty log; `root` becomes durable with the first commit."""
        self._forget()
        log = self.log
        try:
            for sector in range(log.sectors):
                base = sector << record.SECTOR_SHIFT
                if not log.flash.is_erased(base, record.SECTOR_BYTES):
                    log.flash.erase(base)
        except OSError:
            raise StoreFailure
        self._root = root
        self.seal = self._open_seal(root)
        self.state = READY

    def _verify(self, replay):
        # LIVE-1: the MAC of the last commit covers what the replay found alive.
        root = self.index.offset(ROOT_ID, 0)
        if root < 0:
            raise StoreDamaged
        self._root = bytes(self._payload(root))
        self.seal = self._open_seal(self._root)
        start = replay.commit_at + HEADER_BYTES
        mac = self._commit_mac(replay.commit_number)
        found = self.log.view[start : start + record.COMMIT_BYTES]
        if not self.seal.equal(mac, found):
            raise StoreDamaged
        if not self.seal.equal(found, mac):
            raise StoreDamaged

    # --- Reading ---------------------------------------------------------------------------------

    def contains(self, id):
        """True if there is an object `id`. StoreDamaged."""
        if self.state == DAMAGED:
            raise StoreDamaged
        return id in self.index

    def ids(self):
        """Generate the ids of all objects, in no order."""
        return self.index.ids()

    def flags(self, id):
        """Flags of the object's first record. NotFound."""
        return self.log.view[self._find(id, 0) + 1]

    def size(self, id):
        """Bytes of the object's plain contents. NotFound."""
        offset = self._find(id, 0)
        last = self.index.last_part(id)
        if last:
            offset = self._find(id, last)
        return last * limits.CHUNK_BYTES + self._plain_bytes(offset)

    def read(self, id):
        """Contents of a small public object (one part, device class or plain) as bytes."""
        offset = self._find(id, 0)
        if self.log.view[offset + 1] & FLAG_PLAIN:
            return bytes(self._payload(offset))
        size = self._fill_cache(offset)
        return bytes(memoryview(self._cache)[:size])

    def read_into(self, id, start, length, out):
        """Copy up to `length` bytes from `start` into `out`; returns how many; -1: behind the end.

        Contents of the user class are opened in `out` itself: there it must have CHUNK_BYTES more
        than `length`. NotFound, SealLocked, CryptoError.
        """
        size = self.size(id)
        if start > size:
            return -1
        length = min(length, size - start)
        private = self.log.view[self._find(id, 0) + 1] & FLAG_USER
        done = 0
        while done < length:
            part, skip = divmod(start + done, limits.CHUNK_BYTES)
            step = min(length - done, limits.CHUNK_BYTES - skip)
            if private:
                end = done + self.open_part(id, part, out[done:])
                out[done : done + step][:] = out[done + skip : done + skip + step]
                # The chunk's other bytes were not asked for.
                out[done + step : end][:] = bytes(end - done - step)
            else:
                self._fill_cache(self._find(id, part))
                out[done : done + step][:] = memoryview(self._cache)[skip : skip + step]
            done += step
        return length

    def open_part(self, id, part, out):
        """Open one part into `out`; returns its length. NotFound, SealLocked, CryptoError."""
        offset = self._find(id, part)
        flags = self.log.view[offset + 1]
        size = self._plain_bytes(offset)
        bound = self._bound(offset, size)
        sealed = self._sealed(offset)
        return self.seal.key(flags & FLAG_USER).open_into(bound, sealed, out[:size])

    def open_object(self, id):
        """The crypto module's handle in object `id`. NotFound, SealLocked, CryptoError."""
        offset = self._find(id, 0)
        key = self.seal.key(self.log.view[offset + 1] & FLAG_USER)
        return key.open_object(self._bound(offset, 0), self._sealed(offset))

    def raw(self, id):
        """(payload offset, payload view, flags) of the object's first record. For counters."""
        offset = self._find(id, 0)
        return offset + HEADER_BYTES, self._payload(offset), self.log.view[offset + 1]

    def _find(self, id, part):
        offset = self.index.offset(id, part)
        if offset < 0:
            raise StoreDamaged if self.state == DAMAGED else NotFound
        return offset

    def _fill_cache(self, offset):
        # The last public chunk stays open: hosts read a file in blocks of 256 bytes or fewer.
        if self._cached_at != offset:
            self._cached_at = -1
            size = self._plain_bytes(offset)
            sealed, bound = self._sealed(offset), self._bound(offset, size)
            self.seal.key(0).open_into(bound, sealed, memoryview(self._cache)[:size])
            self._cached_at = offset
            self._cached_bytes = size
        return self._cached_bytes

    def _payload(self, offset):
        view = self.log.view
        length = view[offset + 6] | view[offset + 7] << 8
        return view[offset + HEADER_BYTES : offset + HEADER_BYTES + length]

    def _sealed(self, offset):
        payload = self._payload(offset)
        if self.log.view[offset + 1] & FLAG_FIELD:
            return payload[: len(payload) - FIELD_BYTES]
        return payload

    def _plain_bytes(self, offset):
        view = self.log.view
        size = view[offset + 6] | view[offset + 7] << 8
        flags = view[offset + 1]
        if flags & FLAG_FIELD:
            size -= FIELD_BYTES
        return size if flags & FLAG_PLAIN else size - TAG_BYTES

    def _bound(self, offset, size):
        header = record.decode_header(self.log.view, offset)
        if header is None:
            # It was whole when the store was mounted: the flash loses bits.
            raise StoreFailure
        kind, flags, id, part, _, generation, _, _ = header
        return record.associated_data(kind, flags, id, part, size, generation)

    # --- Changing --------------------------------------------------------------------------------

    def transaction(self):
        """Begin a transaction. StoreFull, StoreDamaged, NotFound (not formatted)."""
        if self.state != READY:
            raise StoreDamaged if self.state == DAMAGED else NotFound
        # Loaded by the first change: most sessions make none.
        from hsm.store import compaction
        from hsm.store.transaction import Transaction

        compaction.make_room(self)
        change = Transaction(self, self.next_number())
        if ROOT_ID not in self.index:
            try:
                change.put_plain(ROOT_ID, KIND_ROOT, self._root, FLAG_PERSISTENT)
            except Exception:
                self.mount()
                raise
        return change

    def next_number(self):
        """A transaction number that was never used. StoreFailure: the store's life is over."""
        if self._number >= record.TRANSACTION_MAX:
            raise StoreFailure
        self._number += 1
        return self._number

    def commit(self, number, offsets):
        """Make the records at `offsets` take effect. For Transaction and compaction.

        An error: they did not. A failure behind the commit record is settled by a mount.
        """
        superseded = []
        try:
            view = self.log.view
            records = [(offset, record.decode_header(view, offset)) for offset in offsets]
            self.apply(records, superseded)
            mac = self._commit_mac(number)
            check = record.commit_check(mac)
            self.log.append(record.KIND_COMMIT, 0, len(offsets), 0, check, number, mac)
            for offset in superseded:
                self.log.destroy(offset)
            self._cached_at = -1
            self.log.release_dead(self.log.head)
        except Exception:
            # The flash alone knows whether the commit holds.
            self.mount()
            if self._commit_number != number:
                raise

    def abort(self, offsets):
        """Destroy the records of a transaction that will not be committed."""
        try:
            for offset in offsets:
                self.log.destroy(offset)
        except Exception:
            self.mount()

    def apply(self, records, superseded):
        """Let `records`, (offset, header) each, take effect; dead ones go to `superseded`."""
        log = self.log
        put = self.index.put
        for offset, header in records:
            kind, _, id, part = header[:4]
            if kind < record.KIND_CONTROL:
                log.account(offset, header[4], 1)
                replaced = put(id, part, offset)
                if replaced < 0:
                    continue
                dead = (replaced,)
            elif kind == record.KIND_TOMBSTONE:
                dead = self.index.remove(id)
            elif kind == record.KIND_CLEAR:
                dead = self._clear()
            else:
                raise StoreDamaged
            for old in dead:
                log.account(old, len(self._payload(old)), -1)
                superseded.append(old)

    def _clear(self):
        view = self.log.view
        return self.index.remove_all(lambda offset: not view[offset + 1] & FLAG_PERSISTENT)

    def _commit_mac(self, number):
        """LIVE-1: 16 bytes over the transaction's number and the live records, in flash order."""
        view = self.log.view
        offsets = sorted(self.index.offsets())
        hashes = [struct.pack("<I", number)]
        for start in range(0, len(offsets) + 1, record.COVERED_RECORDS):
            group = offsets[start : start + record.COVERED_RECORDS]
            covered = [view[offset : offset + record.COVERED_BYTES] for offset in group]
            hashes.append(self.seal.hash(*covered))
        return self.seal.mac(b"commit", *hashes)[: record.COMMIT_BYTES]

    # --- Capacity --------------------------------------------------------------------------------

    def capacity(self):
        """(total, free) bytes for records, headers included."""
        return self.capacity_bytes, max(0, self.capacity_bytes - self.log.live_bytes)

    def erases_max(self):
        """Times that the most worn sector was erased."""
        return max([self.log.erase_count(sector) for sector in range(self.log.sectors)])
