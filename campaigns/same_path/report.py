# SPDX-License-Identifier: GPL-2.0-or-later
"""What a run found, held against what may stand; tables, JSON, the page's section."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from campaigns import generated_section
from campaigns.same_path.comparison import Comparison

CAMPAIGN = "same-path"
STANDING = Path(__file__).with_name("standing.toml")


@dataclass(frozen=True)
class Standing:
    """A difference that stands; `rare`: it does not have to occur."""

    operation: str
    function: str
    reason: str
    rare: bool


def load_standing(path: Path = STANDING) -> list[Standing]:
    """All that stand, one for each operation."""
    return [
        Standing(name, entry["function"], entry["reason"], entry.get("rare", False))
        for entry in tomllib.loads(path.read_text())["difference"]
        for name in entry["operations"]
    ]


def failures(found: Iterable[Comparison], standing: Sequence[Standing]) -> list[str]:
    """One line for each difference that may not be, and each that is listed and does not occur."""
    lines = []
    allowed = {(entry.operation, entry.function) for entry in standing}
    for comparison in found:
        name = comparison.operation.name
        repeat = f"nox -s same-path -- --board {comparison.board} --operation '{name}'"
        functions = {difference.function for difference in comparison.differences}
        lines += [
            f"{comparison.board}/{name}: secret {difference.number} parts at {difference.line} "
            f"({difference.function}): {difference.what}; to repeat it: {repeat}"
            for difference in comparison.differences
            if (name, difference.function) not in allowed
        ]
        lines += [
            f"{comparison.board}/{name}: {entry.function} stands in {STANDING.name} and makes no "
            f"difference any more: take it off; to repeat it: {repeat}"
            for entry in standing
            if entry.operation == name and not entry.rare and entry.function not in functions
        ]
    return lines


def show(console: Console, found: Sequence[Comparison]) -> None:
    """A table for a person."""
    table = Table(box=box.SIMPLE, title="same path for every secret")
    for heading in ("operation", "board", "instructions", "runs", "paths", "first difference"):
        is_text = heading in ("operation", "board", "first difference")
        table.add_column(heading, justify="left" if is_text else "right")
    for comparison in found:
        table.add_row(
            comparison.operation.name,
            comparison.board,
            f"{comparison.instructions:,}",
            str(len(comparison.paths)),
            str(comparison.distinct),
            ", ".join(sorted({difference.line for difference in comparison.differences})),
        )
    console.print(table)


def figures(found: Sequence[Comparison]) -> list[dict]:
    """For JSON."""
    return [
        {
            "operation": comparison.operation.name,
            "what": comparison.operation.what,
            "board": comparison.board,
            "instructions": comparison.instructions,
            "runs": len(comparison.paths),
            "paths": comparison.distinct,
            "differences": [vars(difference) for difference in comparison.differences],
        }
        for comparison in found
    ]


def section(found: Sequence[dict], standing: Sequence[Standing]) -> str:
    """The section of docs/constant-time.md, from the figures of a run."""
    lines = ["| operation | board | instructions | runs | paths |", "|---|---|--:|--:|--:|"]
    lines += [
        f"| {entry['operation']}: {entry['what']} | {entry['board']} "
        f"| {entry['instructions']:,} | {entry['runs']} | {entry['paths']} |"
        for entry in found
    ]
    lines += ["", "| what may differ | in | why it stands |", "|---|---|---|"]
    names: dict[tuple[str, str], list[str]] = {}
    for entry in standing:
        names.setdefault((entry.function, entry.reason), []).append(entry.operation)
    lines += [
        f"| `{function}` | {', '.join(operations)} | {reason} |"
        for (function, reason), operations in names.items()
    ]
    return generated_section.section(CAMPAIGN, lines)
