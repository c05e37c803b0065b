# SPDX-License-Identifier: GPL-2.0-or-later
"""Compaction: the oldest sector's live records move to the head in a transaction.

The copies keep generation and seal; the originals are destroyed after the commit, like any
replaced record, and the sector is given back. A cut or a failure before the commit leaves dead
copies, which recovery destroys.
"""

from hsm.store import record
from hsm.store.errors import StoreFull


def make_room(store):
    """Compact until the reserve is free. StoreFull: there is nothing to gain."""
    log = store.log
    for _ in range(log.sectors):
        if log.free_sectors() >= record.RESERVE_SECTORS:
            _move_on(store)
            return
        victim = log.oldest()
        if victim < 0:
            break
        _move(store, victim)
    raise StoreFull


def _move_on(store):
    # WEAR-1: contents that never change move on once the log has been round the region, so that
    # their sector takes its turn. Looked at once for every sector that the log opens.
    log = store.log
    if store.levelled_at == log.sequence:
        return
    store.levelled_at = log.sequence
    victim = log.oldest()
    if victim >= 0:
        use = record.decode_sector_use(log.view, victim << record.SECTOR_SHIFT)
        if use is not None and log.sequence - use[1] > log.sectors:
            _move(store, victim)


def _move(store, victim):
    number = store.next_number()
    try:
        copies = _copy_live(store, victim, number)
    except Exception:
        store.mount()
        raise
    store.commit(number, copies)


def _copy_live(store, victim, number):
    log = store.log
    view = log.view
    position = (victim << record.SECTOR_SHIFT) + record.SECTOR_HEADER_BYTES
    end = (victim + 1) << record.SECTOR_SHIFT
    copies = []
    while end - position >= record.HEADER_BYTES:
        header = record.decode_header(view, position)
        if header is None:
            break
        kind, flags, id, part, length, generation, _, _ = header
        if kind < record.KIND_CONTROL and store.index.offset(id, part) == position:
            start = position + record.HEADER_BYTES
            payload = bytes(view[start : start + length])
            copies.append(log.append(kind, flags, id, part, generation, number, payload))
        position += record.record_bytes(length)
    return copies
