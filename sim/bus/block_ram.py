# SPDX-License-Identifier: GPL-2.0-or-later
"""Base class of RAM in a peripheral: plain memory but for offsets it watches."""

from __future__ import annotations

from typing import Any, ClassVar

from sim.bus.peripheral import MachinePort, Peripheral


class BlockRam(Peripheral):
    """`SIZE` bytes without atomic aliases. Stores at the offsets `WATCHED` come to `bus_write`.

    All other stores, and all loads, may pass it by: what it does with them is fixed.
    """

    ATOMIC_ALIASES = False
    WATCHED: ClassVar[range] = range(0)
    """Consecutive offsets."""

    def __init__(self, machine: MachinePort) -> None:
        super().__init__(machine)
        self.memory = bytearray(self.SIZE)

    def is_watched(self, offset: int, size: int) -> bool:
        """True if a store of `size` bytes touches what is watched."""
        return offset + size > self.WATCHED.start and offset < self.WATCHED.stop

    def reset(self) -> None:
        """The RAM keeps its contents: the reset line does not reach it."""

    def bus_read(self, offset: int, size: int) -> int:
        """`size` bytes at `offset`, little endian."""
        return int.from_bytes(self.memory[offset : offset + size], "little")

    def bus_write(self, offset: int, size: int, value: int) -> None:
        """Store `size` bytes."""
        value &= (1 << 8 * size) - 1
        size = min(size, self.SIZE - offset)
        self.memory[offset : offset + size] = value.to_bytes(8, "little")[:size]

    def word(self, offset: int) -> int:
        """The 32-bit word at `offset`."""
        return int.from_bytes(self.memory[offset : offset + 4], "little")

    def set_word(self, offset: int, value: int) -> None:
        """Write a word from the peripheral's side."""
        self.memory[offset : offset + 4] = value.to_bytes(4, "little")

    def state(self) -> Any:
        """The contents."""
        return bytes(self.memory)

    def load_state(self, state: Any) -> None:
        """Put the contents back."""
        self.memory[:] = state
