# SPDX-License-Identifier: GPL-2.0-or-later
"""BOOTRAM: 1 KiB that the boot ROM owns, write-once words and boot locks.

Spec: [RP2350] 4.3.
"""

from __future__ import annotations

from typing import Any

from sim.bus.peripheral import MachinePort, Peripheral
from sim.bus.unmodelled import UnmodelledAccess

MEMORY_BYTES = 0x400
WRITE_ONCE, BOOTLOCK_STAT, BOOTLOCK = 0x800, 0x808, 0x80C
LOCKS = 8


class Bootram(Peripheral):
    """Memory with atomic aliases at +1000h...3000h; byte and halfword writes touch their lanes
    only.
    """

    NAME = "BOOTRAM"

    def __init__(self, machine: MachinePort, name: str | None = None) -> None:
        self.memory = bytearray(MEMORY_BYTES)
        self.write_once = [0, 0]
        self.locks = (1 << LOCKS) - 1
        super().__init__(machine, name)

    def reset(self) -> None:
        self.write_once = [0, 0]
        self.locks = (1 << LOCKS) - 1

    def read(self, offset: int) -> int:
        if offset < MEMORY_BYTES:
            return int.from_bytes(self.memory[offset : offset + 4], "little")
        if offset in (WRITE_ONCE, WRITE_ONCE + 4):
            return self.write_once[(offset - WRITE_ONCE) // 4]
        if offset == BOOTLOCK_STAT:
            return self.locks
        if BOOTLOCK <= offset < BOOTLOCK + 4 * LOCKS:
            return self._claim((offset - BOOTLOCK) // 4)
        raise UnmodelledAccess(self.name, offset, "read")

    def _claim(self, lock: int) -> int:
        bit = 1 << lock
        free = self.locks & bit
        self.locks &= ~bit
        return free

    def peek(self, offset: int) -> int:
        return self.read(offset) if offset < MEMORY_BYTES else 0

    def bus_write(self, offset: int, size: int, value: int) -> None:
        lane = offset & 3
        if size == 4 or offset & 0xFFF >= MEMORY_BYTES:
            super().bus_write(offset, size, value)
            return
        mask = ((1 << (8 * size)) - 1) << (8 * lane)
        word = value << (8 * lane) & mask
        if (offset >> 12) & 3 == 0:
            word |= self.read(offset & 0xFFC) & ~mask
        super().bus_write(offset & ~3, 4, word)

    def write(self, offset: int, value: int) -> None:
        if offset < MEMORY_BYTES:
            self.memory[offset : offset + 4] = value.to_bytes(4, "little")
        elif offset in (WRITE_ONCE, WRITE_ONCE + 4):
            self.write_once[(offset - WRITE_ONCE) // 4] |= value
        elif offset == BOOTLOCK_STAT:
            self.locks = value & ((1 << LOCKS) - 1)
        elif BOOTLOCK <= offset < BOOTLOCK + 4 * LOCKS:
            self.locks |= 1 << (offset - BOOTLOCK) // 4
        else:
            raise UnmodelledAccess(self.name, offset, "write")

    def state(self) -> Any:
        return (bytes(self.memory), tuple(self.write_once), self.locks)

    def load_state(self, state: Any) -> None:
        memory, write_once, self.locks = state
        self.memory[:] = memory
        self.write_once = list(write_once)
