# SPDX-License-Identifier: GPL-2.0-or-later
"""A store so small that its cuts can be counted by hand.

Two sectors, a log of values by number. A sector begins with a header; the sector with the higher
sequence holds the log. Compaction copies what lives into the other sector and then writes its
header. `header_first` writes it before: the fault that an explorer must find.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

from sim.flash import SECTOR_BYTES
from sim.flash.cells import ERASED_SECTOR, Cells
from sim.flash.journal import Entry
from sim.scenario.explorer import Node
from sim.scenario.images import Image
from sim.scenario.invariants import Invariant, Verdict
from sim.scenario.subject import Boot, Recording

MAGIC = 0x544F5921
SLOT_BYTES = 16
RECORDS_AT = 16


class ToyFlash(Cells[bytearray]):
    """Two sectors and their journal."""

    def __init__(self, image: Image) -> None:
        super().__init__(bytearray(image.contents()))
        self.weak = set(image.weak_sectors)
        self.entries: list[Entry] = []

    def record(self, entry: Entry) -> None:
        super().record(entry)
        self.entries.append(entry)


class ToyStore:
    """Values by number; mounting settles what a cut left."""

    def __init__(self, flash: ToyFlash, header_first: bool = False) -> None:
        self._flash = flash
        self._header_first = header_first
        self.values: dict[int, int] = {}
        sequences = [self._sequence(sector) for sector in (0, 1)]
        self._active = sequences.index(max(sequences))
        self._next = RECORDS_AT
        if max(sequences):
            self._read()
            self._clean(1 - self._active)

    def _cells(self, sector: int) -> bytes:
        return bytes(self._flash.buffer[sector * SECTOR_BYTES : (sector + 1) * SECTOR_BYTES])

    def _sequence(self, sector: int) -> int:
        magic, sequence, check = struct.unpack_from("<III", self._cells(sector))
        return sequence if magic == MAGIC and check == zlib.crc32(_pair(sequence)) else 0

    def _read(self) -> None:
        cells = self._cells(self._active)
        for at in range(RECORDS_AT, SECTOR_BYTES, SLOT_BYTES):
            if cells[at : at + SLOT_BYTES].strip(b"\xff"):
                self._next = at + SLOT_BYTES
                number, value, check = struct.unpack_from("<III", cells, at)
                if check == zlib.crc32(struct.pack("<II", number, value)):
                    self.values[number] = value

    def _clean(self, sector: int) -> None:
        if self._cells(sector) != ERASED_SECTOR:
            self._flash.erase(sector * SECTOR_BYTES)

    def start(self) -> None:
        """Make an empty store."""
        self._clean(0)
        self._write_header(0, 1)

    def put(self, number: int, value: int) -> None:
        """Append one value."""
        self._append(self._active, self._next, number, value)
        self._next += SLOT_BYTES
        self.values[number] = value

    def compact(self) -> None:
        """Move what lives into the other sector."""
        target, sequence = 1 - self._active, self._sequence(self._active) + 1
        # Even if it reads erased: an erase that was cut short may not last.
        self._flash.erase(target * SECTOR_BYTES)
        if self._header_first:
            self._write_header(target, sequence)
        self._next = RECORDS_AT
        for number, value in self.values.items():
            self._append(target, self._next, number, value)
            self._next += SLOT_BYTES
        if not self._header_first:
            self._write_header(target, sequence)
        self._flash.erase(self._active * SECTOR_BYTES)
        self._active = target

    def _write_header(self, sector: int, sequence: int) -> None:
        header = struct.pack("<III", MAGIC, sequence, zlib.crc32(_pair(sequence)))
        self._flash.program(sector * SECTOR_BYTES, header)

    def _append(self, sector: int, at: int, number: int, value: int) -> None:
        record = struct.pack("<II", number, value)
        data = record + struct.pack("<I", zlib.crc32(record))
        self._flash.program(sector * SECTOR_BYTES + at, data)


def _pair(sequence: int) -> bytes:
    return struct.pack("<II", MAGIC, sequence)


class ToySubject:
    """`command` is "put" or "compact"."""

    def __init__(self, command: str, header_first: bool = False) -> None:
        self._command = command
        self._header_first = header_first
        flash = ToyFlash(Image.of(ERASED_SECTOR * 2))
        store = ToyStore(flash)
        store.start()
        for number in range(3):
            store.put(number, 1000 + number)
        self.start = Image.of(bytes(flash.buffer))
        self.before = {0: 1000, 1: 1001, 2: 1002}
        self.after = self.before | ({1: 77} if command == "put" else {})

    def record(self) -> Recording:
        flash = ToyFlash(self.start)
        store = ToyStore(flash, self._header_first)
        if self._command == "put":
            store.put(1, 77)
        else:
            store.compact()
        return Recording(self.start, tuple(flash.entries))

    def boot(self, image: Image) -> Boot:
        flash = ToyFlash(image)
        store = ToyStore(flash)
        entries = tuple(flash.entries)
        return Boot(entries, image.replay(entries), store.values)

    def boundaries(self, entry: Entry) -> Sequence[int]:
        return (4, 8)

    def outcome(self, boot: Boot) -> str:
        if boot.observation == self.after:
            return "after"
        return "before" if boot.observation == self.before else "between"

    def invariants(self) -> list[Invariant[Node]]:
        """The two that matter most."""
        return [
            Invariant("ATOM-1", "before or after", self._atomic),
            Invariant("BOOT-2", "the second boot is silent", self._settled),
        ]

    def _atomic(self, node: Node) -> Verdict:
        found = node.boot.observation
        problem = "" if found in (self.before, self.after) else f"found {found}"
        return Verdict(len(self.before), problem)

    def _settled(self, node: Node) -> Verdict:
        return Verdict(1, "not silent" if node.again.entries else "")
