# SPDX-License-Identifier: GPL-2.0-or-later
"""Compaction: the oldest sector's live records move to the head, as one transaction.

The copies keep generation and seal; the originals are destroyed after the commit, like any
replaced record, and the sector is given back. A cut before the commit leaves dead copies, which
recovery destroys.
"""

from hsm.store import record
from hsm.store.errors import StoreFull


def make_room(store):
    """Compact until the reserve is free. StoreFull: there is nothing to gain."""
    log = store.log
    for _ in range(log.sectors):
        victim = log.next_sector(1)
        if log.free_sectors >= record.RESERVE_SECTORS and not _is_stale(log, victim):
            return
        if victim < 0:
            break
        _move(store, victim)
    if log.free_sectors < record.RESERVE_SECTORS:
        raise StoreFull


def _is_stale(log, victim):
    # WEAR-1: contents that never change move on once the log has been round the region, so that
    # their sector takes its turn.
    if victim < 0:
        return False
    use = record.decode_sector_use(log.view, victim << record.SECTOR_SHIFT)
    return use is not None and log.sequence - use[1] > log.sectors


def _move(store, victim):
    log = store.log
    view = log.view
    number = store.next_number()
    position = (victim << record.SECTOR_SHIFT) + record.SECTOR_HEADER_BYTES
    end = (victim + 1) << record.SECTOR_SHIFT
    copies = []
    while end - position >= record.HEADER_BYTES:
        header = record.decode_header(view, position)
        if header is None:
            break
        kind, flags = header[0] & 0xFF, header[0] >> 8
        if kind < record.KIND_CONTROL and store.index.offset(header[1], header[2]) == position:
            start = position + record.HEADER_BYTES
            payload = bytes(view[start : start + header[3]])
            copies.append(log.append(kind, flags, header[1], header[2], header[4], number, payload))
        position += record.record_bytes(header[3])
    store.commit(number, copies, moved=True)
