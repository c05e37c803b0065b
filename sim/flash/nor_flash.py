# SPDX-License-Identifier: GPL-2.0-or-later
"""One flash chip: its array with a journal, identity, files, snapshots.

Spec: data sheet of the W25Q16JV/W25Q32RV (the boards' chips): 256-byte page program that wraps
inside the page, 4 KiB sector erase. Times are those of the data sheet's typical column.
"""

from __future__ import annotations

import contextlib
import mmap
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sim.flash import ERASED, SECTOR_BYTES
from sim.flash.cells import Cells
from sim.flash.journal import Entry

PAGE_PROGRAM_US = 700
SECTOR_ERASE_US = 45_000
MANUFACTURER_WINBOND = 0xEF
MEMORY_TYPE = 0x40


class FlashFileError(Exception):
    """A flash file cannot be used; one line for the user."""


class FlashSaveError(Exception):
    """A flash file could not be written; one line for the user."""


class NorFlash(Cells[mmap.mmap]):
    """One flash chip. The bytes live in `buffer`, which the chip models map as the XIP window."""

    def __init__(
        self, size_bytes: int, unique_id: bytes = bytes.fromhex("e4600123456789ab")
    ) -> None:
        if size_bytes <= 0 or size_bytes & (size_bytes - 1) or size_bytes < SECTOR_BYTES:
            raise ValueError(f"flash of {size_bytes} bytes: not a power of two of whole sectors")
        if len(unique_id) != 8:
            raise ValueError("a flash chip's unique id has 8 bytes")
        super().__init__(mmap.mmap(-1, size_bytes))
        self.unique_id = unique_id
        self.jedec_id = bytes((MANUFACTURER_WINBOND, MEMORY_TYPE, size_bytes.bit_length() - 1))
        self.buffer[:] = bytes((ERASED,)) * size_bytes
        self.journal: list[Entry] = []
        # Called with (offset, length) after cells changed, so that translations are dropped.
        self.on_change: Callable[[int, int], None] = lambda offset, length: None
        # One immutable copy per sector, made when a snapshot needs it: equal sectors are shared.
        self._sectors: list[bytes | None] = [None] * (size_bytes // SECTOR_BYTES)

    # --- reading --------------------------------------------------------------------------------

    def read(self, offset: int, length: int) -> bytes:
        """Bytes of the array; the address wraps at the end of the chip."""
        offset %= self.size_bytes
        data = self.buffer[offset : offset + length]
        return data if len(data) == length else data + self.read(0, length - len(data))

    # --- operations -----------------------------------------------------------------------------

    def program(self, offset: int, data: bytes) -> None:
        """Page program; the address wraps at the end of the chip. As `Cells.program`."""
        super().program(offset % self.size_bytes, data)

    def erase(self, offset: int) -> None:
        """Sector erase of the sector that contains `offset`. Raises PowerCut when planned."""
        super().erase(offset % self.size_bytes & ~(SECTOR_BYTES - 1))

    def record(self, entry: Entry) -> None:
        """`entry` happened so: it goes to the journal."""
        super().record(entry)
        self.journal.append(entry)

    def poke(self, offset: int, data: bytes) -> None:
        """Put bytes into the array without rules, journal or wear: loading an image, faults."""
        super().poke(offset, data)
        for sector in range(offset // SECTOR_BYTES, -(-(offset + len(data)) // SECTOR_BYTES)):
            self._sectors[sector] = None
        self.on_change(offset, len(data))

    # --- files and snapshots --------------------------------------------------------------------

    def contents(self) -> bytes:
        """The whole array."""
        return self.buffer[:]

    def save(self, path: Path) -> None:
        """Write the array to a file of the chip's size.

        Raises FlashSaveError if that fails; the old file stays, and nothing else.
        """
        # A link to the file stays a link.
        target = path.resolve()
        draft = target.with_name(target.name + ".new")
        try:
            draft.write_bytes(self.buffer[:])
            draft.replace(target)
        except OSError as error:
            with contextlib.suppress(OSError):
                draft.unlink()
            reason = error.strerror or "cannot be written"
            raise FlashSaveError(f"flash file {path}: {reason}; its old contents stay") from None

    def load(self, path: Path) -> None:
        """Fill the array from a file; raises FlashFileError if it has another size."""
        try:
            data = path.read_bytes()
        except OSError as error:
            raise FlashFileError(f"flash file {path}: {error.strerror}") from error
        if len(data) != self.size_bytes:
            raise FlashFileError(
                f"flash file {path}: {len(data)} bytes, the board's flash has {self.size_bytes}"
            )
        self.poke(0, data)

    def state(self) -> Any:
        """Contents, journal, wear, faults; sectors that did not change since are shared."""
        for sector, data in enumerate(self._sectors):
            if data is None:
                start = sector * SECTOR_BYTES
                self._sectors[sector] = self.buffer[start : start + SECTOR_BYTES]
        journal = (self.operation_count, self.journal.copy())
        return (self._sectors.copy(), journal, self.fault_state())

    def load_state(self, state: Any) -> None:
        """Put back what changed since `state()`."""
        sectors, (self.operation_count, journal), planned = state
        if self._sectors != sectors:
            self._restore_sectors(sectors)
        self.journal = journal.copy()
        self.load_fault_state(planned)

    def _restore_sectors(self, sectors: list[bytes]) -> None:
        for sector, data in enumerate(sectors):
            if self._sectors[sector] is not data:
                self.poke(sector * SECTOR_BYTES, data)
                self._sectors[sector] = data
