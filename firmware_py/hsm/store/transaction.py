# SPDX-License-Identifier: GPL-2.0-or-later
"""A transaction: records that take effect together at commit() (ATOM-1, ATOM-2).

Use: `with store.transaction() as change: ...; change.commit()`. Leaving without commit undoes all.
Contents put inside a transaction can be read after its commit only.
"""

from hsm import limits
from hsm.store import record
from hsm.store.errors import StoreError, StoreFailure, StoreFull
from hsm.store.record import FLAG_FIELD, FLAG_LAST, FLAG_PERSISTENT, FLAG_USER


class Transaction:
    """Made by Store.transaction(); one at a time.

    `has_room` False: the flash is so worn that the log has no reserve. Nothing may grow then.
    """

    def __init__(self, store, number, has_room):
        self._store = store
        self._number = number
        self._has_room = has_room
        self._cleared = False
        self._records = []
        self._added_bytes = 0
        self._added_records = 0
        self._failed = False

    def __enter__(self):
        return self

    def __exit__(self, exception_type, exception, traceback):
        records, self._records = self._records, None
        if self._failed:
            # A record may stand in the log that is not among `records`.
            self._store.mount()
        elif records or (records is not None and self._store.log.failing):
            self._store.abort(self._number, records)

    def put(self, id, kind, data, flags=0):
        """Make or replace a small object: `data` in one part. StoreFull: longer than a chunk."""
        _check_length(data)
        self._truncate(id, 0)
        self._put_part(id, kind, flags | FLAG_LAST, 0, data)

    def put_object(self, id, kind, handle, flags=0):
        """Make or replace an object that holds a handle of the crypto module, sealed by it."""
        flags |= FLAG_LAST
        bound = record.associated_data(kind, flags, id, 0, 0, self._number)
        sealed = self._store.seal.key(flags & FLAG_USER).seal_object(bound, handle)
        # A large RSA key takes several records; the seal is one. No piece is as short as a tag.
        last = (len(sealed) - 1) // record.PAYLOAD_BYTES_MAX
        size = (len(sealed) + last) // (last + 1)
        self._truncate(id, last)
        for part in range(last + 1):
            piece = sealed[part * size : (part + 1) * size]
            self._append(kind, flags if part == last else flags & ~FLAG_LAST, id, part, piece)

    def renew(self, id, bits):
        """Put an object of one part anew, with a bit field that begins with `bits`."""
        store = self._store
        offset = store.index.offset(id, 0)
        view = store.log.view
        kind, flags = view[offset + record.KIND_OFFSET], view[offset + record.FLAGS_OFFSET]
        self._put_part(id, kind, flags, 0, store.read(id), bits)

    def replace(self, id, kind, data, flags=0):
        """Make or replace a file of any length up to the limit: `data` in chunks."""
        last = max(0, (len(data) - 1) // limits.CHUNK_BYTES)
        self._truncate(id, last)
        for part in range(last + 1):
            chunk = data[part * limits.CHUNK_BYTES : (part + 1) * limits.CHUNK_BYTES]
            self._put_part(id, kind, flags | (FLAG_LAST if part == last else 0), part, chunk)

    def write(self, id, kind, offset, data, flags, scratch):
        """Overwrite or extend the file `id` from `offset`, which is at most its size.

        `scratch`: CHUNK_BYTES of wiped static memory; old contents pass through it.
        """
        store = self._store
        size = store.size(id)
        end = max(size, offset + len(data))
        if offset > size or end > limits.FILE_BYTES_MAX:
            raise StoreFull
        last = max(0, (end - 1) // limits.CHUNK_BYTES)
        first_changed = offset // limits.CHUNK_BYTES
        last_old = store.index.last_part(id)
        if last > last_old:
            # The old last chunk loses its mark, even where none of its bytes change.
            first_changed = min(first_changed, last_old)
        last_changed = last if end > size else (offset + len(data) - 1) // limits.CHUNK_BYTES
        try:
            for part in range(first_changed, last_changed + 1):
                base = part * limits.CHUNK_BYTES
                length = min(limits.CHUNK_BYTES, end - base)
                if base < size:
                    store.open_part(id, part, scratch)
                low, high = max(offset, base), min(offset + len(data), base + length)
                if low < high:
                    scratch[low - base : high - base][:] = data[low - offset : high - offset]
                chunk_flags = flags | (FLAG_LAST if part == last else 0)
                self._put_part(id, kind, chunk_flags, part, scratch[:length])
        finally:
            scratch[: limits.CHUNK_BYTES] = bytes(limits.CHUNK_BYTES)

    def delete(self, id):
        """Delete an object; nothing happens if there is none."""
        index = self._store.index
        if id in index:
            self._append(record.KIND_TOMBSTONE, 0, id, index.last_part(id), b"")

    def clear(self):
        """Delete all objects but those put with FLAG_PERSISTENT; comes first."""
        store = self._store
        view = store.log.view
        for offset in store.index.offsets():
            if not view[offset + record.FLAGS_OFFSET] & FLAG_PERSISTENT:
                self._added_bytes -= record.record_bytes(record.length_of(view, offset))
                self._added_records -= 1
        self._cleared = True
        self._append(record.KIND_CLEAR, 0, 0, 0, b"")

    def put_plain(self, id, kind, data, flags=0):
        """Make or replace an object that is not sealed: public and needed to make the seal.

        At least TAG_BYTES, of which the live set's digest covers so many.
        """
        _check_length(data)
        self._append(kind, flags | FLAG_LAST | record.FLAG_PLAIN, id, 0, data)

    def commit(self):
        """Durable before it returns. An error: the store is as it was before."""
        records, self._records = self._records, None
        self._store.commit(self._number, records)

    def _truncate(self, id, last):
        # Parts behind the new last one would stay alive: the whole object goes first.
        if id in self._store.index and self._store.index.last_part(id) > last:
            self.delete(id)

    def _put_part(self, id, kind, flags, part, data, bits=b""):
        bound = record.associated_data(kind, flags, id, part, len(data), self._number)
        sealed = self._store.seal.key(flags & FLAG_USER).seal(bound, data)
        self._append(kind, flags, id, part, sealed, bits)

    def _append(self, kind, flags, id, part, payload, bits=b""):
        store = self._store
        field_bytes = record.FIELD_BYTES - len(bits) if flags & FLAG_FIELD else 0
        if bits:
            payload += bits
        if kind < record.KIND_CONTROL:
            self._admit(id, part, record.record_bytes(len(payload) + field_bytes))
        number = self._number
        try:
            self._records.append(
                store.log.append(kind, flags, id, part, number, number, payload, field_bytes)
            )
        except StoreFull:
            raise StoreFull if self._has_room else StoreFailure
        except StoreError:
            raise
        except Exception:
            self._failed = True
            raise

    def _admit(self, id, part, size):
        # What replaces a record of its own size always fits: a PIN can be changed in a full store.
        store = self._store
        view = store.log.view
        old = self._replaced(id, part)
        if old >= 0:
            size -= record.record_bytes(record.length_of(view, old))
        self._added_records += old < 0
        self._added_bytes += size
        if size <= 0 and old >= 0:
            return
        if self._added_bytes > 0 and not self._has_room:
            raise StoreFull
        if self._added_bytes > store.capacity()[1]:
            raise StoreFull
        if store.index.count + self._added_records > store.index.records_max:
            raise StoreFull

    def _replaced(self, id, part):
        # Offset of the live record that this one replaces, or -1.
        store = self._store
        old = store.index.offset(id, part)
        if old >= 0 and self._cleared:
            flags = store.log.view[old + record.FLAGS_OFFSET]
            return old if flags & FLAG_PERSISTENT else -1
        return old


def _check_length(data):
    # What is read back passes through a buffer of one chunk.
    if len(data) > limits.CHUNK_BYTES:
        raise StoreFull
