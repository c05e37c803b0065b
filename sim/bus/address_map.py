# SPDX-License-Identifier: GPL-2.0-or-later
"""Which memory and which block is where."""

from __future__ import annotations

from collections.abc import Callable

from sim.bus.block_ram import BlockRam
from sim.bus.peripheral import Peripheral
from sim.bus.unmodelled import Allowed, UnmodelledAccess
from sim.cpu.core import Core, Region
from sim.cpu.window import BusRead, BusWrite


class BadAddress(LookupError):
    """No memory at this address (host side)."""


class AddressMap:
    """Memory regions for the host's reads and writes; blocks as the core reaches them."""

    def __init__(self, core: Core, allowed: tuple[Allowed, ...]) -> None:
        self._core = core
        self._allowed = {(entry.block, entry.offset): entry for entry in allowed}
        self._memory: list[tuple[int, int, Region, bool]] = []
        self._windows: dict[str, tuple[int, int]] = {}
        self.blocks: dict[str, Peripheral] = {}

    @property
    def allowed_count(self) -> int:
        """Length of the allow-list: what may happen without a model."""
        return len(self._allowed)

    # --- memory ---------------------------------------------------------------------------------

    def add_memory(self, base: int, region: Region, *, writable: bool) -> None:
        """Show a region to the core and to the host."""
        self._core.map_memory(region, base, writable=writable)
        self._memory.append((base, base + region.size_bytes, region, writable))

    def _find(self, address: int, length: int) -> tuple[Region, int, bool]:
        for base, end, region, writable in self._memory:
            if base <= address and address + length <= end:
                return region, address - base, writable
        raise BadAddress(f"no memory at 0x{address:08x}, {length} bytes")

    def read_memory(self, address: int, length: int) -> bytes:
        """Bytes of ROM, RAM or flash. Raises BadAddress."""
        region, offset, _ = self._find(address, length)
        return region.buffer[offset : offset + length]

    def write_memory(self, address: int, data: bytes) -> None:
        """Bytes into RAM. Raises BadAddress."""
        region, offset, writable = self._find(address, len(data))
        if not writable:
            raise BadAddress(f"memory at 0x{address:08x} cannot be written")
        region.buffer[offset : offset + len(data)] = data
        self._core.content_changed(region, offset, len(data))

    def poke(self, address: int, data: bytes) -> None:
        """Bytes into any memory, as a fault would put them there. Raises BadAddress."""
        region, offset, _ = self._find(address, len(data))
        region.buffer[offset : offset + len(data)] = data
        self._core.content_changed(region, offset, len(data))

    def bus_read(self, address: int, length: int) -> bytes:
        """Bytes as a load of the core gets them: from memory or, byte by byte, from a block."""
        try:
            return self.read_memory(address, length)
        except BadAddress:
            block, offset = self._block_at(address, length)
            return bytes(block.bus_read(offset + n, 1) for n in range(length))

    def bus_write(self, address: int, data: bytes) -> None:
        """Bytes as a store of the core puts them: into memory or, byte by byte, into a block."""
        try:
            self.write_memory(address, data)
        except BadAddress:
            block, offset = self._block_at(address, len(data))
            for position, value in enumerate(data):
                block.bus_write(offset + position, 1, value)

    def _block_at(self, address: int, length: int) -> tuple[Peripheral, int]:
        for name, (base, size) in self._windows.items():
            if base <= address and address + length <= base + size:
                return self.blocks[name], address - base
        raise BadAddress(f"nothing at 0x{address:08x}, {length} bytes")

    # --- blocks ---------------------------------------------------------------------------------

    def add_block(self, base: int, block: Peripheral, size: int) -> None:
        """Show a block to the core."""
        self.blocks[block.name] = block
        self._windows[block.name] = (base, size)
        read, write = self._guarded(block)
        if isinstance(block, BlockRam):
            assert size == len(block.memory), block.name
            self._core.map_block_ram(base, block.memory, block.WATCHED, write)
            return
        self._core.map_peripheral(base, size, read, None if block.IGNORES_STORES else write)

    def _guarded(self, block: Peripheral) -> tuple[BusRead, BusWrite]:
        """The block's bus functions; with allowed accesses let through where there are any."""
        if not any(name == block.name for name, _ in self._allowed):
            return block.bus_read, block.bus_write

        def read(offset: int, size: int) -> int:
            return self._forgive(block, offset, lambda: block.bus_read(offset, size))

        def write(offset: int, size: int, value: int) -> None:
            self._forgive(block, offset, lambda: block.bus_write(offset, size, value))

        return read, write

    def _forgive(self, block: Peripheral, offset: int, access: Callable[[], int | None]) -> int:
        try:
            return access() or 0
        except UnmodelledAccess as error:
            entry = self._allowed.get((block.name, error.offset))
            if entry is None:
                raise
            return entry.value
