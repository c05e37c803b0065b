# SPDX-License-Identifier: GPL-2.0-or-later
"""What the store is handed in its tests: a quick seal, helpers to look inside."""

import hashlib
import hmac
import struct
from collections.abc import Iterator

from hsm import limits
from hsm.store import SealLocked, Store, record
from hsm.store import store as store_module
from nor_flash import NorFlash

KIND = 1
CHUNK = limits.CHUNK_BYTES
ROOT = b"r" * 33
SCRATCH = memoryview(bytearray(CHUNK))


class PlainKey:
    """A stand-in for a key of the crypto module: a tag in front of the plain bytes."""

    def __init__(self, name: bytes) -> None:
        self.name = name

    def seal(self, bound, data) -> bytes:
        data = bytes(data)
        return hmac.digest(self.name, bytes(bound) + data, "sha256")[:16] + data

    def open_into(self, bound, sealed, out) -> int:
        data = self.open_object(bound, sealed)
        out[: len(data)] = data
        return len(data)

    def seal_object(self, bound, handle) -> bytes:
        return self.seal(bound, handle)

    def open_object(self, bound, sealed) -> bytes:
        data = bytes(sealed[16:])
        assert self.seal(bound, data) == bytes(sealed), "associated data or contents differ"
        return data


class Seal:
    """Two classes of keys and the log's MAC, quick and without secrets."""

    def __init__(self, root: bytes) -> None:
        self.root = root
        self.locked = False
        self.wiped = False
        self.comparisons = 0
        self._keys = PlainKey(b"device"), PlainKey(b"user")

    def key(self, user: int) -> PlainKey:
        if user and self.locked:
            raise SealLocked
        return self._keys[1 if user else 0]

    def fold(self, accumulator: bytearray, sign: int, *parts) -> None:
        member = hashlib.sha256(self.root[:16] + b"".join(bytes(p) for p in parts)).digest()
        total = int.from_bytes(accumulator, "little") + sign * int.from_bytes(member, "little")
        accumulator[:] = (total % 2**256).to_bytes(32, "little")

    def fold_each(self, accumulator: bytearray, buffer, offsets, length: int) -> None:
        for offset in offsets:
            if offset:
                self.fold(accumulator, 1, buffer[offset : offset + length])

    def equal(self, a, b) -> bool:
        self.comparisons += 1
        return bytes(a) == bytes(b)

    def wipe(self) -> None:
        self.wiped = True

    def mac(self, *parts) -> bytes:
        return hashlib.sha256(self.root + b"".join(bytes(p) for p in parts)).digest()


def fresh(sectors: int = 16) -> tuple[NorFlash, Store]:
    """A formatted store on an erased flash."""
    flash = NorFlash(sectors)
    store = Store(flash, Seal)
    store.mount()
    assert store.state == store_module.BLANK
    store.format(ROOT)
    return flash, store


def mounted(flash: NorFlash) -> Store:
    """What the next boot makes of `flash`."""
    flash.power_on()
    store = Store(flash, Seal)
    store.mount()
    return store


def check_settled(store: Store) -> None:
    """No dead record of the log holds contents, and no sector of it is without live records."""
    view = store.log.view
    live = set(store.index.offsets())
    kept = (store.log.head, store.log.commit_at >> record.SECTOR_SHIFT)
    for sector in range(store.log.sectors):
        if store.log.live[sector] == store.log.FREE:
            continue
        assert store.log.live[sector] or sector in kept
        assert store.log.is_good(sector)
        for offset, header in records(view, sector):
            start = offset + record.HEADER_BYTES
            if offset not in live and header[1] != record.KIND_COMMIT:
                assert view[offset] != record.STATE_WRITTEN, "a dead record is not destroyed"
                assert not any(view[start : start + header[5]]), "KEY-1"


def records(view: memoryview, sector: int) -> Iterator[tuple[int, tuple]]:
    """(offset, header) of the records in a sector; a destroyed one may have any."""
    offset = (sector << record.SECTOR_SHIFT) + record.SECTOR_HEADER_BYTES
    end = (sector + 1) << record.SECTOR_SHIFT
    while size := record.step(view, offset, end):
        fields = struct.unpack_from("<IBBHHHII", view, offset + record.CHECK_OFFSET)
        yield offset, fields
        offset += size


def put(store: Store, id: int, data: bytes, flags: int = 0) -> None:
    """Make or replace a file in one transaction."""
    with store.transaction() as change:
        change.replace(id, KIND, data, flags)
        change.commit()


def delete(store: Store, id: int) -> None:
    """Delete an object in one transaction."""
    with store.transaction() as change:
        change.delete(id)
        change.commit()


def contents(store: Store, id: int) -> bytes:
    """All of an object's bytes."""
    out = bytearray(store.size(id) + CHUNK)
    return bytes(out[: store.read_into(id, 0, store.size(id), memoryview(out))])


def objects(store: Store) -> dict[int, bytes]:
    """The logical state; the root record (id 0) is the store's own."""
    return {id: contents(store, id) for id in sorted(store.ids()) if id}
