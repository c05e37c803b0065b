# SPDX-License-Identifier: GPL-2.0-or-later
"""All memory of a device, and whose each byte is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sim.device import Device

POOL = "arena"
BLOCK_HEADER_BYTES = 8
STATE_USED = b"DESU"  # 55534544h, little endian


@dataclass(frozen=True)
class Area:
    """A stretch of memory as it is now."""

    name: str
    base: int
    content: bytes


@dataclass(frozen=True)
class Block:
    """A block of the crypto pool that is in use."""

    address: int
    content: bytes


def areas(device: Device) -> list[Area]:
    """SRAM, the USB controller's packet memory, the flash with image and data."""
    machine = device.machine
    return [
        Area("SRAM", machine.chip.sram_base, bytes(machine.sram.buffer)),
        Area("USB packet memory", 0x5010_0000, bytes(machine.block("USBCTRL_DPRAM").memory)),
        Area("flash", 0x1000_0000, bytes(machine.flash.buffer)),
    ]


def pool_blocks(device: Device) -> Iterator[Block]:
    """The pool's blocks that are in use, in the order of their addresses."""
    symbols = device.symbols
    assert symbols is not None
    pool = symbols[POOL]
    arena = device.machine.read_memory(pool.address, pool.size_bytes)
    offset = 0
    while offset < len(arena):
        size_bytes = int.from_bytes(arena[offset : offset + 4], "little")
        if not size_bytes:
            return  # nothing was ever taken
        start = offset + BLOCK_HEADER_BYTES
        if arena[offset + 4 : start] == STATE_USED:
            yield Block(pool.address + start, arena[start : offset + size_bytes])
        offset += size_bytes


class Owners:
    """Names the owner of an address in the SRAM."""

    def __init__(self, device: Device) -> None:
        symbols = device.symbols
        assert symbols is not None
        self._symbols = symbols
        self._device = device
        self._stack = range(symbols["__StackBottom"].address, symbols["__StackTop"].address)
        self._heap = range(symbols["__bss_end__"].address, self._stack.start)
        pool = symbols[POOL]
        self._pool = range(pool.address, pool.address + pool.size_bytes)

    def of(self, address: int) -> str:
        """`stack`, `GC heap`, `pool`, `free pool`, or the name of an object."""
        if address in self._stack:
            return "stack"
        if address in self._heap:
            return "GC heap"
        if address in self._pool:
            blocks = pool_blocks(self._device)
            used = any(
                block.address <= address < block.address + len(block.content) for block in blocks
            )
            return "pool" if used else "free pool"
        symbol = self._symbols.object_at(address)
        return symbol.name if symbol is not None else "nobody"
