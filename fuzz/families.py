# SPDX-License-Identifier: GPL-2.0-or-later
"""Families of flash contents: any bytes at all, and bytes that look right.

An image is a function of (cards, family, seed, index). `cards` are the data regions of cards that
lived; what is to be damaged or forged starts from one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from fuzz import flash_format as form
from fuzz.flash_format import Header
from sim import entropy
from sim.flash import ERASED, SECTOR_BYTES

ERASED_SECTOR = bytes((ERASED,)) * SECTOR_BYTES
# The largest sequences: with the check at 0, and what 32 bits hold.
SEQUENCE_MAX = form.CHECK_TOTAL - form.MAGIC_USE - form.FORMAT_VERSION
SEQUENCES = (0, SEQUENCE_MAX, SEQUENCE_MAX - 1, SEQUENCE_MAX - 7, 1 << 22, 0xFFFF_FFFF)
LENGTHS = (0, 1, 15, 16, 17, 63, 615, 616, 617, 640, 3976, 4000, 4096, 0x7FFF, 0xFFF0, 0xFFFF)

Item = TypeVar("Item")


class Draw:
    """Choices that depend on a label alone."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._entropy = entropy.Entropy(0, label)

    def below(self, limit: int) -> int:
        """A number from 0 to `limit` - 1."""
        return self._entropy.bits(64) % limit

    def among(self, items: Sequence[Item]) -> Item:
        """One of `items`."""
        return items[self.below(len(items))]

    def noise(self, length: int) -> bytes:
        """So many bytes; quick for whole regions."""
        return entropy.noise(self.below(1 << 32), self._label, length)

    def shuffled(self, items: Sequence[Item]) -> list[Item]:
        """The items in another order."""
        rest = list(items)
        return [rest.pop(self.below(len(rest))) for _ in items]


@dataclass(frozen=True)
class Cards:
    """Data regions to start from: of this card at several times, and of another device."""

    lived: tuple[bytes, ...]
    foreign: bytes

    @property
    def size_bytes(self) -> int:
        """Bytes of each."""
        return len(self.foreign)


Maker = Callable[[Draw, Cards], bytearray]


@dataclass(frozen=True)
class Family:
    """`make` an image; `has_card`: it began as this card, whose keys may still be usable."""

    name: str
    make: Maker
    has_card: bool


FAMILIES: dict[str, Family] = {}


def _family(has_card: bool) -> Callable[[Maker], Maker]:
    def register(make: Maker) -> Maker:
        name = make.__name__
        FAMILIES[name] = Family(name, make, has_card)
        return make

    return register


def image(cards: Cards, family: str, seed: int, index: int) -> bytes:
    """The image of that family and number."""
    return bytes(FAMILIES[family].make(Draw(f"{family} {seed} {index}"), cards))


# --- Parts ----------------------------------------------------------------------------------------


def _card(draw: Draw, cards: Cards) -> bytearray:
    return bytearray(draw.among(cards.lived))


def _sectors(region: bytes | bytearray) -> list[bytes]:
    return [bytes(region[at : at + SECTOR_BYTES]) for at in range(0, len(region), SECTOR_BYTES)]


def _joined(sectors: Sequence[bytes]) -> bytearray:
    return bytearray(b"".join(sectors))


def _flip(region: bytearray, bit: int) -> None:
    region[bit >> 3] ^= 1 << (bit & 7)


def _used_bit(draw: Draw, region: bytearray, used: Sequence[int]) -> int:
    return draw.among(used) * 8 * SECTOR_BYTES + draw.below(8 * SECTOR_BYTES)


def _number(draw: Draw) -> int:
    """A transaction number: small, large, at the end, beyond."""
    end = form.TRANSACTION_MAX
    return draw.among((draw.below(40), draw.below(end), end - draw.below(3), 0x1FFF_FFFF))


def _header(draw: Draw, room: int) -> Header:
    length = draw.below(min(room, form.PAYLOAD_BYTES_MAX) + 1)
    if not draw.below(12):
        length = draw.among(LENGTHS)
    kind = draw.among(form.KINDS) if draw.below(12) else draw.below(256)
    part = draw.among((0, 0, 0, draw.below(8), form.PART_MAX, 0xFFFF))
    identifier = draw.among((0, 0x1081, 0x1089, 0x100E, 0xCC01, 0x2F02, draw.below(0x10000)))
    numbers = (_number(draw), _number(draw))
    return Header(kind, draw.below(256), identifier, part, length, *numbers)


def _plausible_sector(draw: Draw, sequence: int) -> bytes:
    """Right magics and checks, the rest is chance."""
    sector = bytearray(form.sector_header(sequence, erase_count=draw.below(1 << 20)))
    transaction = _number(draw)
    stays = draw.below(2)
    while SECTOR_BYTES - len(sector) >= form.HEADER_BYTES:
        room = SECTOR_BYTES - len(sector) - form.HEADER_BYTES
        header = _header(draw, room)
        if stays:
            header = replace(header, transaction=transaction)
        state = b"\0\xff\xff\xff" if not draw.below(6) else b"\xff" * 4
        sector += header.encode(state) + draw.noise(max(0, header.size_bytes - form.HEADER_BYTES))
        if not draw.below(40):
            break
    return bytes(sector[:SECTOR_BYTES].ljust(SECTOR_BYTES, b"\xff"))


# --- Any bytes ------------------------------------------------------------------------------------


@_family(has_card=False)
def ones(draw: Draw, cards: Cards) -> bytearray:
    """An erased region."""
    return bytearray(b"\xff" * cards.size_bytes)


@_family(has_card=False)
def zeros(draw: Draw, cards: Cards) -> bytearray:
    """Every cell programmed."""
    return bytearray(cards.size_bytes)


@_family(has_card=False)
def noise(draw: Draw, cards: Cards) -> bytearray:
    """Random bytes everywhere."""
    return bytearray(draw.noise(cards.size_bytes))


@_family(has_card=False)
def patches(draw: Draw, cards: Cards) -> bytearray:
    """Random bytes here and there."""
    region = bytearray((draw.among((0x00, ERASED)),)) * cards.size_bytes
    for _ in range(1 + draw.below(40)):
        length = 1 + draw.below(2 * SECTOR_BYTES)
        at = draw.below(cards.size_bytes - length)
        region[at : at + length] = draw.noise(length)
    return region


# --- A card that was damaged ----------------------------------------------------------------------


@_family(has_card=True)
def untouched(draw: Draw, cards: Cards) -> bytearray:
    """The card as it is: the measure that all others are held against."""
    return _card(draw, cards)


@_family(has_card=True)
def truncated(draw: Draw, cards: Cards) -> bytearray:
    """The log ends early: its last sectors are gone, or all behind some byte of the region."""
    region = _card(draw, cards)
    filler = draw.among((0x00, ERASED))
    log = form.log_sectors(region)
    if draw.below(2):
        for sector in log[draw.below(len(log)) :]:
            start = sector * SECTOR_BYTES + draw.among((0, draw.below(SECTOR_BYTES)))
            end = (sector + 1) * SECTOR_BYTES
            region[start:end] = bytes((filler,)) * (end - start)
        return region
    last = max(log) * SECTOR_BYTES + SECTOR_BYTES
    at = draw.below(last)
    region[at:] = bytes((filler,)) * (len(region) - at)
    return region


@_family(has_card=True)
def few_bits(draw: Draw, cards: Cards) -> bytearray:
    """One to eight bits flipped in sectors of the log."""
    region = _card(draw, cards)
    used = form.log_sectors(region)
    for _ in range(1 + draw.below(8)):
        _flip(region, _used_bit(draw, region, used))
    return region


@_family(has_card=True)
def many_bits(draw: Draw, cards: Cards) -> bytearray:
    """A bit in 200 to 20,000 flipped, or all of them only lost, or only risen."""
    region = _card(draw, cards)
    direction = draw.below(3)
    rate = draw.among((200, 2_000, 20_000))
    used = form.log_sectors(region)
    for _ in range(len(used) * 8 * SECTOR_BYTES // rate):
        bit = _used_bit(draw, region, used)
        risen = region[bit >> 3] >> (bit & 7) & 1
        if direction == 2 or risen == direction:
            _flip(region, bit)
    return region


@_family(has_card=True)
def wild_program(draw: Draw, cards: Cards) -> bytearray:
    """A page was programmed with random bytes: bits only went down."""
    region = _card(draw, cards)
    at = draw.among(form.log_sectors(region)) * SECTOR_BYTES + 256 * draw.below(16)
    for index, value in enumerate(draw.noise(256)):
        region[at + index] &= value
    return region


# --- Sectors in the wrong places ------------------------------------------------------------------


@_family(has_card=True)
def shuffled(draw: Draw, cards: Cards) -> bytearray:
    """Sectors changed places: all, or those of the log."""
    sectors = _sectors(_card(draw, cards))
    if draw.below(2):
        return _joined(draw.shuffled(sectors))
    log = form.log_sectors(_joined(sectors))
    out = list(sectors)
    for place, source in zip(log, draw.shuffled(log), strict=True):
        out[place] = sectors[source]
    return _joined(out)


@_family(has_card=True)
def duplicated(draw: Draw, cards: Cards) -> bytearray:
    """Copies of the log's sectors where others were, with their sequence or a later one."""
    region = _card(draw, cards)
    log = form.log_sectors(region)
    newest = form.sequence_of(region, log[-1]) or 0
    for _ in range(1 + draw.below(6)):
        source = draw.among(log) * SECTOR_BYTES
        place = draw.below(len(region) // SECTOR_BYTES)
        at = place * SECTOR_BYTES
        region[at : at + SECTOR_BYTES] = region[source : source + SECTOR_BYTES]
        if not draw.below(3) and form.sequence_of(region, place) is not None:
            newest += 1
            form.renumber(region, place, newest)
    return region


@_family(has_card=True)
def dropped(draw: Draw, cards: Cards) -> bytearray:
    """Sectors of the log erased, zeroed, or only their use taken away."""
    region = _card(draw, cards)
    for sector in draw.shuffled(form.log_sectors(region))[: 1 + draw.below(3)]:
        at = sector * SECTOR_BYTES
        length = draw.among((SECTOR_BYTES, SECTOR_BYTES, 16))
        region[at : at + length] = bytes((draw.among((0x00, ERASED)),)) * length
    return region


@_family(has_card=True)
def earlier(draw: Draw, cards: Cards) -> bytearray:
    """Some sectors as they were at another time of the same card."""
    sectors = _sectors(_card(draw, cards))
    other = _sectors(_card(draw, cards))
    for sector in draw.shuffled(form.log_sectors(_joined(other)))[: 1 + draw.below(3)]:
        sectors[sector] = other[sector]
    return _joined(sectors)


@_family(has_card=False)
def foreign(draw: Draw, cards: Cards) -> bytearray:
    """All of another device's region, or all but a sector."""
    region = bytearray(cards.foreign)
    if draw.below(2):
        at = draw.below(len(region) // SECTOR_BYTES) * SECTOR_BYTES
        region[at : at + SECTOR_BYTES] = ERASED_SECTOR
    return region


@_family(has_card=True)
def mingled(draw: Draw, cards: Cards) -> bytearray:
    """This card with some sectors of another device."""
    region = _card(draw, cards)
    log = form.log_sectors(cards.foreign)
    for sector in draw.shuffled(log)[: 1 + draw.below(len(log))]:
        place = draw.among((sector, draw.below(len(region) // SECTOR_BYTES)))
        source = sector * SECTOR_BYTES
        at = place * SECTOR_BYTES
        region[at : at + SECTOR_BYTES] = cards.foreign[source : source + SECTOR_BYTES]
    return region


# --- Forged ---------------------------------------------------------------------------------------


@_family(has_card=False)
def plausible(draw: Draw, cards: Cards) -> bytearray:
    """Sectors with right magics and checks and random records, in an erased region or in all."""
    count = cards.size_bytes // SECTOR_BYTES
    region = bytearray(b"\xff" * cards.size_bytes)
    for _ in range(draw.among((1, 2, 5, 20, count))):
        at = draw.below(count) * SECTOR_BYTES
        region[at : at + SECTOR_BYTES] = _plausible_sector(draw, draw.below(2 * count))
    return region


@_family(has_card=True)
def plausible_behind(draw: Draw, cards: Cards) -> bytearray:
    """The card, and a plausible sector or two before, between or behind those of its log."""
    region = _card(draw, cards)
    log = form.log_sectors(region)
    newest = form.sequence_of(region, log[-1]) or 0
    for _ in range(1 + draw.below(2)):
        at = draw.below(len(region) // SECTOR_BYTES) * SECTOR_BYTES
        sequence = draw.among((0, draw.below(newest + 1), newest, newest + 1, *SEQUENCES))
        region[at : at + SECTOR_BYTES] = _plausible_sector(draw, sequence)
    return region


@_family(has_card=True)
def versions(draw: Draw, cards: Cards) -> bytearray:
    """Some sectors of the log, or one more, say that they have another format version."""
    region = _card(draw, cards)
    log = form.log_sectors(region)
    version = draw.among((0, 1, 3, 4, 255, 0xFFFF, draw.below(0x10000)))
    chosen = draw.shuffled(log)[: 1 + draw.below(len(log))]
    for sector in draw.among((chosen, [draw.below(len(region) // SECTOR_BYTES)])):
        sequence = form.sequence_of(region, sector)
        if sequence is None:
            sequence = draw.below(1000)
        at = sector * SECTOR_BYTES
        region[at : at + 16] = form.half(form.MAGIC_USE, sequence, version)
    return region


@_family(has_card=True)
def fields(draw: Draw, cards: Cards) -> bytearray:
    """Fields of some records replaced, their checks made right: lengths, parts, ids, kinds."""
    region = _card(draw, cards)
    found = [place for sector in form.log_sectors(region) for place in form.records(region, sector)]
    for offset, _ in draw.shuffled(found)[: 1 + draw.below(4)]:
        if form.header_at(region, offset) is None:
            # Behind an absurd length of before.
            continue
        name, value = draw.among(
            (
                ("length", draw.among(LENGTHS)),
                ("part", draw.among((0, 1, form.PART_MAX, 0xFFFF))),
                ("id", draw.among((0, 0x1081, 0xCC01, 0xFFFF, draw.below(0x10000)))),
                ("kind", draw.among((*form.KINDS, draw.below(256)))),
                ("flags", draw.below(256)),
            )
        )
        form.change(region, offset, **{name: value})
    return region


@_family(has_card=True)
def numbers_at_their_end(draw: Draw, cards: Cards) -> bytearray:
    """Sequences of the log moved to their end, or transactions of the last records."""
    region = _card(draw, cards)
    log = form.log_sectors(region)
    if draw.below(2):
        top = SEQUENCE_MAX - draw.below(3)
        for age, sector in enumerate(reversed(log)):
            form.renumber(region, sector, top - age)
        return region
    found = list(form.records(region, log[-1]))[-1 - draw.below(6) :]
    for offset, _ in found:
        form.change(region, offset, transaction=form.TRANSACTION_MAX - draw.below(2))
    return region


@_family(has_card=True)
def all_heads(draw: Draw, cards: Cards) -> bytearray:
    """Every sector claims to be the head, over the card's contents, nothing or plausible ones."""
    region = _card(draw, cards)
    sequence = draw.among((*SEQUENCES, 1 + draw.below(1000)))
    content = draw.below(3)
    for at in range(0, len(region), SECTOR_BYTES):
        if content == 1:
            region[at : at + SECTOR_BYTES] = ERASED_SECTOR
        elif content == 2 and not draw.below(8):
            region[at : at + SECTOR_BYTES] = _plausible_sector(draw, 0)
        region[at : at + form.SECTOR_HEADER_BYTES] = form.sector_header(sequence)
    return region


@_family(has_card=False)
def laborious(draw: Draw, cards: Cards) -> bytearray:
    """Full of the shortest records: tombstones of the longest objects, clears, commits, files.

    Some sectors or all; in one transaction, or in one for each sector.
    """
    kind = draw.among((form.KIND_TOMBSTONE, form.KIND_CLEAR, form.KIND_COMMIT, 0x44, 0x01))
    part = draw.among((0, form.PART_MAX))
    transactions = draw.among((0, 1))
    count = cards.size_bytes // SECTOR_BYTES
    size = draw.among((SECTOR_BYTES, form.SECTOR_HEADER_BYTES + draw.below(1600)))
    sectors = [ERASED_SECTOR] * count
    for number in range(draw.among((1, 5, 20, count))):
        sector = bytearray(form.sector_header(1 + number))
        while len(sector) <= size - form.HEADER_BYTES:
            identifier = (number * SECTOR_BYTES + len(sector)) >> 4 & 0xFFFF
            transaction = 5 + number * transactions
            sector += Header(kind, 0, identifier, part, 0, transaction, transaction).encode()
        sectors[number] = bytes(sector.ljust(SECTOR_BYTES, b"\xff"))
    return _joined(sectors)
