# SPDX-License-Identifier: GPL-2.0-or-later
"""How much of MicroPython's heap is in use, read from its allocation table in RAM.

The table has two bits for each block of 16 bytes: 00 free, anything else in use. It begins where
the heap begins, and the collector's state names its length (MicroPython: py/gc.c, py/mpstate.h).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sim.device import Device

BLOCK_BYTES = 16
BLOCKS_PER_BYTE = 4
_FREE = 0
_TAILS = bytes((0, 0, 1, 0)) + bytes(252)
# How many of the four blocks are in use, for each byte of the table.
_IN_USE = bytes(sum(byte >> shift & 3 != _FREE for shift in (0, 2, 4, 6)) for byte in range(256))
_STATE_BYTES = 1024
# Words of the collector's state: start and length of the table, the table of finalisers, start and
# end of the blocks, and the byte of the table where the next search for a free block begins.
_LENGTH, _NEXT_SEARCH = 1, 5


@dataclass(frozen=True)
class Heap:
    """Where the table is. All addresses stay the same while the device has power."""

    device: Device
    table_address: int
    table_bytes: int
    next_search_address: int

    @classmethod
    def find(cls, device: Device) -> Heap:
        """In a device that has started MicroPython."""
        symbols = device.symbols
        assert symbols is not None, "an image without its ELF file"
        table_address = symbols["__heap_start"].address
        state_address = symbols["mp_state_ctx"].address
        state = device.machine.read_memory(state_address, _STATE_BYTES)
        words = [int.from_bytes(state[at : at + 4], "little") for at in range(0, len(state), 4)]
        first = words.index(table_address)
        next_search = state_address + 4 * (first + _NEXT_SEARCH)
        return cls(device, table_address, words[first + _LENGTH], next_search)

    @property
    def total_bytes(self) -> int:
        """Bytes of all blocks."""
        return self.table_bytes * BLOCKS_PER_BYTE * BLOCK_BYTES

    def table(self) -> bytes:
        """The states of the blocks, four in a byte."""
        return self.device.machine.read_memory(self.table_address, self.table_bytes)

    def used_bytes(self) -> int:
        """Bytes of the heap in blocks that are allocated, garbage included."""
        return BLOCK_BYTES * sum(self.table().translate(_IN_USE))

    def collect_at_next_allocation(self) -> None:
        """Let the next search begin, and end, behind the last block: then garbage is collected."""
        end = self.table_bytes.to_bytes(4, "little")
        self.device.machine.write_memory(self.next_search_address, end)


def used_bytes(device: Device) -> int:
    """Bytes of the heap in blocks that are allocated, garbage included."""
    return Heap.find(device).used_bytes()


def largest_object_bytes(device: Device) -> int:
    """Size of the largest object in the heap, in whole blocks."""
    table = Heap.find(device).table()
    blocks = bytes(byte >> shift & 3 for byte in table for shift in (0, 2, 4, 6))
    runs = blocks.translate(_TAILS).split(b"\0")
    return BLOCK_BYTES * (1 + max(map(len, runs)))


def lowest_use_bytes(device: Device, exchange: Callable[[], object], exchanges: int) -> int:
    """What lives in the heap: its lowest use over many exchanges, for which it was collected."""
    lowest = used_bytes(device)
    for _ in range(exchanges):
        exchange()
        lowest = min(lowest, used_bytes(device))
    return lowest
