# SPDX-License-Identifier: GPL-2.0-or-later
"""A long life of the store on the desktop: how evenly are the sectors worn?

Three quarters of what fits never change; a few records change all the time, a PIN is verified. With
levelling switched off (`without_levelling`) the same life shows what it is good for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import mean, pstdev

from campaigns import twins

# ruff: isort: split
from hsm.store import compaction, counters
from hsm.store.log import Log
from hsm.store.record import FLAG_FIELD
from store_twin import fresh, put

assert twins.FOLDERS
SECTORS = 64
OPERATIONS = 200_000
# The most that a sector may be worn above the mean.
MAX_OVER_MEAN = 1.2
STATIC_SHARE = 0.75
STATIC, HOT, PIN = 0xCF00, 0xCE00, 0x1081
HOT_RECORDS = 4
KIND = 4
PROGRESS_OPERATIONS = 2_000


@dataclass(frozen=True)
class Levelling:
    """Erases of each sector after a long life."""

    operations: int
    erase_counts: tuple[int, ...]

    @property
    def max_over_mean(self) -> float:
        """1.0: every sector is worn alike."""
        return max(self.erase_counts) / mean(self.erase_counts)

    @property
    def deviation(self) -> float:
        """Standard deviation of the erase counts."""
        return pstdev(self.erase_counts)

    def histogram(self) -> dict[int, int]:
        """Erase count -> sectors."""
        return {count: self.erase_counts.count(count) for count in sorted(set(self.erase_counts))}


def live_long(
    operations: int = OPERATIONS,
    sectors: int = SECTORS,
    advance: Callable[[int], None] = lambda done: None,
) -> Levelling:
    """A store with static contents and hot records, changed `operations` times."""
    flash, store = fresh(sectors)
    total = store.capacity()[0]
    number = 0
    while store.capacity()[1] > (1 - STATIC_SHARE) * total:
        put(store, STATIC + number, bytes((number,)) * 1000)
        number += 1
    with store.transaction() as change:
        change.put(PIN, KIND, b"reference data", FLAG_FIELD)
        change.commit()
    for done in range(operations):
        if done % 4:
            put(store, HOT + done % HOT_RECORDS, bytes((done & 0xFF,)) * (40 + done % 300))
        else:
            _verify(store)
        if done % PROGRESS_OPERATIONS == 0:
            advance(PROGRESS_OPERATIONS)
    return Levelling(operations, tuple(flash.erase_counts))


def _verify(store) -> None:
    """What a right PIN does: spend a try, give it back, renew the field when it is used up."""
    counters.spend_try(store, PIN)
    if counters.restore_tries(store, PIN):
        with store.transaction() as change:
            change.put(PIN, KIND, b"reference data", FLAG_FIELD)
            change.commit()


@contextmanager
def without_levelling() -> Iterator[None]:
    """The store takes the first free sector, and what never changes stays where it is."""
    next_free, move_on = Log._next_free, compaction._move_on

    def first_free(self: Log) -> int:
        sectors = range(self.sectors)
        return next((n for n in sectors if self.live[n] == self.FREE and self.is_good(n)), -1)

    Log._next_free = first_free
    compaction._move_on = lambda store: None
    try:
        yield
    finally:
        Log._next_free, compaction._move_on = next_free, move_on
