# SPDX-License-Identifier: GPL-2.0-or-later
"""What a run found: a table, JSON, the section of the documentation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from campaigns import generated_section
from campaigns.faults.campaign import Tally
from campaigns.faults.scenarios import SCENARIOS
from campaigns.faults.striker import Outcome

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


def figures(tallies: Sequence[Tally]) -> dict:
    """For JSON."""
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
    }


def section(found: dict) -> str:
    """The section of docs/faults.md, from the figures of a run."""
    lines = [
        "| window | first, last instruction | instructions | faults | crashed | reset, hung "
        "| another answer | gained |",
        "|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    for name, task in found.items():
        for kind in ("skips", "flips"):
            counts = task[kind]
            if counts:
                stuck = counts.get(Outcome.RESET.value, 0) + counts.get(Outcome.HANG.value, 0)
                cells = [
                    f"{name}: {task['what']} ({kind})",
                    f"`{task['first']}`, `{task['last']}`",
                    f"{task['instructions']:,}",
                    f"{sum(counts.values()):,}",
                    f"{counts.get(Outcome.CRASH.value, 0):,}",
                    f"{stuck:,}",
                    f"{counts.get(Outcome.OTHER.value, 0):,}",
                    f"{counts.get(Outcome.SUCCESS.value, 0):,}",
                ]
                lines.append(f"| {' | '.join(cells)} |")
    return generated_section.section(CAMPAIGN, lines)
