# SPDX-License-Identifier: GPL-2.0-or-later
"""WEAR-1: sectors wear evenly, and what happens often erases nothing."""

import pytest
from hsm.store import counters, record
from store_twin import fresh, mounted, objects, put

RATIO_MAX = 1.2
PIN = 9


@pytest.mark.parametrize("full", [0.1, 0.5, 0.95])
def test_sectors_wear_evenly_over_a_long_life(full: float) -> None:
    flash, store = fresh(16)
    static = {}
    while store.log.live_bytes < full * store.capacity()[0] - 1000:
        id = 100 + len(static)
        static[id] = bytes([id % 251]) * 600
        put(store, id, static[id])
    put(store, PIN, b"pin" * 40, record.FLAG_FIELD)
    round = 0
    while sum(flash.erase_counts) < 1000:
        round += 1
        counters.spend_try(store, PIN)
        if counters.restore_tries(store, PIN):
            put(store, PIN, b"pin" * 40, record.FLAG_FIELD)
        if not round % 4:
            put(store, 1, bytes([round % 251]) * (100 + round % 200))
    counts = flash.erase_counts
    assert max(counts) / (sum(counts) / len(counts)) <= RATIO_MAX
    assert min(counts) * RATIO_MAX >= sum(counts) / len(counts)
    found = objects(mounted(flash))
    assert {id: found[id] for id in static} == static
    assert store.lifetime() == (max(counts), sum(counts), 0, 16)


def test_a_login_erases_nothing() -> None:
    flash, store = fresh(344)
    put(store, PIN, b"pin" * 40, record.FLAG_FIELD)
    erases, programmed = sum(flash.erase_counts), flash.programmed_bytes
    for _ in range(98):
        counters.spend_try(store, PIN)
        assert not counters.restore_tries(store, PIN)
    assert sum(flash.erase_counts) == erases
    assert flash.programmed_bytes - programmed == 2 * 98


def test_a_thousand_logins_erase_one_sector_at_most() -> None:
    flash, store = fresh(344)
    put(store, PIN, b"pin" * 40, record.FLAG_FIELD)
    erases = sum(flash.erase_counts)
    for _ in range(1000):
        counters.spend_try(store, PIN)
        if counters.restore_tries(store, PIN):
            put(store, PIN, b"pin" * 40, record.FLAG_FIELD)
    assert sum(flash.erase_counts) - erases <= 1
