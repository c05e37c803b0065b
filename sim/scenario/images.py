# SPDX-License-Identifier: GPL-2.0-or-later
"""Images of the data region, made from a journal, told apart by digest.

An image is what outlives the power: the bytes, which sectors are weak, and the OTP rows. Wear goes
with it, but is no part of the digest: no boot can see it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from sim.flash import PAGE_BYTES, SECTOR_BYTES
from sim.flash.faults import Torn, interrupted, tear
from sim.flash.journal import Entry, Operation
from sim.scenario.cut import Cut

PAGES_PER_SECTOR = SECTOR_BYTES // PAGE_BYTES
DIGEST_BYTES = 16


class ForeignJournal(Exception):
    """A journal does not continue the image that it is applied to."""


@dataclass(frozen=True)
class Sector:
    """One sector; `page_programs` counts programs of each page since the last erase."""

    cells: bytes
    weak: bool = False
    erases: int = 0
    page_programs: tuple[int, ...] = (0,) * PAGES_PER_SECTOR

    @cached_property
    def digest(self) -> bytes:
        """Tells sectors apart that a boot could."""
        return hashlib.blake2b(
            self.cells, digest_size=DIGEST_BYTES, person=b"weak" if self.weak else b""
        ).digest()


@dataclass(frozen=True)
class Image:
    """A whole data region. Offsets count from its start."""

    sectors: tuple[Sector, ...]
    otp: bytes = b""

    @classmethod
    def of(cls, contents: bytes, otp: bytes = b"") -> Image:
        """An image of `contents`, whole sectors, without any wear."""
        starts = range(0, len(contents), SECTOR_BYTES)
        return cls(tuple(Sector(contents[at : at + SECTOR_BYTES]) for at in starts), otp)

    def with_wear(self, erase_counts: Sequence[int], program_counts: Sequence[int]) -> Image:
        """The same bytes with the wear of their sectors and of their pages."""
        sectors = []
        for number, (sector, erases) in enumerate(zip(self.sectors, erase_counts, strict=True)):
            first = number * PAGES_PER_SECTOR
            programs = tuple(program_counts[first : first + PAGES_PER_SECTOR])
            sectors.append(replace(sector, erases=erases, page_programs=programs))
        return replace(self, sectors=tuple(sectors))

    @cached_property
    def digest(self) -> bytes:
        """Equal for images that no boot can tell apart."""
        parts = b"".join(sector.digest for sector in self.sectors)
        return hashlib.blake2b(parts + self.otp, digest_size=DIGEST_BYTES).digest()

    def contents(self) -> bytes:
        """All bytes."""
        return b"".join(sector.cells for sector in self.sectors)

    def read(self, offset: int, length: int) -> bytes:
        """`length` bytes, which must not cross a sector's end."""
        start = offset % SECTOR_BYTES
        return self.sectors[offset // SECTOR_BYTES].cells[start : start + length]

    @property
    def weak_sectors(self) -> list[int]:
        """Numbers of the sectors whose last erase was cut short without leaving a trace."""
        return [number for number, sector in enumerate(self.sectors) if sector.weak]

    def after(self, entry: Entry) -> Image:
        """The image once `entry` was done. ForeignJournal."""
        return self.torn(entry, Torn("full", entry.after))

    def torn(self, entry: Entry, torn: Torn) -> Image:
        """The image when power failed during `entry`. ForeignJournal."""
        number, start = divmod(entry.offset, SECTOR_BYTES)
        old = self.sectors[number]
        if old.cells[start : start + len(entry.before)] != entry.before:
            raise ForeignJournal(f"operation {entry.index} at 0x{entry.offset:x}")
        if torn.name == "none":
            return self
        cells = old.cells[:start] + torn.cells + old.cells[start + len(torn.cells) :]
        if entry.operation is Operation.ERASE:
            # Only a whole erase makes a weak sector strong again.
            weak = torn.weak or (old.weak and torn.name != "full")
            sector = Sector(cells, weak, old.erases + 1)
        else:
            counts = _counted(old.page_programs, start // PAGE_BYTES)
            sector = Sector(cells, old.weak, old.erases, counts)
        return Image(self.sectors[:number] + (sector,) + self.sectors[number + 1 :], self.otp)

    def replay(self, entries: Iterable[Entry]) -> Image:
        """The image once all `entries` were done. ForeignJournal."""
        image = self
        for entry in entries:
            image = image.after(entry)
        return image


def _counted(counts: tuple[int, ...], page: int) -> tuple[int, ...]:
    return counts[:page] + (counts[page] + 1,) + counts[page + 1 :]


Boundaries = Callable[[Entry], Sequence[int]]
"""Bytes from an operation's start where fields of the format end."""


def cuts_of(
    start: Image,
    entries: Sequence[Entry],
    boundaries: Boundaries,
    seed: int,
    tears: Collection[str] | None = None,
) -> Iterator[tuple[Cut, Image]]:
    """Each cut of a journal with the image it leaves: by operation, then in shrink order.

    `tears`: only those; None for all.
    """
    image = start
    for operation, entry in enumerate(entries):
        edges = tuple(boundaries(entry))
        for torn in _tears(entry.operation, entry.before, entry.after, entry.offset, edges, seed):
            if tears is None or torn.name in tears:
                yield Cut(operation, torn.name), image.torn(entry, torn)
        image = image.after(entry)


@lru_cache(maxsize=2048)
def _tears(
    operation: Operation,
    before: bytes,
    after: bytes,
    offset: int,
    edges: tuple[int, ...],
    seed: int,
) -> list[Torn]:
    # Most recoveries do much the same to the flash.
    return interrupted(operation, before, after, offset=offset, boundaries=edges, seed=seed)


def cut_image(start: Image, entries: Sequence[Entry], cut: Cut, seed: int) -> Image:
    """The image that one cut leaves; behind the last operation, only `none` is left to happen.

    ValueError: the journal has no such operation, or the operation no such tear.
    """
    image = start.replay(entries[: cut.operation])
    if cut.operation < len(entries):
        entry = entries[cut.operation]
        return image.torn(entry, tear(cut.tear, entry, seed))
    if cut.operation > len(entries) or cut.tear != "none":
        raise ValueError(f"there are {len(entries)} operations, none for {cut}")
    return image
