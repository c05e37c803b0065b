# SPDX-License-Identifier: GPL-2.0-or-later
"""Which old contents are put in: all, single sectors, what changed together.

Of swaps that put the same bytes into the same sectors the one from the youngest image stays.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from campaigns.rollback.life import Record
from sim.flash import SECTOR_BYTES

# Steps that change more sectors (the log going round the region) are no single change.
TOGETHER_MAX = 8


@dataclass(frozen=True)
class Swap:
    """Contents of moment `older` in the card of moment `present`; no sectors: the whole region."""

    present: int
    older: int
    sectors: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """As in a replay id: present, older moment, sectors."""
        what = "+".join(str(sector) for sector in self.sectors) or "whole"
        return f"{self.present}/{self.older}/{what}"

    @classmethod
    def parse(cls, name: str) -> Swap:
        """The swap of a name; ValueError if it is none."""
        try:
            present, older, what = name.split("/")
            sectors = () if what == "whole" else tuple(int(sector) for sector in what.split("+"))
            return cls(int(present), int(older), sectors)
        except ValueError:
            raise ValueError(f"no swap is called {name!r}: they look like 27/17/152") from None


class Regions:
    """The recorded images, cut into sectors."""

    def __init__(self, record: Record) -> None:
        self._images = [_sectors(moment.region) for moment in record.moments]
        self.count = len(self._images[0])
        self._digests = [
            [hashlib.sha256(sector).digest() for sector in image] for image in self._images
        ]

    def sector(self, moment: int, sector: int) -> bytes:
        """The bytes of a sector at a moment."""
        return self._images[moment][sector]

    def digest(self, moment: int, sector: int) -> bytes:
        """A digest of the sector's bytes at a moment."""
        return self._digests[moment][sector]

    def changed(self, first: int, second: int) -> list[int]:
        """Sectors that differ between two moments."""
        pairs = zip(self._digests[first], self._digests[second], strict=True)
        return [sector for sector, (old, new) in enumerate(pairs) if old != new]

    def sectors_of(self, swap: Swap) -> list[int]:
        """Sectors that the swap changes."""
        return list(swap.sectors) or self.changed(swap.present, swap.older)

    def apply(self, swap: Swap) -> bytes:
        """The data region with the old contents in it."""
        image = list(self._images[swap.present])
        for sector in self.sectors_of(swap):
            image[sector] = self._images[swap.older][sector]
        return b"".join(image)


def _sectors(region: bytes) -> list[bytes]:
    return [region[i : i + SECTOR_BYTES] for i in range(0, len(region), SECTOR_BYTES)]


def swaps(regions: Regions, present: int) -> Iterator[Swap]:
    """All swaps into the card of moment `present`, without doubles."""
    seen: set[frozenset[tuple[int, bytes]]] = set()
    for swap in _candidates(regions, present):
        key = frozenset(
            (sector, regions.digest(swap.older, sector))
            for sector in regions.sectors_of(swap)
            if regions.digest(swap.older, sector) != regions.digest(present, sector)
        )
        if key and key not in seen:
            seen.add(key)
            yield swap


def _candidates(regions: Regions, present: int) -> Iterator[Swap]:
    for older in range(present - 1, -1, -1):
        yield Swap(present, older)
        for sector in regions.changed(older, present):
            yield Swap(present, older, (sector,))
        for step in range(older, present):
            together = regions.changed(step, step + 1)
            if len(together) <= TOGETHER_MAX:
                for pair in combinations(together, 2):
                    yield Swap(present, older, pair)
                yield Swap(present, older, tuple(together))
