# SPDX-License-Identifier: GPL-2.0-or-later
"""What a run touched that none before did: edges of code and of bytecode."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable

from sim import native

# Of machine code; as many of bytecode follow. Mirrors edges.h.
EDGES = 1 << 16


class _EdgeState(ctypes.Structure):
    """Mirror of `struct edges` in edges.h; the meaning of each field stands there."""

    previous: int

    _fields_ = (
        ("previous", ctypes.c_uint32),
        ("previous_opcode", ctypes.c_uint32),
        ("handlers_first", ctypes.c_uint32),
        ("handlers_end", ctypes.c_uint32),
        ("bytecode_first", ctypes.c_uint32),
        ("bytecode_end", ctypes.c_uint32),
        ("position_register", ctypes.c_int32),
        ("handlers", ctypes.c_void_p),
        ("counts", ctypes.c_void_p),
        ("bytecode", ctypes.c_void_p),
        ("reg_read", ctypes.c_void_p),
    )


class EdgeMap:
    """`counts`: how often each edge of the run was taken, hashed; `bytecode`: opcodes ever run."""

    # Holds the position in the bytecode where an opcode's code begins: GCC's choice on both chips.
    # A test compares what is read there with the bytecode that a tracer sees read.
    POSITION_REGISTER = "r4"

    def __init__(self) -> None:
        self._native = native.load()
        self.state = _EdgeState()
        self.counts = bytearray(2 * EDGES)
        self.bytecode = bytearray(1)
        self._seen = bytearray(2 * EDGES)
        self._counts = (ctypes.c_uint8 * len(self.counts)).from_buffer(self.counts)
        self._seen_bytes = (ctypes.c_uint8 * len(self._seen)).from_buffer(self._seen)
        self.state.counts = ctypes.addressof(self._counts)

    def follow_bytecode(self, handlers: Iterable[int], first: int, end: int) -> None:
        """Tell opcodes apart: `handlers` are the addresses of their code, [first, end) is theirs.

        `first`, `end`: where the frozen bytecode lies.
        """
        places = sorted(handlers)
        state = self.state
        state.handlers_first, state.handlers_end = places[0], places[-1] + 2
        marks = (ctypes.c_uint8 * ((places[-1] - places[0]) // 2 + 1))()
        for place in places:
            marks[(place - places[0]) // 2] = 1
        self.bytecode = bytearray(end - first)
        self._keep = (marks, (ctypes.c_uint8 * len(self.bytecode)).from_buffer(self.bytecode))
        state.handlers, state.bytecode = (ctypes.addressof(kept) for kept in self._keep)
        state.bytecode_first, state.bytecode_end = first, end

    def begin(self) -> None:
        """A new run."""
        ctypes.memset(self._counts, 0, len(self.counts))
        self.state.previous = self.state.previous_opcode = 0

    def begin_slice(self) -> None:
        """The run goes on, perhaps elsewhere."""
        self.state.previous = 0

    def news(self) -> int:
        """How much this run has that no run had before; now it had it, too."""
        return self._native.merge_edges(self._counts, self._seen_bytes, len(self.counts))

    def edges_seen(self) -> int:
        """How many different edges all runs took."""
        return len(self._seen) - self._seen.count(0)
