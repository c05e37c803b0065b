# SPDX-License-Identifier: GPL-2.0-or-later
"""The store's public face: objects by id, transactions, counters."""

import struct

from micropython import const

from hsm import limits
from hsm.store import record, recovery
from hsm.store.errors import (
    NotFound,
    OtherVersion,
    StoreDamaged,
    StoreError,
    StoreFailure,
    StoreFull,
)
from hsm.store.index import Index
from hsm.store.log import Log
from hsm.store.record import (
    FIELD_BYTES,
    FLAG_FIELD,
    FLAG_LAST,
    FLAG_PERSISTENT,
    FLAG_PLAIN,
    FLAG_USER,
    HEADER_BYTES,
    TAG_BYTES,
)

BLANK, READY, DAMAGED, OTHER_VERSION = 0, 1, 2, 3

# What the digest of the live set has of a record: its fields and the 16 bytes behind them, the tag
# of its seal, which stands for its contents and all that they are bound to.
_COVERED_OFFSET = const(8)
_COVERED_BYTES = const(32)
_LIVE_SET_BYTES = const(32)

ROOT_ID = 0
KIND_ROOT = 0x3F


class Store:
    """Objects on `flash`, sealed by what `open_seal` makes of the root record.

    `flash`: size_bytes, view(), program(), erase(), is_erased(), as hsm.platform.flash.Flash.
    `open_seal(root: bytes)`: an object with key(user) -> a key with seal/open/open_into/
    seal_object/open_object; mac(*parts) -> 32 bytes; fold(accumulator, sign, *parts) and
    fold_each(accumulator, buffer, offsets, length), the digest of a set; equal(a, b) in constant
    time; wipe(). `end_session()`: called before a seal is wiped, with all keys that it had opened.
    """

    def __init__(self, flash, open_seal, end_session=None):
        self._open_seal = open_seal
        self._end_session = end_session
        self.log = Log(flash)
        self.index = Index(self.log.view, self.log.sectors * record.LIVE_RECORDS_PER_SECTOR)
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
        # The sum of the live records' digests; no secret, and never stored.
        self._live_set = bytearray(_LIVE_SET_BYTES)
        # False: a failing sector could not be left. What is there can be read, not changed.
        self._settled = True
        self.levelled_at = 0
        self._cached_at = -1
        self._cached_bytes = 0

    # --- Life ------------------------------------------------------------------------------------

    def mount(self):
        """Bring the store to a settled state; `state` tells what was found. Raises nothing."""
        try:
            replay = self._replay()
            if replay is None:
                return
            try:
                replay.finish()
            except StoreError:
                # Not all could be moved away from a sector that fails: what holds stays readable. A
                # move may have committed since: what the flash held first tells what took effect.
                commit_number = self._commit_number
                self._replay()
                self._commit_number = commit_number
                self._settled = False
        except OtherVersion:
            self._forget()
            self.state = OTHER_VERSION
        except Exception:
            # No memory, no seal, or it is not what was committed: nothing is worked with.
            self._forget()
            self.state = DAMAGED

    def _replay(self):
        self._forget()
        replay = recovery.Replay(self)
        if not replay.run():
            # No transaction was ever completed: whatever lies there was never acknowledged.
            self._forget()
            return None
        self._verify(replay)
        self._number = replay.number
        self._commit_number = replay.commit_number
        self.state = READY
        return replay

    def format(self, root):
        """Erase the region and start an empty log; `root` becomes durable with the first commit.

        Sectors that cannot be erased are retired. StoreFailure: hardly any can.
        """
        self._forget()
        log = self.log
        for sector in range(log.sectors):
            base = sector << record.SECTOR_SHIFT
            if not log.flash.is_erased(base, record.SECTOR_BYTES) and not log.erase(sector):
                # It may look like a sector of the log for ever: the new one's heads come after it.
                log.sequence = max(log.sequence, log.sequence_of(sector))
                log.retire(sector)
        if log.free_sectors() < record.RESERVE_SECTORS:
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
        self._fold_all()
        start = self.log.commit_at + HEADER_BYTES
        mac = self._commit_mac(replay.commit_number)
        found = self.log.view[start : start + record.COMMIT_BYTES]
        if not self.seal.equal(mac, found):
            raise StoreDamaged
        if not self.seal.equal(found, mac):
            raise StoreDamaged

    # --- Reading ---------------------------------------------------------------------------------

    def contains(self, id):
        """True if there is an object `id`. StoreDamaged."""
        if self.state >= DAMAGED:
            raise StoreDamaged
        return id in self.index

    def ids(self):
        """Generate the ids of all objects, in no order."""
        return self.index.ids()

    def flags(self, id):
        """Flags of the object's first record. NotFound."""
        return self._flags(self._find(id, 0))

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
        if self._flags(offset) & FLAG_PLAIN:
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
        private = self._flags(self._find(id, 0)) & FLAG_USER
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
        flags = self._flags(offset)
        size = self._plain_bytes(offset)
        bound = self._bound(offset, size)
        sealed = self._sealed(offset)
        return self.seal.key(flags & FLAG_USER).open_into(bound, sealed, out[:size])

    def open_object(self, id):
        """The crypto module's handle in object `id`. NotFound, SealLocked, CryptoError."""
        offset = self._find(id, 0)
        key = self.seal.key(self._flags(offset) & FLAG_USER)
        last = self.index.last_part(id)
        sealed = self._sealed(offset)
        if last:
            parts = [bytes(self._payload(self._find(id, part))) for part in range(last + 1)]
            sealed = b"".join(parts)
        # The last part of several says that it is; the seal is one.
        return key.open_object(self._bound(offset, 0, FLAG_LAST), sealed)

    def raw(self, id):
        """(payload offset, payload view, flags) of the object's first record. For counters."""
        offset = self._find(id, 0)
        return offset + HEADER_BYTES, self._payload(offset), self._flags(offset)

    def _flags(self, offset):
        return self.log.view[offset + record.FLAGS_OFFSET]

    def _find(self, id, part):
        offset = self.index.offset(id, part)
        if offset < 0:
            raise StoreDamaged if self.state >= DAMAGED else NotFound
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
        start = offset + HEADER_BYTES
        return view[start : start + record.length_of(view, offset)]

    def _sealed(self, offset):
        payload = self._payload(offset)
        if self._flags(offset) & FLAG_FIELD:
            return payload[: len(payload) - FIELD_BYTES]
        return payload

    def _plain_bytes(self, offset):
        size = record.length_of(self.log.view, offset)
        flags = self._flags(offset)
        if flags & FLAG_FIELD:
            size -= FIELD_BYTES
        return size if flags & FLAG_PLAIN else size - TAG_BYTES

    def _bound(self, offset, size, more_flags=0):
        header = record.decode_header(self.log.view, offset)
        if header is None:
            # It was whole when the store was mounted: the flash loses bits.
            raise StoreFailure
        _, kind, flags, id, part, _, generation, _ = header
        return record.associated_data(kind, flags | more_flags, id, part, size, generation)

    # --- Changing --------------------------------------------------------------------------------

    def transaction(self):
        """Begin a transaction. StoreFull, StoreFailure, StoreDamaged, NotFound (not formatted)."""
        self._check_changeable()
        # Loaded by the first change: most sessions make none.
        from hsm.store import compaction
        from hsm.store.transaction import Transaction

        has_room = compaction.make_room(self)
        # What it moved may have failed behind its commit, and the mount that settles it as well.
        self._check_changeable()
        change = Transaction(self, self.next_number(), has_room)
        if ROOT_ID not in self.index:
            try:
                change.put_plain(ROOT_ID, KIND_ROOT, self._root, FLAG_PERSISTENT)
            except Exception:
                self.mount()
                raise
        return change

    def _check_changeable(self):
        if self.state != READY:
            raise StoreDamaged if self.state >= DAMAGED else NotFound
        if not self._settled:
            raise StoreFailure

    def next_number(self):
        """A number that no record in the log has. StoreFailure: the store's life is over."""
        if self._number >= record.TRANSACTION_MAX:
            raise StoreFailure
        self._number += 1
        return self._number

    def commit(self, number, offsets):
        """Make the records at `offsets` take effect. For Transaction and compaction.

        An error: they did not. A failure behind the commit record is settled by a mount.
        """
        from hsm.store import settle

        superseded, controls = [], []
        holds = False
        try:
            clear_at = self.take_effect(number, offsets, superseded, controls)
            holds = True
            settle.settle(self, superseded, controls, clear_at)
        except Exception:
            # The flash alone knows whether the commit holds.
            self.mount()
            if not holds and self._commit_number != number:
                raise

    def take_effect(self, number, offsets, superseded, controls):
        """The records at `offsets` become live, durably; returns the offset of a clear, or -1.

        `superseded` and `controls` take the offsets of what is to be destroyed now, in this order.
        An exception: the store must be mounted.
        """
        view = self.log.view
        records = []
        for offset in offsets:
            header = record.decode_header(view, offset)
            if header is None:
                raise StoreFailure
            records.append((offset, header))
        clear_at = self.apply(records, superseded, controls)
        if clear_at >= 0:
            self._fold_all()
        else:
            added = [offset for offset, header in records if header[1] < record.KIND_CONTROL]
            self._fold(added, 1)
            self._fold(superseded, -1)
        mac = self._commit_mac(number)
        check = record.commit_check(mac)
        try:
            self.log.commit_at = self.log.append(record.KIND_COMMIT, 0, 0, 0, check, number, mac)
        except StoreFull:
            # There was room when the transaction began: sectors have failed since.
            raise StoreFailure
        self._cached_at = -1
        return clear_at

    def abort(self, number, offsets):
        """Destroy the records of a transaction that will not be committed."""
        from hsm.store import settle

        log = self.log
        try:
            for offset in offsets:
                log.destroy(offset)
            if log.failing:
                if ROOT_ID not in self.index:
                    # Nothing was ever committed.
                    raise StoreFailure
                settle.settle(self, (), (self.cancel(number),))
        except Exception:
            self.mount()

    def cancel(self, number):
        """Say that transaction `number` never takes effect: not all of it could be destroyed.

        Returns the offset of the record that says so.
        """
        return self.log.append(record.KIND_CANCEL, 0, 0, 0, 0, number, b"")

    def leave(self, offset):
        """An operation on the live record at `offset` failed: move away what is in its sector.

        StoreFailure: that cannot be done.
        """
        from hsm.store import settle

        self._check_changeable()
        self.log.fail(offset)
        try:
            settle.settle(self, (), ())
        except Exception:
            self.mount()
            raise StoreFailure

    def apply(self, records, superseded, controls):
        """Let `records`, (offset, header) each, take effect in the index; as `take_effect`.

        What a clear kills is not among `superseded`: no list grows with the number of objects.
        """
        log = self.log
        put = self.index.put
        clear_at = -1
        for offset, header in records:
            _, kind, _, id, part, length, _, _ = header
            if kind < record.KIND_CONTROL:
                log.account(offset, length, 1)
                replaced = put(id, part, offset)
                if replaced < 0:
                    continue
                dead = (replaced,)
            elif kind == record.KIND_TOMBSTONE:
                dead = self.index.remove(id, part)
                controls.append(offset)
            elif kind == record.KIND_CLEAR:
                self._clear()
                controls.append(offset)
                clear_at = offset
                continue
            else:
                raise StoreDamaged
            for old in dead:
                log.account(old, record.length_of(log.view, old), -1)
                superseded.append(old)
        return clear_at

    def _clear(self):
        log, index = self.log, self.index
        index.keep(lambda offset: self._flags(offset) & FLAG_PERSISTENT)
        log.all_dead()
        for offset in index.offsets():
            log.account(offset, record.length_of(log.view, offset), 1)

    def _fold_all(self):
        self._live_set = bytearray(_LIVE_SET_BYTES)
        covered = self.log.view[_COVERED_OFFSET:]
        self.seal.fold_each(self._live_set, covered, self.index.table, _COVERED_BYTES)

    def _fold(self, offsets, sign):
        fold = self.seal.fold
        live_set, view = self._live_set, self.log.view
        for offset in offsets:
            start = offset + _COVERED_OFFSET
            fold(live_set, sign, view[start : start + _COVERED_BYTES])

    def _commit_mac(self, number):
        """LIVE-1: 16 bytes over the transaction's number and the digest of the live set."""
        mac = self.seal.mac(b"commit", struct.pack("<I", number), self._live_set)
        return mac[: record.COMMIT_BYTES]

    # --- Capacity --------------------------------------------------------------------------------

    def capacity(self):
        """(total, free) bytes for records, headers included."""
        log = self.log
        total = max(0, log.sectors - log.retired - record.RESERVE_SECTORS) * record.FILL_BYTES
        return total, max(0, total - log.live_bytes)

    def lifetime(self):
        """(most erases of a sector, erases of all, retired sectors, sectors)."""
        highest, total = self.log.erases()
        return highest, total, self.log.retired, self.log.sectors
