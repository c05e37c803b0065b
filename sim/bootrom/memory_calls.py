# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory and bit functions of RP2040's boot ROM.

Spec: [RP2040] 2.8.3.1.
"""

from __future__ import annotations

from typing import Protocol

WORD_BITS = 32


class Bus(Protocol):
    """Memory and blocks, as the core reaches them."""

    def bus_read(self, address: int, length: int) -> bytes: ...

    def bus_write(self, address: int, data: bytes) -> None: ...


class MemoryCalls:
    """Each method is one ROM function: arguments r0..r2, result r0."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

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
        self._bus.bus_write(pointer, bytes((value & 0xFF,)) * length)
        return pointer

    def memcpy(self, target: int, source: int, length: int) -> int:
        """MC, C4: copy; returns the target."""
        self._bus.bus_write(target, self._bus.bus_read(source, length))
        return target
