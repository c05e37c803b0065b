# SPDX-License-Identifier: GPL-2.0-or-later
"""Cells that fail: worn-out and weak sectors, operations that fail once.

The part has no status for any of it: an image finds out by reading back.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from sim.flash import faults
from sim.flash.bits import noise, number
from sim.flash.journal import Entry

# A worn-out sector keeps a few cells at 0.
STUCK_CELLS = 3


class BadSector(Enum):
    """What a worn-out sector does."""

    PROGRAM_ERROR = "program clears only some bits"
    ERASE_ERROR = "erase leaves some bits 0"
    READ_ERROR = "cells hold garbage"
    PROGRAM_IGNORED = "program changes nothing"
    ERASE_IGNORED = "erase changes nothing"


@dataclass(frozen=True)
class Endurance:
    """Each sector lasts `cycles` erases and up to an eighth more; then it is a `behaviour`.

    The erase that reaches the sector's limit is the first operation that goes wrong.
    """

    cycles: int
    behaviour: BadSector
    seed: int = 0

    def limit(self, sector: int) -> int:
        """The erase count from which on the sector is worn out."""
        return self.cycles + noise(self.seed, f"limit {sector}", 8) % (self.cycles // 8 + 1)

    def programmed(self, entry: Entry) -> bytes:
        """Cells after `entry`, a program in a worn-out sector; a subset of its bits is cleared."""
        length = len(entry.before)
        before, after = number(entry.before), number(entry.after)
        mask = noise(self.seed, f"program {entry.index}", length)
        if self.behaviour is BadSector.PROGRAM_IGNORED:
            after = before
        elif self.behaviour is BadSector.PROGRAM_ERROR:
            missing = (before ^ after) & mask
            # At least one bit stays: else the error would be none.
            after |= missing or (before ^ after) & -(before ^ after)
        elif self.behaviour is BadSector.READ_ERROR:
            after &= mask
        return after.to_bytes(length, "little")

    def erased(self, entry: Entry) -> bytes:
        """Cells after `entry`, an erase of a worn-out sector."""
        length = len(entry.before)
        if self.behaviour is BadSector.ERASE_IGNORED:
            return entry.before
        if self.behaviour is BadSector.READ_ERROR:
            return noise(self.seed, f"erase {entry.index}", length).to_bytes(length, "little")
        after = number(entry.after)
        if self.behaviour is BadSector.ERASE_ERROR:
            after &= ~self._stuck(entry.offset, length)
        return after.to_bytes(length, "little")

    def _stuck(self, offset: int, length: int) -> int:
        """The same cells each time: what is worn out stays so."""
        mask = 0
        for cell in range(STUCK_CELLS):
            mask |= 1 << noise(self.seed, f"stuck {offset} {cell}", 8) % (8 * length)
        return mask


@dataclass(frozen=True)
class OperationFault:
    """The operation with this journal index fails once; the power stays on.

    `effect`: none, half, full, or a tear's name. The next operation works again.
    """

    operation_index: int
    effect: str
    seed: int = 0

    def cells(self, entry: Entry) -> faults.Torn:
        """What the failed operation leaves."""
        name = "prefixHalf" if self.effect == "half" else self.effect
        return faults.tear(name, entry, self.seed)


def not_kept(entry: Entry, seed: int) -> bytes:
    """Cells after a program in a weak sector: some of those that should stay 1 went to 0, too."""
    length = len(entry.before)
    after = number(entry.after)
    where = f"weak {entry.offset:x} {entry.index}"
    lost = after & noise(seed, where, length) & noise(seed, where + " too", length)
    # At least one, if there is one.
    return (after ^ (lost or after & -after)).to_bytes(length, "little")
