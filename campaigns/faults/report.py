# SPDX-License-Identifier: GPL-2.0-or-later
"""What a run found: a table, JSON, the section of the documentation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from campaigns import figures_file, generated_section
from campaigns.faults.campaign import Tally
from campaigns.faults.scenarios import SCENARIOS

CAMPAIGN = "faults"
COLUMNS = ("unchanged", "another answer", "crash", "reset", "hang", "success")


def failures(tallies: Iterable[Tally]) -> list[str]:
    """One line for each task that could not run, and each skip that gained something."""
    lines = []
    for tally in tallies:
        if tally.error:
            lines.append(tally.error)
        lines += [
            f"{name}: {what}, at {place}; to repeat it: nox -s faults -- --replay {name}"
            for name, what, place in tally.successes
            if name.endswith("/skip")
        ]
    return lines


def show(console: Console, tallies: Sequence[Tally]) -> None:
    """A table for a person."""
    table = Table(box=box.SIMPLE, title="one fault at a time")
    for heading in ("window", "instructions", "kinds", "faults", *COLUMNS):
        table.add_column(heading, justify="left" if heading == "window" else "right")
    for tally in tallies:
        for what, counts in (("skips", tally.skips), ("flips", tally.flips)):
            if counts:
                table.add_row(
                    f"{tally.task.name} {what}",
                    f"{tally.instructions:,}",
                    f"{tally.kinds:,}",
                    f"{counts.total():,}",
                    *(f"{counts[column]:,}" for column in COLUMNS),
                )
    console.print(table)


def figures(tallies: Iterable[Tally]) -> dict[str, dict]:
    """For JSON, by the names of the tasks; what could not run has none."""
    return {
        tally.task.name: {
            "what": SCENARIOS[tally.task.scenario].what,
            "first": tally.first,
            "last": tally.last,
            "instructions": tally.instructions,
            "kinds": tally.kinds,
            "inside_primitives": tally.inside_primitives,
            "skips": dict(tally.skips),
            "flips": dict(tally.flips),
            "successes": [list(success) for success in tally.successes],
        }
        for tally in tallies
        if not tally.error
    }


def write(path: Path, tallies: Iterable[Tally]) -> None:
    """Enter the figures into a file, so that windows can be struck one after the other."""
    figures_file.enter(path, CAMPAIGN, list(SCENARIOS), figures(tallies))


def read(path: Path) -> dict[str, dict]:
    """Figures of the present images in a file, in the order of the windows. Raises ToolError."""
    return figures_file.read(path, CAMPAIGN, list(SCENARIOS))


# --- The page -------------------------------------------------------------------------------------


def section(found: dict[str, dict]) -> str:
    """The section of docs/faults.md, from the figures of runs."""
    lines = [
        "| window | first instruction | last instruction | instructions | left out | kinds |",
        "|---|---|---|--:|--:|--:|",
    ]
    lines += [
        f"| {name} | {_place(task['first'])} | {_place(task['last'])} | {task['instructions']:,} "
        f"| {task['inside_primitives']:,} | {task['kinds']:,} |"
        for name, task in found.items()
    ]
    lines += ["", *_outcomes("skips", found), "", *_outcomes("flips", found)]
    return generated_section.section(CAMPAIGN, lines)


def _place(text: str) -> str:
    # The place in Python is that of the window's function anyway.
    return f"`{text.partition(' for ')[0]}`"


def _outcomes(kind: str, found: dict[str, dict]) -> Iterator[str]:
    yield f"| {kind} | tried | of the kinds | {' | '.join(COLUMNS)} |"
    yield f"|---|--:|--:|{'--:|' * len(COLUMNS)}"
    for name, task in found.items():
        tried = sum(task[kind].values())
        share = f"{tried / task['kinds']:.0%}" if kind == "skips" else "-"
        counts = " | ".join(f"{task[kind].get(column, 0):,}" for column in COLUMNS)
        yield f"| {name} | {tried:,} | {share} | {counts} |"
