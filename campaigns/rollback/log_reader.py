# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads a region without keys: what is live, by which commit, which bit fields.

The format is that of docs/flash-format.md. A right MAC and a wrong one look alike here; whether a
card can have been in the state that is read shows in its life: what was never seen after any of its
commands was never committed.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from sim.flash import SECTOR_BYTES

FORMAT_VERSION = 2
_SECTOR_USE = struct.Struct("<HHIII")
_HEADER = struct.Struct("<IBBHHHII")
SECTOR_MAGIC = 0x5348
GOOD_SECTORS = slice(32, 96)
SECTOR_HEADER_BYTES = 96
CHECK_OFFSET, COVERED_OFFSET, HEADER_BYTES = 4, 8, 24
CHECK_TOTAL = 0x3FFFFFFF
COVERED_BYTES = 32
FIELD_BYTES = 64
FLAG_PERSISTENT, FLAG_FIELD = 0x04, 0x08
KIND_CONTROL, KIND_TOMBSTONE, KIND_CLEAR, KIND_COMMIT, KIND_CANCEL = 0x40, 0x41, 0x42, 0x43, 0x44

# Transaction number and set of live records that a commit's MAC covers.
Committed = tuple[int, frozenset[bytes]]


@dataclass(frozen=True)
class Live:
    """A live record: what the commit's MAC covers of it, and its bit field."""

    flags: int
    covered: bytes
    bits: bytes


@dataclass
class State:
    """What is live, and the transaction whose commit vouches for it (-1: none)."""

    commit: int = -1
    live: dict[tuple[int, int], Live] = field(default_factory=dict)

    def committed(self) -> Committed:
        """What the commit's MAC covers."""
        return self.commit, frozenset(record.covered for record in self.live.values())

    def fields(self) -> dict[int, bytes]:
        """Bit fields by object id."""
        return {id: record.bits for (id, _), record in self.live.items() if record.bits}


@dataclass(frozen=True)
class Written:
    """A record that is not destroyed."""

    kind: int
    id: int
    part: int
    transaction: int
    live: Live


class _Replay:
    """Takes records in order; what a transaction changes takes effect when it is over."""

    def __init__(self) -> None:
        self.state = State()
        self._transaction = -1
        self._pending: list[Written] = []
        self._committed = self._cancelled = False

    def take(self, written: Written) -> None:
        """The next record."""
        if written.transaction != self._transaction:
            # Another one begins: the store was settled, so the last one is over.
            self._end()
            self._transaction = written.transaction
        if written.kind == KIND_COMMIT:
            self._committed = True
        elif written.kind == KIND_CANCEL:
            self._cancelled = True
        else:
            self._pending.append(written)

    def finish(self) -> State:
        """Behind the last record: only a commit makes the last transaction count."""
        if self._committed or self._cancelled:
            self._end()
        return self.state

    def _end(self) -> None:
        if not self._cancelled:
            for written in self._pending:
                _apply(self.state.live, written)
            if self._committed:
                self.state.commit = self._transaction
        self._pending = []
        self._committed = self._cancelled = False


def _apply(live: dict[tuple[int, int], Live], written: Written) -> None:
    if written.kind < KIND_CONTROL:
        live[written.id, written.part] = written.live
    elif written.kind == KIND_TOMBSTONE:
        for key in [key for key in live if key[0] == written.id]:
            del live[key]
    elif written.kind == KIND_CLEAR:
        for key in [key for key, old in live.items() if not old.flags & FLAG_PERSISTENT]:
            del live[key]


def read(region: bytes) -> State:
    """Replay the log in `region`."""
    replay = _Replay()
    for base in _sectors_in_order(region):
        for written in _records(region, base):
            replay.take(written)
    return replay.finish()


def _sectors_in_order(region: bytes) -> list[int]:
    """Offsets of the log's sectors; those that the youngest one's bitmap calls bad are none."""
    found = []
    for base in range(0, len(region), SECTOR_BYTES):
        use = _SECTOR_USE.unpack_from(region, base)
        if use[:2] == (SECTOR_MAGIC, FORMAT_VERSION) and sum(use) == CHECK_TOTAL:
            found.append((use[2], base))
    if not found:
        return []
    head = max(found)[1]
    good = int.from_bytes(region[head : head + SECTOR_BYTES][GOOD_SECTORS], "little")
    good |= 1 << head // SECTOR_BYTES
    return [base for _, base in sorted(found) if good >> base // SECTOR_BYTES & 1]


def _records(region: bytes, base: int) -> Iterator[Written]:
    """The sector's records; destroyed ones are stepped over."""
    at, end = base + SECTOR_HEADER_BYTES, base + SECTOR_BYTES
    while end - at >= HEADER_BYTES:
        fields = _HEADER.unpack_from(region, at + CHECK_OFFSET)
        _, kind, flags, id, part, length, _, transaction = fields
        destroyed = not region[at]
        size = (HEADER_BYTES + length + 7) & -8
        whole = kind != 0 if destroyed else sum(fields) == CHECK_TOTAL
        if not whole or size > end - at:
            return
        if not destroyed:
            payload_end = at + HEADER_BYTES + length
            bits = region[payload_end - FIELD_BYTES : payload_end] if flags & FLAG_FIELD else b""
            covered = region[at + COVERED_OFFSET : at + COVERED_OFFSET + COVERED_BYTES]
            yield Written(kind, id, part, transaction, Live(flags, covered, bits))
        at += size
