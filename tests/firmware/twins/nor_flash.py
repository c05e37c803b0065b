# SPDX-License-Identifier: GPL-2.0-or-later
"""A small NOR flash over the chip models' cells: faults, and read-back.

A `PowerCut` ends the firmware, never the flash: its cells are what the next boot finds. Nothing is
done without power. A failed operation raises what the test chose, and the firmware goes on.
"""

from collections.abc import Callable
from functools import partial

from sim.flash import PAGE_BYTES, SECTOR_BYTES, faults
from sim.flash.bits import cleared
from sim.flash.cells import ERASED_SECTOR, Cells
from sim.flash.faults import Torn
from sim.flash.journal import Entry, Operation


class PowerCut(BaseException):
    """Power failed during a flash operation. No `Exception`: no firmware handler may stop it."""


Tear = Callable[[Entry], Torn]
"""Operation -> what the cells hold when it was interrupted."""


def tear_none(entry: Entry) -> Torn:
    """The operation had no effect."""
    return faults.tear("none", entry)


def tear_full(entry: Entry) -> Torn:
    """The operation had its full effect, its status was not seen."""
    return faults.tear("full", entry)


def tear_prefix(entry: Entry) -> Torn:
    """The first half of the bytes that change took their new value."""
    return faults.tear("prefixHalf", entry)


def tear_suffix(entry: Entry) -> Torn:
    """The last half of the bytes that change took their new value."""
    return faults.tear("suffixHalf", entry)


def tear_even_bits(entry: Entry) -> Torn:
    """Every second bit took its new value."""
    return faults.tear("evenBits", entry)


def tear_odd_bits(entry: Entry) -> Torn:
    """The other bits took their new value."""
    return faults.tear("oddBits", entry)


def tear_but_one_bit(entry: Entry) -> Torn:
    """All bits but the last one that changes took their new value."""
    return faults.tear("butBitLast", entry)


def tear_zeros(entry: Entry) -> Torn:
    """An erase that stopped after its pre-programming: all cells read 0. A program: nothing."""
    return faults.tear("preprogrammed" if entry.operation is Operation.ERASE else "none", entry)


TEARS: tuple[Tear, ...] = (
    tear_none,
    tear_full,
    tear_prefix,
    tear_suffix,
    tear_even_bits,
    tear_odd_bits,
    tear_but_one_bit,
    tear_zeros,
)


class NorFlash:
    """`sectors` sectors of 4 KiB, erased. Counts operations; cuts the power at a chosen one.

    `array` is the model behind it: wear, endurance, weak sectors, faults.
    """

    def __init__(self, sectors: int, image: bytes | None = None) -> None:
        self.size_bytes = sectors * SECTOR_BYTES
        self.cells = bytearray(ERASED_SECTOR * sectors if image is None else image)
        if len(self.cells) != self.size_bytes:
            raise ValueError("image size")
        self.array = Cells(self.cells)
        # Those that were complete.
        self.operations = 0
        self.programmed_bytes = 0
        self._fault_at: int | None = None
        self._tear: Tear = tear_none
        self._fault: type[BaseException] = PowerCut
        self._powered = True
        self.ignores_programs = False
        self.journal: list[tuple[str, int, bytes, bytes]] | None = None

    @property
    def erase_counts(self) -> list[int]:
        return self.array.wear.erase_counts

    def arm(
        self, operations: int, tear: Tear | str = tear_none, fault: type[BaseException] = PowerCut
    ) -> None:
        """A fault, once, during the operation after the next `operations` complete ones.

        `tear`: also by its name in `sim.flash.faults`.
        PowerCut: nothing more is done before `power_on`. Another: the operation fails so.
        """
        self._fault_at = self.operations + operations
        self._tear = partial(faults.tear, tear) if isinstance(tear, str) else tear
        self._fault = fault

    def disarm(self) -> None:
        self._fault_at = None

    def armed(self) -> bool:
        """True until the fault that was armed has happened."""
        return self._fault_at is not None

    def power_on(self) -> None:
        self._powered = True

    def image(self) -> bytes:
        """What a reader with probes sees."""
        return bytes(self.cells)

    def view(self) -> memoryview:
        return memoryview(self.cells).toreadonly()

    def program(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        data = bytes(data)
        if not data or offset < 0 or offset + len(data) > self.size_bytes:
            raise OSError(22, "EINVAL")
        if offset // PAGE_BYTES != (offset + len(data) - 1) // PAGE_BYTES:
            raise OSError(22, "EINVAL")
        if self.ignores_programs:
            return
        before = bytes(self.cells[offset : offset + len(data)])
        self.programmed_bytes += len(data)
        self._apply("program", offset, before, cleared(before, data))
        if self.cells[offset : offset + len(data)] != data:
            raise OSError(5, "EIO")

    def erase(self, offset: int) -> None:
        if offset % SECTOR_BYTES or not 0 <= offset < self.size_bytes:
            raise OSError(22, "EINVAL")
        before = bytes(self.cells[offset : offset + SECTOR_BYTES])
        self._apply("erase", offset, before, ERASED_SECTOR)
        if not self.is_erased(offset, SECTOR_BYTES):
            raise OSError(5, "EIO")

    def is_erased(self, offset: int, length: int) -> bool:
        return self.cells.count(0xFF, offset, offset + length) == length

    def _apply(self, kind: str, offset: int, before: bytes, after: bytes) -> None:
        if not self._powered:
            raise PowerCut
        if self._fault_at is not None and self.operations >= self._fault_at:
            self._fail(Entry(self.operations, Operation(kind), offset, before, after, 0))
        self.operations += 1
        if self.journal is not None:
            self.journal.append((kind, offset, before, after))
        self.array.apply(Operation(kind), offset, before, after)

    def _fail(self, entry: Entry) -> None:
        """The armed fault: the tear's cells, then its exception."""
        self.array.leave(entry, self._tear(entry))
        self._fault_at = None
        self._powered = self._fault is not PowerCut
        raise self._fault
