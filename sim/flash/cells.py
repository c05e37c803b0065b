# SPDX-License-Identifier: GPL-2.0-or-later
"""The array of a NOR flash chip, with all that can go wrong in it.

One model for the chip models and the desktop: program clears bits, erase sets a sector. On top of
that sectors wear out, stay weak after an erase that was cut short, operations fail, power fails.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Generic, TypeVar

from sim.flash import ERASED, PAGE_BYTES, SECTOR_BYTES, faults
from sim.flash.bits import cleared
from sim.flash.endurance import Endurance, OperationFault, not_kept
from sim.flash.faults import Torn
from sim.flash.journal import Entry, Operation
from sim.flash.power_cut import PowerCut, PowerCutPlan
from sim.flash.unstable import UnstableCells
from sim.flash.wear import Wear

ERASED_SECTOR = bytes((ERASED,)) * SECTOR_BYTES
Buffer = TypeVar("Buffer", bytearray, mmap.mmap)


class Cells(Generic[Buffer]):
    """Bytes in `buffer`, counted operations, and what a test has planned to go wrong."""

    def __init__(self, buffer: Buffer) -> None:
        self.buffer = buffer
        self.size_bytes = len(buffer)
        self.operation_count = 0
        self.wear = Wear(self.size_bytes)
        # What goes wrong, and when.
        self.cut: PowerCutPlan | None = None
        self.faults: list[OperationFault] = []
        self.endurance: Endurance | None = None
        # Sectors whose last erase was marginal.
        self.weak: set[int] = set()
        # True: cells that a power cut left in between read anew at each power-on.
        self.unstable_reads = False
        self.unstable = UnstableCells()
        self.seed = 0
        self.boot_count = 0
        # True: note operations that ask for a 1 where a cell is 0, which a program cannot give.
        # A byte of FF asks for nothing: that is how a page program leaves bytes alone.
        self.strict = False
        self.impossible: list[int] = []
        self.tick: Callable[[], int] = lambda: 0

    # --- operations -----------------------------------------------------------------------------

    def power_on(self) -> None:
        """The chip gets power: cells in between take a side."""
        self.boot_count += 1
        for offset, value in self.unstable.read(self.buffer, self.seed, self.boot_count):
            self.poke(offset, bytes((value,)))

    def program(self, offset: int, data: bytes) -> None:
        """Clear the bits that are 0 in `data`, which must stay inside one page.

        Raises PowerCut when the plan says so.
        """
        if not data or offset % PAGE_BYTES + len(data) > PAGE_BYTES:
            raise ValueError(f"page program of {len(data)} bytes at 0x{offset:x}")
        before = bytes(self.buffer[offset : offset + len(data)])
        if self.strict and _is_impossible(before, data):
            self.impossible.append(self.operation_count)
        self.apply(Operation.PROGRAM, offset, before, cleared(before, data))
        if self.unstable_reads:
            self.unstable.programmed(offset, data)

    def erase(self, offset: int) -> None:
        """Set the sector at `offset` to FF. Raises PowerCut when planned."""
        before = bytes(self.buffer[offset : offset + SECTOR_BYTES])
        self.apply(Operation.ERASE, offset, before, ERASED_SECTOR)
        if self.unstable_reads:
            self.unstable.erased(offset)

    def apply(self, operation: Operation, offset: int, before: bytes, after: bytes) -> None:
        """An operation that makes `after` of `before`, if nothing goes wrong."""
        entry = Entry(self.operation_count, operation, offset, before, after, self.tick())
        cut = self.cut if self.cut is not None and self.cut.operation_index == entry.index else None
        if cut is not None and cut.tear == "none":
            raise PowerCut(f"before flash operation {entry.index}")
        entry = self._spoilt(entry)
        if cut is None:
            self.leave(entry, Torn("full", entry.after))
            return
        self.leave(entry, faults.tear(cut.tear, entry, cut.seed))
        raise PowerCut(f"{cut.tear} at flash operation {entry.index}")

    def leave(self, entry: Entry, torn: Torn) -> None:
        """`entry` happened and left `torn`: all of it (`full`), or what there was till it ended."""
        sector = entry.offset // SECTOR_BYTES
        if entry.operation is Operation.PROGRAM:
            self.wear.programmed(entry.offset // PAGE_BYTES)
        else:
            self.wear.erased(sector)
            if torn.weak:
                self.weak.add(sector)
            elif torn.name == "full":
                self.weak.discard(sector)
        if self.unstable_reads and torn.name != "full":
            self.unstable.torn(entry.offset, entry.before, entry.after)
        self.record(entry if torn.cells is entry.after else replace(entry, after=torn.cells))
        self.poke(entry.offset, torn.cells)

    def record(self, entry: Entry) -> None:
        """`entry` happened so."""
        self.operation_count += 1

    def poke(self, offset: int, data: bytes) -> None:
        """Put bytes into the array without rules or wear: loading an image, faults."""
        self.buffer[offset : offset + len(data)] = data

    # --- what goes wrong ------------------------------------------------------------------------

    def _spoilt(self, entry: Entry) -> Entry:
        """The operation as a worn-out or weak sector, or a planned fault, lets it happen."""
        sector = entry.offset // SECTOR_BYTES
        endurance = self.endurance
        erases = entry.operation is Operation.ERASE
        if endurance and self.wear.erase_counts[sector] + erases >= endurance.limit(sector):
            cells = endurance.erased(entry) if erases else endurance.programmed(entry)
            entry = replace(entry, after=cells)
        if sector in self.weak and not erases:
            entry = replace(entry, after=not_kept(entry, self.seed))
        for fault in self.faults:
            if fault.operation_index == entry.index:
                entry = replace(entry, after=fault.cells(entry).cells)
        return entry

    # --- snapshots ------------------------------------------------------------------------------

    def fault_state(self) -> Any:
        """Wear, weak sectors, cells in between, and what is planned; not the bytes."""
        return (
            self.wear.state(),
            self.cut,
            tuple(self.faults),
            self.endurance,
            frozenset(self.weak),
            self.unstable.state(),
            (self.unstable_reads, self.strict, self.seed, self.boot_count),
            tuple(self.impossible),
        )

    def load_fault_state(self, state: Any) -> None:
        """Put back what `fault_state` told."""
        wear, self.cut, planned, self.endurance, weak, unstable, flags, impossible = state
        self.wear.load_state(wear)
        self.faults = list(planned)
        self.weak = set(weak)
        self.unstable.load_state(unstable)
        self.unstable_reads, self.strict, self.seed, self.boot_count = flags
        self.impossible = list(impossible)


def _is_impossible(before: bytes, data: bytes) -> bool:
    return any(new & ~old for old, new in zip(before, data, strict=True) if new != ERASED)
