# SPDX-License-Identifier: GPL-2.0-or-later
"""What a run found, held against what may stand; tables, JSON, the page's section."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

import boards
from campaigns import figures_file, generated_section
from campaigns.same_path.comparison import RUNS, Comparison, Difference
from campaigns.same_path.operations import ALL, OPERATIONS

CAMPAIGN = "same-path"
STANDING = Path(__file__).with_name("standing.toml")


@dataclass(frozen=True)
class Standing:
    """A difference that stands: in which functions of the sources it is met, on which boards."""

    operation: str
    functions: tuple[str, ...]
    boards: tuple[str, ...]
    reason: str

    def is_met_by(self, comparison: Comparison, function: str) -> bool:
        """Whether it is what a comparison found in that function."""
        return self.is_of(comparison) and function in self.functions

    def is_of(self, comparison: Comparison) -> bool:
        """Whether a comparison has to find it."""
        return self.operation == comparison.operation.name and comparison.board in self.boards


def load_standing(path: Path = STANDING) -> list[Standing]:
    """All that stand, one for each operation; without `boards` they are of all boards."""
    all_boards = boards.names()
    return [
        Standing(
            name, tuple(entry["functions"]), tuple(entry.get("boards", all_boards)), entry["reason"]
        )
        for entry in tomllib.loads(path.read_text())["difference"]
        for name in entry["operations"]
    ]


def failures(found: Iterable[Comparison], standing: Sequence[Standing]) -> list[str]:
    """One line for each difference that may not be, and each that is listed and does not occur.

    Fewer than RUNS secrets need not meet one that is listed.
    """
    lines = []
    for comparison in found:
        name = comparison.operation.name
        repeat = f"nox -s same-path -- --board {comparison.board} --operation '{name}'"
        functions = {difference.function for difference in comparison.differences}
        lines += [
            f"{comparison.board}/{name}: {_numbers(alike)} at {line}: {alike[0].what}; "
            f"to repeat it: {repeat}"
            for line, alike in _by_line(comparison).items()
            if not any(entry.is_met_by(comparison, alike[0].function) for entry in standing)
        ]
        lines += [
            f"{comparison.board}/{name}: {' or '.join(entry.functions)} stands in {STANDING.name} "
            f"and makes no difference any more: take it off; to repeat it: {repeat}"
            for entry in standing
            if entry.is_of(comparison)
            and len(comparison.paths) >= RUNS
            and functions.isdisjoint(entry.functions)
        ]
    return lines


def _by_line(comparison: Comparison) -> dict[str, list[Difference]]:
    found: dict[str, list[Difference]] = {}
    for difference in comparison.differences:
        found.setdefault(difference.line, []).append(difference)
    return found


def _numbers(differences: Iterable[Difference]) -> str:
    numbers = sorted(number for difference in differences for number in difference.numbers)
    if len(numbers) == 1:
        return f"secret {numbers[0]} parts"
    return f"secrets {', '.join(map(str, numbers))} part"


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


def figures(found: Iterable[Comparison]) -> dict[str, dict]:
    """For JSON, by board and operation."""
    return {
        f"{comparison.board}/{comparison.operation.name}": {
            "what": comparison.operation.what,
            "instructions": comparison.instructions,
            "runs": len(comparison.paths),
            "paths": comparison.distinct,
            "differences": [vars(difference) for difference in comparison.differences],
        }
        for comparison in found
    }


def write(path: Path, found: Iterable[Comparison]) -> None:
    """Enter the figures into a file, so that operations can be run one after the other."""
    figures_file.enter(path, CAMPAIGN, list(OPERATIONS), figures(found))


def read(path: Path) -> dict[str, dict]:
    """Figures of the present images in a file, in the order of operations. Raises ToolError."""
    return figures_file.read(path, CAMPAIGN, list(OPERATIONS))


def section(found: Mapping[str, dict], standing: Sequence[Standing]) -> str:
    """The section of docs/constant-time.md, from the figures of runs."""
    lines = [*_paths_table(found), "", *_standing_table(standing)]
    return generated_section.section(CAMPAIGN, lines)


def _paths_table(found: Mapping[str, dict]) -> list[str]:
    names = boards.names()
    headings = [heading for board in names for heading in (f"{board}: instructions", "paths")]
    return [
        f"| operation | {' | '.join(headings)} |",
        "|---|" + "--:|" * len(headings),
        *(
            f"| {operation.name}: {operation.what} | "
            + " | ".join(_cells(found.get(f"{board}/{operation.name}")) for board in names)
            + " |"
            for operation in ALL
        ),
    ]


def _cells(entry: dict | None) -> str:
    if entry is None:
        return "not run |"
    return f"{entry['instructions']:,} | {entry['paths']} of {entry['runs']}"


def _standing_table(standing: Sequence[Standing]) -> list[str]:
    lines = ["| what may differ | on | in | why it stands |", "|---|---|---|---|"]
    names: dict[tuple[str, str, str], list[str]] = {}
    for entry in standing:
        functions = ", ".join(f"`{function}`" for function in entry.functions)
        key = (functions, ", ".join(entry.boards), entry.reason)
        names.setdefault(key, []).append(entry.operation)
    lines += [
        f"| {functions} | {on} | {', '.join(operations)} | {reason} |"
        for (functions, on, reason), operations in names.items()
    ]
    return lines
