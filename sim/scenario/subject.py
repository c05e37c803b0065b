# SPDX-License-Identifier: GPL-2.0-or-later
"""What is explored: something that runs a command once and boots any image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Protocol

from sim.flash.journal import Entry
from sim.scenario.images import Image


class Phase(IntEnum):
    """How much the world outside may know when power fails: the later, the less is allowed."""

    RUNNING = 0
    COMPARED = 1  # the card knows whether the reference data were right, and time may tell
    ACKNOWLEDGED = 2  # the host has the answer


@dataclass(frozen=True)
class Recording:
    """A command that ran to its end.

    `compared_at`: flash operations done when reference data were compared first, or None.
    """

    start: Image
    entries: tuple[Entry, ...]
    compared_at: int | None = None

    def phase(self, operation: int) -> Phase:
        """What is known outside when operation `operation` is under way."""
        if operation >= len(self.entries):
            return Phase.ACKNOWLEDGED
        if self.compared_at is not None and operation >= self.compared_at:
            return Phase.COMPARED
        return Phase.RUNNING


@dataclass(frozen=True)
class Recovery(Recording):
    """What a boot did after a cut: it tells the world outside no more than it knew before."""

    known: Phase = Phase.RUNNING

    def phase(self, operation: int) -> Phase:
        """The same from its beginning to its end."""
        return self.known


@dataclass(frozen=True)
class Boot:
    """What a boot did to the flash, and what was seen of the subject afterwards.

    `observation` is None when the boot did not come to its end; `failure` then tells why.
    """

    entries: tuple[Entry, ...]
    end: Image
    observation: Any
    instructions: int = 0
    failure: str = ""


class Subject(Protocol):
    """A scenario: where it starts, what the command does, how an image boots."""

    def record(self) -> Recording:
        """Run the command from the start; the same journal each time."""
        ...

    def boot(self, image: Image) -> Boot:
        """Boot `image` and observe; the same each time, and independent of what ran before."""
        ...

    def boundaries(self, entry: Entry) -> Sequence[int]:
        """Bytes from the operation's start where fields of the format end."""
        ...

    def outcome(self, boot: Boot) -> str:
        """A word for what became of the command: "before", "after", or another."""
        ...
