# SPDX-License-Identifier: GPL-2.0-or-later
"""How much of MicroPython's heap is in use, read from its allocation table in RAM.

The table has two bits for each block of 16 bytes: 00 free, anything else in use. It begins where
the heap begins, and the collector's state names its length (MicroPython: py/gc.c, py/mpstate.h).
"""

from __future__ import annotations

from collections.abc import Callable

from sim.device import Device

BLOCK_BYTES = 16
_FREE = 0
_TAILS = bytes((0, 0, 1, 0)) + bytes(252)
_STATE_BYTES = 1024


def _blocks(device: Device) -> bytes:
    """The state of each block: free, head of an object, tail of one, marked head."""
    symbols = device.symbols
    assert symbols is not None, "an image without its ELF file"
    heap_start = symbols["__heap_start"].address.to_bytes(4, "little")
    state = device.machine.read_memory(symbols["mp_state_ctx"].address, _STATE_BYTES)
    words = [state[at : at + 4] for at in range(0, len(state), 4)]
    table_bytes = int.from_bytes(words[words.index(heap_start) + 1], "little")
    table = device.machine.read_memory(symbols["__heap_start"].address, table_bytes)
    return bytes(byte >> shift & 3 for byte in table for shift in (0, 2, 4, 6))


def used_bytes(device: Device) -> int:
    """Bytes of the heap in blocks that are allocated, garbage included."""
    blocks = _blocks(device)
    return BLOCK_BYTES * (len(blocks) - blocks.count(_FREE))


def largest_object_bytes(device: Device) -> int:
    """Size of the largest object in the heap, in whole blocks."""
    runs = _blocks(device).translate(_TAILS).split(b"\0")
    return BLOCK_BYTES * (1 + max(map(len, runs)))


def lowest_use_bytes(device: Device, exchange: Callable[[], object], exchanges: int) -> int:
    """What lives in the heap: its lowest use over many exchanges, for which it was collected."""
    lowest = used_bytes(device)
    for _ in range(exchanges):
        exchange()
        lowest = min(lowest, used_bytes(device))
    return lowest
