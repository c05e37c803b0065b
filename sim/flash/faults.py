# SPDX-License-Identifier: GPL-2.0-or-later
"""What the cells hold after a program or an erase was interrupted: tears, by name.

Pure functions of (operation, bytes before, bytes after, offset, seed). A name alone rebuilds its
tear, so that a replay id needs no bytes. Names, in the order in which a failure is shrunk:

  none full                   no effect; the whole effect, only the status was lost
  prefix1 prefixHalf prefixLast   the first, the first half, all but the last of the changing bytes
  prefix@<n>                  the first n bytes of the operation
  suffix1 suffixHalf suffixLast suffix@<n>    the same, counted from the other side; the last bytes
  evenBits oddBits            every second bit of each byte
  bit<k> butBit<k>            bit k alone (0 = lowest bit of the first byte); all bits but k
  bitFirst bitLast butBitFirst butBitLast     the same for the first and last bit that changes
  subset<i>                   of the changing bits a seeded half, quarter or three quarters

and for an erase, which first programs all cells to 0 and then lets them rise:

  preprogrammed half          all bits 0; a seeded half of them risen
  presubset                   not even that: a seeded half of the old ones at 0
  marginal                    reads erased, but the cells are weak: the next program may not last
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sim.flash.bits import noise, number
from sim.flash.journal import Entry, Operation

SUBSETS = 3
# What each byte takes.
EACH_BYTE = {"none": 0x00, "full": 0xFF, "evenBits": 0x55, "oddBits": 0xAA}
_NAME = re.compile(
    r"(?P<share>prefix|suffix)(?P<part>1|Half|Last)"
    r"|(?P<cut>prefix|suffix)@(?P<bytes>\d+)"
    r"|(?P<single>bit|butBit)(?P<bit>First|Last|\d+)"
    r"|subset(?P<subset>\d+)"
)


@dataclass(frozen=True)
class Torn:
    """What an interrupted operation left. `weak`: the sector does not keep its next program."""

    name: str
    cells: bytes
    weak: bool = False


def interrupted(
    entry_kind: Operation,
    before: bytes,
    after: bytes,
    *,
    offset: int,
    boundaries: Sequence[int] = (),
    bits: Sequence[int] = (),
    seed: int = 0,
) -> list[Torn]:
    """All tears of an operation, in shrink order: `none`, `full`, then those that differ.

    Of tears that leave the same cells the first name stays; `none` and `full` always do.
    `boundaries`: bytes from the operation's start where fields end. `bits`: those torn alone (and
    alone missing) beside the first and the last one that changes.
    """
    entry = Entry(0, entry_kind, offset, before, after, 0)
    found = [tear("none", entry, seed), tear("full", entry, seed)]
    seen = {(torn.cells, torn.weak) for torn in found}
    for name in _names(entry, boundaries, bits):
        torn = tear(name, entry, seed)
        if (torn.cells, torn.weak) not in seen:
            seen.add((torn.cells, torn.weak))
            found.append(torn)
    return found


def tear(name: str, entry: Entry, seed: int = 0) -> Torn:
    """The tear called `name` of a journal's operation.

    Raises ValueError if the operation has none of that name.
    """
    if len(entry.before) != len(entry.after):
        raise ValueError("an operation has as many bytes after it as before")
    cells = _erase_cells(name, entry, seed) if entry.operation is Operation.ERASE else None
    if cells is None:
        cells = _mixed(entry, _taken(name, entry, seed))
    if entry.operation is Operation.PROGRAM:
        _check_program(entry, cells)
    return Torn(name, cells, weak=name == "marginal")


def _check_program(entry: Entry, cells: bytes) -> None:
    """A torn program may only clear bits that the whole one clears."""
    before, after, torn = number(entry.before), number(entry.after), number(cells)
    if torn & ~before or after & ~torn:
        raise AssertionError(f"program at 0x{entry.offset:x}: a tear touches other bits")


def _names(entry: Entry, boundaries: Sequence[int], bits: Sequence[int]) -> Iterator[str]:
    inner = [edge for edge in boundaries if 0 < edge < len(entry.before)]
    for side in ("prefix", "suffix"):
        yield from (f"{side}1", f"{side}Half", f"{side}Last")
        yield from (f"{side}@{edge}" for edge in inner)
    erases = entry.operation is Operation.ERASE
    if erases:
        yield from ("preprogrammed", "half", "presubset")
    yield from ("evenBits", "oddBits")
    for bit in ("First", "Last", *bits):
        yield from (f"bit{bit}", f"butBit{bit}")
    yield from (f"subset{index}" for index in range(SUBSETS))
    if erases:
        yield "marginal"


# --- which bits took their new value --------------------------------------------------------------


def _taken(name: str, entry: Entry, seed: int) -> int:
    """A mask over the operation's bits: 1 where the new value was taken."""
    length = len(entry.before)
    whole = (1 << 8 * length) - 1
    if name in EACH_BYTE:
        return number(bytes((EACH_BYTE[name],)) * length)
    parts = _NAME.fullmatch(name)
    if parts is None:
        raise ValueError(f"no tear of this operation is called {name!r}")
    if parts["share"]:
        return _side(parts["share"], _share(parts["share"], parts["part"], entry), length)
    if parts["cut"]:
        return _side(parts["cut"], int(parts["bytes"]), length)
    if parts["single"]:
        bit = _bit(parts["bit"], entry)
        return bit if parts["single"] == "bit" else whole ^ bit
    return _subset(int(parts["subset"]), entry, seed)


def _side(side: str, edge: int, length: int) -> int:
    """A mask of the bytes before `edge`, or of those from it on."""
    if edge > length:
        raise ValueError(f"tear {side}@{edge}: the operation has {length} bytes")
    before_edge = (1 << 8 * edge) - 1
    return before_edge if side == "prefix" else ((1 << 8 * length) - 1) ^ before_edge


def _share(side: str, part: str, entry: Entry) -> int:
    """The edge between the bytes that change and take their value, and those that do not."""
    changing = [i for i in range(len(entry.before)) if entry.before[i] != entry.after[i]]
    if not changing:
        return 0 if side == "prefix" else len(entry.before)
    count = {"1": 1, "Half": (len(changing) + 1) // 2, "Last": len(changing) - 1}[part]
    if side == "prefix":
        return changing[count - 1] + 1 if count else 0
    return changing[-count] if count else len(entry.before)


def _bit(which: str, entry: Entry) -> int:
    """A mask of one bit; of none, if it is to be one that changes and none does."""
    difference = number(entry.before) ^ number(entry.after)
    if which == "First":
        return difference & -difference
    if which == "Last":
        return 1 << difference.bit_length() >> 1
    if int(which) >= 8 * len(entry.before):
        raise ValueError(f"tear of bit {which}: the operation has {8 * len(entry.before)} bits")
    return 1 << int(which)


def _subset(index: int, entry: Entry, seed: int) -> int:
    mask = _noise(f"subset{index}", entry, seed)
    if index % 3 == 0:
        return mask
    other = _noise(f"subset{index} too", entry, seed)
    return mask & other if index % 3 == 1 else mask | other


# --- an erase's own -------------------------------------------------------------------------------


def _erase_cells(name: str, entry: Entry, seed: int) -> bytes | None:
    """The cells of the tears that only an erase has; None for another name."""
    length = len(entry.before)
    if name == "preprogrammed":
        return bytes(length)
    if name == "half":
        return _noise(name, entry, seed).to_bytes(length, "little")
    if name == "presubset":
        return (number(entry.before) & _noise(name, entry, seed)).to_bytes(length, "little")
    return entry.after if name == "marginal" else None


# --- bytes as numbers ----------------------------------------------------------------------------


def _mixed(entry: Entry, taken: int) -> bytes:
    before, after = number(entry.before), number(entry.after)
    return (before ^ ((before ^ after) & taken)).to_bytes(len(entry.before), "little")


def _noise(name: str, entry: Entry, seed: int) -> int:
    return noise(seed, f"0x{entry.offset:x} {name}", len(entry.before))
