# SPDX-License-Identifier: GPL-2.0-or-later
"""Peak of C stack, crypto pool and MicroPython heap of every family of commands."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.image import command_families
from tests.image.memory_use import MemoryUse, MemoryWatch


@dataclass(frozen=True)
class CommandMemory:
    """One command in one situation."""

    board: str
    family: str
    name: str
    use: MemoryUse

    def row(self) -> dict:
        """Plain data."""
        return {"board": self.board, "family": self.family, "name": self.name} | (
            dataclasses.asdict(self.use)
        )


def count() -> int:
    """How many situations are measured on a board."""
    return len(command_families.situations())


def measure(board: str, image: Path, advance: Callable[[str], None]) -> list[CommandMemory]:
    """All situations; `advance` is called with the name of each before it is measured."""
    watch = MemoryWatch.on(board, image)
    bench = command_families.bench(watch.device)
    rows = []
    for situation in command_families.situations():
        advance(f"{situation.family} {situation.name}")
        use = watch.measure(bench.prepare(situation))
        rows.append(CommandMemory(board, situation.family, situation.name, use))
    return rows
