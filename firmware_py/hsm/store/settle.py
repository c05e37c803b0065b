# SPDX-License-Identifier: GPL-2.0-or-later
"""After a commit: destroy the dead, leave failing sectors, free empty ones.

Order is all: nothing that keeps a record dead (what superseded it, its tombstone, the clear, the
cancel record) goes before the record is destroyed or its sector is retired. A cut anywhere leaves a
log that a mount settles in the same way.
"""

from hsm.store import record
from hsm.store.errors import StoreFailure


def settle(store, superseded, controls, clear_at=-1):
    """Destroy `superseded` and then `controls`, offsets of dead records and of what killed them.

    `clear_at`: offset of a clear among them, or -1; what it killed is destroyed as well.
    StoreFull, StoreFailure: a sector fails, and what lives there could not be moved away.
    """
    log = store.log
    # Sectors that are to stay until what their controls killed is gone.
    anchors = [offset >> record.SECTOR_SHIFT for offset in controls]
    if clear_at >= 0:
        # The user class went with the master key, and the device class is public: what is not
        # vital may stay, sealed, until its sector is erased for the next use.
        for offset in _dead(store, True):
            log.destroy(offset)
        # Not the clear killed these, but a copy: their sector may be given back.
        _destroy(log, superseded)
        evacuate(store, anchors)
        log.release_dead(clear_at)
        for offset in _dead(store, False):
            log.destroy(offset)
    else:
        _destroy(log, superseded)
    evacuate(store, anchors)
    evacuate(store)
    _destroy(log, controls)
    for _ in range(log.sectors):
        evacuate(store)
        log.release_dead()
        if not log.failing:
            return
    raise StoreFailure


def _destroy(log, offsets):
    for offset in offsets:
        if log.view[offset] == record.STATE_WRITTEN and _is_in_log(log, offset):
            log.destroy(offset)


def _is_in_log(log, offset):
    return log.live[offset >> record.SECTOR_SHIFT] != log.FREE


def _dead(store, vital):
    # Generate the offsets of dead objects' records that are not destroyed: all, or vital ones only.
    view = store.log.view
    for sector in range(store.log.sectors):
        for offset in store.log.written(sector):
            if vital and not view[offset + record.FLAGS_OFFSET] & record.FLAG_VITAL:
                continue
            if view[offset + record.KIND_OFFSET] < record.KIND_CONTROL:
                id, part = record.id_of(view, offset), record.part_of(view, offset)
                if store.index.offset(id, part) != offset:
                    yield offset


def evacuate(store, anchors=()):
    """Move what lives in failing sectors but `anchors` away, in a transaction each; retire them.

    StoreFull, StoreFailure: there is no room, or no sector that works.
    """
    log = store.log
    for _ in range(log.sectors):
        sectors = [sector for sector in log.failing if sector not in anchors]
        if not sectors:
            return
        _leave(store, sectors[0])
    raise StoreFailure


def _leave(store, sector):
    log = store.log
    if not has_room(log, sector):
        raise StoreFailure
    superseded = []
    number = store.next_number()
    store.take_effect(number, copy_live(store, sector, number), superseded, [])
    for offset in superseded:
        log.destroy(offset)
    if log.live[sector]:
        # Not all of it could be read: it stays.
        raise StoreFailure
    _scrub(log, sector)
    log.retire(sector)
    # What could not be destroyed goes now, or stays sealed. Not before: half erased, the sector
    # could show records that were destroyed long ago.
    log.erase(sector)


def _scrub(log, sector):
    # A second try for what was not destroyed, and the garbage of a torn record: once the sector is
    # retired, no mount looks at it.
    for offset in log.written(sector):
        if log.view[offset + record.KIND_OFFSET] < record.KIND_CONTROL:
            log.destroy(offset)
    log.wipe(log.end_of(sector), (sector + 1) << record.SECTOR_SHIFT)


def has_room(log, sector):
    """True if what lives in `sector`, and a commit, fits behind the head and in free sectors."""
    size = log.live[sector] + record.record_bytes(record.COMMIT_BYTES)
    free = log.free_sectors()
    return size <= log.end - log.position or (free and size <= record.FILL_BYTES) or free > 1


def copy_live(store, sector, number):
    """Append copies of the live records in `sector` as they are; their offsets."""
    log = store.log
    view = log.view
    copies = []
    for offset in log.written(sector):
        _, kind, flags, id, part, length, generation, _ = record.decode_header(view, offset)
        if kind < record.KIND_CONTROL and store.index.offset(id, part) == offset:
            start = offset + record.HEADER_BYTES
            payload = bytes(view[start : start + length])
            copies.append(log.append(kind, flags, id, part, generation, number, payload))
    return copies
