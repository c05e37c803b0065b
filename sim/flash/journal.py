# SPDX-License-Identifier: GPL-2.0-or-later
"""What was done to the flash: programs and erases, bytes before and after."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Operation(Enum):
    """Kinds of operation that change cells."""

    PROGRAM = "program"
    ERASE = "erase"


@dataclass(frozen=True)
class Entry:
    """One operation: `before` and `after` have the length of the page part or of the sector."""

    index: int
    operation: Operation
    offset: int
    before: bytes
    after: bytes
    tick: int

    @property
    def changed(self) -> bool:
        """False for an operation that left every bit as it was."""
        return self.before != self.after
