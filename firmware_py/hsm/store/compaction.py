# SPDX-License-Identifier: GPL-2.0-or-later
"""Compaction: a sector's live records move to the head in a transaction.

The copies keep generation and seal; the originals are destroyed after the commit, like any
replaced record, and the sector is given back. A cut or a failure before the commit leaves dead
copies, which recovery destroys.
"""

from micropython import const

from hsm.store import record
from hsm.store.errors import StoreFailure, StoreFull
from hsm.store.settle import copy_live, has_room

# A move of the worst kind gains the 8 bytes of an alignment: a bound, never met in practice.
_MOVES_PER_SECTOR = const(4)


def make_room(store):
    """Compact until FREE_SECTORS are free and the log is short enough; False: it cannot be."""
    log = store.log
    records_max = record.LOG_RECORDS_PER_SECTOR * log.sectors
    for _ in range(_MOVES_PER_SECTOR * log.sectors):
        free = log.free_sectors() >= record.FREE_SECTORS
        if free and log.records <= records_max:
            _move_on(store)
            return True
        victim = log.emptiest()
        if victim < 0 or log.live[victim] >= record.FILL_BYTES or not has_room(log, victim):
            return free
        _move(store, victim)
    return False


def _move_on(store):
    # WEAR-1: contents that never change move on once the log has been round the region, so that
    # their sector takes its turn. Looked at once for every sector that the log opens.
    log = store.log
    if store.levelled_at == log.sequence:
        return
    store.levelled_at = log.sequence
    victim = log.oldest()
    if victim >= 0 and log.sequence - log.sequence_of(victim) > log.sectors:
        _move(store, victim)


def _move(store, victim):
    number = store.next_number()
    try:
        copies = copy_live(store, victim, number)
    except StoreFull:
        # There was room: sectors have failed since.
        store.mount()
        raise StoreFailure
    except Exception:
        store.mount()
        raise
    store.commit(number, copies)
