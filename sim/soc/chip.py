# SPDX-License-Identifier: GPL-2.0-or-later
"""The form of a composition table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sim.bootrom.rom import BootRom
from sim.bus.peripheral import MachinePort, Peripheral
from sim.bus.unmodelled import Allowed
from sim.cpu.scb import SystemControlSpace


@dataclass(frozen=True)
class Block:
    """One block: datasheet name, base address, how to make its model (None: there is none)."""

    name: str
    base: int
    make: Callable[[MachinePort], Peripheral] | None
    size: int = 0x4000


@dataclass(frozen=True)
class Chip:
    """A chip as data."""

    name: str
    cpu_model: str
    irq_count: int
    priority_bits: int
    control_space: type[SystemControlSpace]
    boot_rom: type[BootRom]
    sram_base: int
    sram_bytes: int
    xip_aliases: tuple[int, ...]
    blocks: tuple[Block, ...]
    allowed: tuple[Allowed, ...] = ()
