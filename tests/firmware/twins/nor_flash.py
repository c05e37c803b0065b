# SPDX-License-Identifier: GPL-2.0-or-later
"""A small NOR flash: AND-programming, sector erase, wear, a fault at operation N.

A `PowerCut` ends the firmware, never the flash: its cells are what the next boot finds. Nothing is
done without power. A failed operation raises what the test chose, and the firmware goes on.
"""

from collections.abc import Callable

PAGE_BYTES = 256
SECTOR_BYTES = 4096


class PowerCut(BaseException):
    """Power failed during a flash operation. No `Exception`: no firmware handler may stop it."""


Tear = Callable[[bytes, bytes], bytes]
"""(before, after) -> what the cells hold when the operation was interrupted."""


def tear_none(before: bytes, after: bytes) -> bytes:
    """The operation had no effect."""
    return before


def tear_full(before: bytes, after: bytes) -> bytes:
    """The operation had its full effect, its status was not seen."""
    return after


def tear_prefix(before: bytes, after: bytes) -> bytes:
    """The first half of the bytes that change took their new value."""
    changed = [i for i in range(len(before)) if before[i] != after[i]]
    out = bytearray(before)
    for i in changed[: (len(changed) + 1) // 2]:
        out[i] = after[i]
    return bytes(out)


def tear_suffix(before: bytes, after: bytes) -> bytes:
    """The last half of the bytes that change took their new value."""
    changed = [i for i in range(len(before)) if before[i] != after[i]]
    out = bytearray(before)
    for i in changed[len(changed) // 2 :]:
        out[i] = after[i]
    return bytes(out)


def tear_even_bits(before: bytes, after: bytes) -> bytes:
    """Every second bit took its new value."""
    return bytes((b & 0xAA) | (a & 0x55) for b, a in zip(before, after, strict=True))


def tear_odd_bits(before: bytes, after: bytes) -> bytes:
    """The other bits took their new value."""
    return bytes((b & 0x55) | (a & 0xAA) for b, a in zip(before, after, strict=True))


def tear_but_one_bit(before: bytes, after: bytes) -> bytes:
    """All bits but the last one that changes took their new value."""
    out = bytearray(after)
    for i in reversed(range(len(before))):
        difference = before[i] ^ after[i]
        if difference:
            out[i] ^= difference & -difference
            break
    return bytes(out)


def tear_zeros(before: bytes, after: bytes) -> bytes:
    """An erase that stopped after its pre-programming: all cells read 0. A program: nothing."""
    return bytes(len(before)) if len(before) == SECTOR_BYTES else before


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
    """`sectors` sectors of 4 KiB, erased. Counts operations; cuts the power at a chosen one."""

    def __init__(self, sectors: int, image: bytes | None = None) -> None:
        self.size_bytes = sectors * SECTOR_BYTES
        self.cells = bytearray(b"\xff" * self.size_bytes if image is None else image)
        if len(self.cells) != self.size_bytes:
            raise ValueError("image size")
        self.erase_counts = [0] * sectors
        self.operations = 0
        self.programmed_bytes = 0
        self._fault_at: int | None = None
        self._tear: Tear = tear_none
        self._fault: type[BaseException] = PowerCut
        self._powered = True
        self.ignores_programs = False
        self.journal: list[tuple[str, int, bytes, bytes]] | None = None

    def arm(
        self, operations: int, tear: Tear = tear_none, fault: type[BaseException] = PowerCut
    ) -> None:
        """A fault, once, during the operation after the next `operations` complete ones.

        PowerCut: nothing more is done before `power_on`. Another: the operation fails so.
        """
        self._fault_at = self.operations + operations
        self._tear = tear
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
        after = bytes(b & d for b, d in zip(before, data, strict=True))
        self.programmed_bytes += len(data)
        self._apply("program", offset, before, after)
        if after != data:
            raise OSError(5, "EIO")

    def erase(self, offset: int) -> None:
        if offset % SECTOR_BYTES or not 0 <= offset < self.size_bytes:
            raise OSError(22, "EINVAL")
        before = bytes(self.cells[offset : offset + SECTOR_BYTES])
        self.erase_counts[offset // SECTOR_BYTES] += 1
        self._apply("erase", offset, before, b"\xff" * SECTOR_BYTES)

    def is_erased(self, offset: int, length: int) -> bool:
        return self.cells.count(0xFF, offset, offset + length) == length

    def _apply(self, kind: str, offset: int, before: bytes, after: bytes) -> None:
        if not self._powered:
            raise PowerCut
        if self._fault_at is not None and self.operations >= self._fault_at:
            self.cells[offset : offset + len(before)] = self._tear(before, after)
            self._fault_at = None
            self._powered = self._fault is not PowerCut
            raise self._fault
        self.operations += 1
        if self.journal is not None:
            self.journal.append((kind, offset, before, after))
        self.cells[offset : offset + len(before)] = after
