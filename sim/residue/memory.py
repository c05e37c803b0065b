# SPDX-License-Identifier: GPL-2.0-or-later
"""All memory of a device that a command can write, and whose each byte is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sim.device import Device
from sim.elf import SymbolTable
from sim.flash.journal import Entry

POOL = "arena"
POOL_IN_USE, POOL_FREE = "pool", "free pool"
BLOCK_HEADER_BYTES = 8
STATE_USED = b"DESU"  # 55534544h, little endian
DPRAM_BASE = 0x5010_0000
FLASH_BASE = 0x1000_0000
REGISTERS = (*(f"r{number}" for number in range(13)), "lr")


class NoSymbolsError(Exception):
    """The image came without its ELF file, so that nothing in it has an owner."""


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


def symbols_of(device: Device) -> SymbolTable:
    """The image's symbols. Raises NoSymbolsError."""
    if device.symbols is None:
        raise NoSymbolsError("no ELF file beside the image: build it with `nox -s firmware`")
    return device.symbols


def areas(device: Device) -> list[Area]:
    """SRAM with stacks, heap and pool; the USB controller's packets; the core's registers."""
    machine = device.machine
    registers = b"".join(machine.core.read(name).to_bytes(4, "little") for name in REGISTERS)
    return [
        Area("SRAM", machine.chip.sram_base, bytes(machine.sram.buffer)),
        Area("USB packet memory", DPRAM_BASE, bytes(machine.block("USBCTRL_DPRAM").memory)),
        Area("registers", 0, registers),
    ]


def written(entries: list[Entry]) -> list[Area]:
    """What operations of the flash's journal left in its cells."""
    return [Area("flash", FLASH_BASE + entry.offset, entry.after) for entry in entries]


def pool_blocks(device: Device) -> Iterator[Block]:
    """The pool's blocks that are in use, in the order of their addresses."""
    pool = symbols_of(device)[POOL]
    arena = device.machine.read_memory(pool.address, pool.size_bytes)
    offset = 0
    while offset < len(arena):
        size_bytes = int.from_bytes(arena[offset : offset + 4], "little")
        if not BLOCK_HEADER_BYTES <= size_bytes <= len(arena):
            return  # nothing was ever taken, or a boot has just begun
        start = offset + BLOCK_HEADER_BYTES
        if arena[offset + 4 : start] == STATE_USED:
            yield Block(pool.address + start, arena[start : offset + size_bytes])
        offset += size_bytes


class Owners:
    """Names the owner of an address in the SRAM."""

    def __init__(self, device: Device) -> None:
        self._symbols = symbols_of(device)
        self._device = device
        bottom, top = self._symbols["__StackBottom"].address, self._symbols["__StackTop"].address
        self._stack = range(bottom, top)
        self._heap = range(self._symbols["__bss_end__"].address, bottom)
        pool = self._symbols[POOL]
        self._pool = range(pool.address, pool.address + pool.size_bytes)

    def of(self, area: Area, address: int) -> str:
        """`stack`, `GC heap`, `pool`, `free pool`, the name of an object, or of the area."""
        if area.name != "SRAM":
            return area.name
        if address in self._stack:
            return "stack"
        if address in self._heap:
            return "GC heap"
        if address in self._pool:
            return POOL_IN_USE if self._is_in_use(address) else POOL_FREE
        symbol = self._symbols.object_at(address)
        return symbol.name if symbol is not None else "nobody"

    def _is_in_use(self, address: int) -> bool:
        return any(
            block.address <= address < block.address + len(block.content)
            for block in pool_blocks(self._device)
        )
