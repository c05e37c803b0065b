# SPDX-License-Identifier: GPL-2.0-or-later
"""How often known contents stand in an image, in words of eight bytes.

Records begin at such words and so do their contents, wherever they are moved to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from campaigns.powerloss import operations
from campaigns.powerloss.layout import RECORD_HEADER_BYTES, header_start, payload, words
from sim.flash.journal import Entry
from sim.scenario.images import Image, Sector

WORD_BYTES = 8
# Fewer different bytes than that stand in headers, counters and bit fields, too.
DIFFERENT_BYTES_MIN = 6
SECTORS_REMEMBERED_MAX = 5000


class Remains:
    """Looks for `wanted` words; most sectors come again and again and are looked at once."""

    def __init__(self, wanted: Iterable[int]) -> None:
        self.wanted = frozenset(wanted)
        self._by_sector: dict[bytes, Counter[int]] = {}

    def in_image(self, image: Image) -> Counter[int]:
        """How often each wanted word stands there; nothing of those that do not."""
        found: Counter[int] = Counter()
        for sector in image.sectors:
            if here := self._in_sector(sector):
                found.update(here)
        return found

    def _in_sector(self, sector: Sector) -> Counter[int]:
        found = self._by_sector.get(sector.digest)
        if found is None:
            if len(self._by_sector) > SECTORS_REMEMBERED_MAX:
                self._by_sector.clear()
            found = Counter(word for word in words(sector.cells) if word in self.wanted)
            self._by_sector[sector.digest] = found
        return found


def destroyed(start: Image, end: Image) -> set[int]:
    """Words that a command changed, and that stand nowhere when it is done."""
    changed = {
        old
        for before, after in zip(start.sectors, end.sectors, strict=True)
        if before.cells != after.cells
        for old, new in zip(words(before.cells), words(after.cells), strict=True)
        if old != new
    }
    return _telling(changed) - _standing(end)


def written(start: Image, entries: Sequence[Entry]) -> set[int]:
    """Words of new contents that did not stand in `start` before; of what is a secret, only."""
    new = {word for piece in _contents(entries) for word in words(piece)}
    return _telling(new) - _standing(start)


def _contents(entries: Sequence[Entry]) -> Iterator[bytes]:
    """Pages of payloads; that of a commit or of another control record stays where it is."""
    header_end = 0
    for name, entry in zip(operations.names(entries), entries, strict=True):
        if name == operations.RECORD:
            header_end = entry.offset + (header_start(entry) or 0) + RECORD_HEADER_BYTES
            yield payload(entry)
        elif name == f"{operations.REST} {operations.RECORD}":
            # The page's end may have cut the header, and a header is no secret.
            yield entry.after[max(0, header_end - entry.offset) :]


def _telling(some: Iterable[int]) -> set[int]:
    return {
        word
        for word in some
        if len(set(word.to_bytes(WORD_BYTES, "little"))) >= DIFFERENT_BYTES_MIN
    }


def _standing(image: Image) -> set[int]:
    return set(_all_words(image))


def _all_words(image: Image) -> Iterator[int]:
    for sector in image.sectors:
        yield from words(sector.cells)
