# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory and bit functions of RP2040's boot ROM. Spec: [RP2040] 2.8.3.1."""

from __future__ import annotations

from typing import Protocol

WORD_BITS = 32


class Memory(Protocol):
    """The machine's memory."""

    def read_memory(self, address: int, length: int) -> bytes: ...

    def write_memory(self, address: int, data: bytes) -> None: ...


class MemoryCalls:
    """Each method is one ROM function: arguments r0..r2, result r0."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def popcount32(self, value: int) -> int:
        """P3."""
        return value.bit_count()

    def reverse32(self, value: int) -> int:
        """R3."""
        return int(f"{value:032b}"[::-1], 2)

    def clz32(self, value: int) -> int:
        """L3."""
        return WORD_BITS - value.bit_length()

    def ctz32(self, value: int) -> int:
        """T3."""
        return (value & -value).bit_length() - 1 if value else WORD_BITS

    def memset(self, pointer: int, value: int, length: int) -> int:
        """MS, S4: fill; returns the pointer."""
        self._memory.write_memory(pointer, bytes((value & 0xFF,)) * length)
        return pointer

    def memcpy(self, target: int, source: int, length: int) -> int:
        """MC, C4: copy; returns the target."""
        self._memory.write_memory(target, self._memory.read_memory(source, length))
        return target
