# SPDX-License-Identifier: GPL-2.0-or-later
"""The path of a run: executed instructions and accessed addresses, in order.

A path has millions of entries, so it is kept as hashes of its beginnings, one for each
CHUNK_ENTRIES. Two runs that differ are run again, and the first difference is captured.
"""

from __future__ import annotations

import ctypes
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

from sim.native.trace_state import STRETCHES_MAX, TraceState

CHUNK_ENTRIES = 1 << 12


class Kind(IntEnum):
    """What an entry of the path is."""

    EXECUTED = 0
    READ = 1
    WRITTEN = 2


class Entry(NamedTuple):
    """One step of a path."""

    kind: Kind
    address: int


@dataclass(frozen=True)
class Steps:
    """A run, instruction by instruction: where each is, and what was read last before it.

    `positions`: the last address read of the stretch that `Tracer.steps` was given, or 0.
    """

    addresses: array[int]
    positions: array[int]


@dataclass(frozen=True)
class Path:
    """A run's path, as hashes: equal paths are equal.

    `instructions`: those that took effect. What a condition of an IT block skips takes its time,
    so that two runs of one path may differ in their number.
    """

    entries: int
    instructions: int = field(compare=False)
    hash: int
    chunks: tuple[int, ...]

    def parts_from(self, other: Path) -> int | None:
        """Index of the first chunk in which two paths differ; None if they are equal."""
        if (self.entries, self.hash) == (other.entries, other.hash):
            return None
        for chunk, (mine, its) in enumerate(zip(self.chunks, other.chunks, strict=False)):
            if mine != its:
                return chunk
        return min(len(self.chunks), len(other.chunks))


class Tracer:
    """Follows a machine that was made with `trace`; nothing is recorded outside `record`."""

    def __init__(self, state: TraceState) -> None:
        self._state = state

    def blur(self, stretches: list[tuple[int, int]]) -> None:
        """Accesses to [first, end) count as one address: tables that are looked up by secrets."""
        if len(stretches) > STRETCHES_MAX:
            raise ValueError(f"{len(stretches)} tables: at most {STRETCHES_MAX}")
        for slot, (first, end) in zip(self._state.blurred, stretches, strict=False):
            slot.first, slot.end = first, end
        self._state.stretch_count = len(stretches)

    def follow_only(self, function: int | None) -> None:
        """From now on record what happens inside calls of the function there; None: everything."""
        self._state.gate = function or 0

    @contextmanager
    def reads_of(self, first: int, end: int) -> Iterator[bytearray]:
        """What is read of [first, end) meanwhile: a byte for each, not 0 once it was read."""
        marks = bytearray(end - first)
        buffer = (ctypes.c_uint8 * len(marks)).from_buffer(marks)
        state = self._state
        state.read_marks, state.marks_first, state.marks_end = ctypes.addressof(buffer), first, end
        try:
            yield marks
        finally:
            state.read_marks, state.marks_end = None, first

    def steps(self, run: Callable[[], object], count_max: int, first: int, end: int) -> Steps:
        """The instructions of `run`, with what it read last of [first, end) before each."""
        addresses = array("I", bytes(4 * count_max))
        positions = array("I", bytes(4 * count_max))
        state = self._begin()
        state.steps, state.positions = addresses.buffer_info()[0], positions.buffer_info()[0]
        state.steps_max, state.position = count_max, 0
        state.marks_first, state.marks_end = first, end
        self._follow(run)
        state.steps = state.positions = None
        state.marks_end = first
        count = min(count_max, state.instructions)
        return Steps(addresses[:count], positions[:count])

    def record(self, run: Callable[[], object], chunks_max: int = 1 << 18) -> Path:
        """The path of `run`."""
        hashes = (ctypes.c_uint64 * chunks_max)()
        state = self._begin()
        state.chunk_hashes, state.chunks_max = ctypes.addressof(hashes), chunks_max
        self._follow(run)
        state.chunk_hashes = None
        count = min(state.entries // CHUNK_ENTRIES, chunks_max)
        return Path(state.entries, state.instructions, state.hash, tuple(hashes[:count]))

    def capture(self, run: Callable[[], object], first: int, end: int) -> list[Entry]:
        """Entries `first` to `end` of the path of `run`; fewer if it ends before."""
        entries = (ctypes.c_uint64 * (end - first))()
        state = self._begin()
        state.captured, state.capture_first, state.capture_end = (
            ctypes.addressof(entries),
            first,
            end,
        )
        self._follow(run)
        state.captured = None
        count = max(0, min(end, state.entries) - first)
        return [Entry(Kind(entry >> 32), entry & 0xFFFF_FFFF) for entry in entries[:count]]

    def _begin(self) -> TraceState:
        state = self._state
        state.entries = state.instructions = state.hash = 0
        state.it_first = state.it_end = state.inside = 0
        state.chunk_entries = CHUNK_ENTRIES
        return state

    def _follow(self, run: Callable[[], object]) -> None:
        self._state.enabled = 1
        try:
            run()
        finally:
            self._state.enabled = 0


def first_difference(
    one: list[Entry], other: list[Entry]
) -> tuple[Entry | None, Entry | None, int] | None:
    """The first place where two captures differ: both entries (None: it ended) and its index."""
    for index, (mine, its) in enumerate(zip(one, other, strict=False)):
        if mine != its:
            return mine, its, index
    if len(one) == len(other):
        return None
    index = min(len(one), len(other))
    longer = one if len(one) > index else other
    entry = longer[index]
    return (entry, None, index) if longer is one else (None, entry, index)
