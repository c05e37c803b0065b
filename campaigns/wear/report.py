# SPDX-License-Identifier: GPL-2.0-or-later
"""What a run found: failures, tables, JSON, a section of the documentation."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from campaigns import generated_section
from campaigns.wear import campaign, golden
from campaigns.wear.campaign import Results
from campaigns.wear.figures import Figures
from campaigns.wear.golden import Golden
from campaigns.wear.hammer import Hammered
from campaigns.wear.levelling import MAX_OVER_MEAN, Levelling
from campaigns.wear.lives import LifeResult

CAMPAIGN = "wear"
REPEAT = "to repeat it: nox -s wear --"
# A life with twice the sectors lasts so much longer at least; one without levelling is this short.
TWICE_AS_LONG_MIN, UNLEVELLED_MAX = 2.0, 0.9


# --- failures -----------------------------------------------------------------------------------


def failures(results: Results, kept: Golden) -> list[str]:
    """One line for everything that is not as it must be, with how to repeat it."""
    found = [
        f"life {life.id}: {life.violation}; {REPEAT} --life {life.id}"
        for life in results.lives
        if life.violation
    ]
    for figures in results.figures:
        found += [
            f"{difference}; {REPEAT} --figures"
            for difference in golden.differences(kept, figures)
            if difference.worse
        ]
        if figures.erasing:
            found.append(f"{figures.board}: a single VERIFY erases; {REPEAT} --figures")
    for long_life in results.levelling:
        if long_life.max_over_mean > MAX_OVER_MEAN:
            found.append(
                f"the most worn sector is at {long_life.max_over_mean:.2f} times the mean, "
                f"{MAX_OVER_MEAN} is allowed; {REPEAT} --levelling"
            )
    found += [f"{hit.violation}; {REPEAT} --hammer" for hit in results.hammered if hit.violation]
    return found + _comparison_failures(results)


def _comparison_failures(results: Results) -> list[str]:
    compared = comparison(results)
    if compared is None:
        return []
    twice, unlevelled = compared
    found = []
    if twice < TWICE_AS_LONG_MIN:
        found.append(f"twice the sectors last {twice:.2f} times as long; {REPEAT}")
    if unlevelled > UNLEVELLED_MAX:
        found.append(f"without levelling a life lasts {unlevelled:.2f} times as long; {REPEAT}")
    return found


def comparison(results: Results) -> tuple[float, float] | None:
    """How long lives with twice the sectors and without levelling last, the usual one being 1."""
    by_id = {life.id: life for life in results.lives}
    specs = (campaign.USUAL, campaign.TWICE, campaign.NOT_LEVELLED)
    if any(spec.id not in by_id for spec in specs):
        return None
    usual, twice, unlevelled = (by_id[spec.id].committed_bytes for spec in specs)
    return twice / usual, unlevelled / usual


def requests(results: Results, kept: Golden) -> list[str]:
    """Figures that are better than the golden ones: the file should be renewed."""
    found = [
        f"{difference}; to keep it: nox -s wear -- --update"
        for figures in results.figures
        for difference in golden.differences(kept, figures)
        if not difference.worse
    ]
    return found


# --- screen and JSON ------------------------------------------------------------------------------


def show(console: Console, results: Results) -> None:
    """The tables."""
    for figures in results.figures:
        _show_figures(console, figures)
    for long_life in results.levelling:
        _show_levelling(console, long_life)
    for hit in results.hammered:
        console.print(f"{_hammered(hit)}\n")
    if results.lives:
        _show_lives(console, results.lives)
    if compared := comparison(results):
        console.print(f"{_compared(*compared)}\n")


def _table(title: str, texts: Sequence[str], numbers: Sequence[str]) -> Table:
    table = Table(title=title, box=box.SIMPLE, title_justify="left")
    for text in texts:
        table.add_column(text, overflow="fold")
    for number in numbers:
        table.add_column(number, justify="right", no_wrap=True)
    return table


def _show_figures(console: Console, figures: Figures) -> None:
    numbers = ("erases", "page programs", "bytes changed")
    table = _table(f"What it costs the flash: {figures.board}", ("per",), numbers)
    for unit, figure in figures.by_unit.items():
        values = asdict(figure).values()
        table.add_row(unit, *(f"{value:,g}" for value in values))
    console.print(table)


def _show_levelling(console: Console, long_life: Levelling) -> None:
    title = f"Erases per sector after {long_life.operations:,} changes of the store"
    table = _table(title, (), ("erases", "sectors"))
    for count, sectors in long_life.histogram().items():
        table.add_row(str(count), str(sectors))
    console.print(table)
    console.print(f"{_levelled(long_life)}\n")


def _show_lives(console: Console, lives: Sequence[LifeResult]) -> None:
    title = "Lives that were run to the end"
    numbers = ("commands", "of ideal", "retired", "cuts", "checks", "6581", "6A84")
    table = _table(title, ("life",), numbers)
    for life in lives:
        mark = " FAILED" if life.violation else ""
        table.add_row(life.id + mark, *_life_cells(life))
    console.print(table)


def _life_cells(life: LifeResult) -> list[str]:
    return [
        f"{life.commands:,}",
        f"{life.share_of_ideal:.0%}",
        f"{life.retired}/{life.sectors}",
        str(life.cuts),
        f"{life.checks:,}",
        str(life.memory_failures),
        str(life.no_space),
    ]


def _levelled(long_life: Levelling) -> str:
    return (
        f"most worn sector: {long_life.max_over_mean:.2f} times the mean "
        f"(allowed: {MAX_OVER_MEAN}), standard deviation {long_life.deviation:.2f}"
    )


def _hammered(hit: Hammered) -> str:
    return (
        f"{hit.verifies:,} VERIFY, two wrong and one right in turn: {hit.erases} erases, "
        f"{hit.erases_max} of the most worn sector"
    )


def _compared(twice: float, unlevelled: float) -> str:
    return (
        f"bytes written in a life: {twice:.2f} times as many with twice the sectors, "
        f"{unlevelled:.2f} times without levelling"
    )


def data(results: Results, failed: Sequence[str]) -> dict:
    """Everything, as plain data."""
    compared = comparison(results)
    return {
        "figures": {found.board: asdict(found) for found in results.figures},
        "levelling": [
            asdict(found) | {"max_over_mean": found.max_over_mean, "deviation": found.deviation}
            for found in results.levelling
        ],
        "hammered": [asdict(hit) for hit in results.hammered],
        "lives": [asdict(life) | {"share_of_ideal": life.share_of_ideal} for life in results.lives],
        "twice_the_sectors": compared and compared[0],
        "without_levelling": compared and compared[1],
        "failures": list(failed),
    }


def write_json(path: Path, content: dict) -> None:
    """The figures, for machines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n")


# --- documentation --------------------------------------------------------------------------------


def figures_section(kept: Golden) -> str:
    """The golden figures as a table of docs/wear.md."""
    lines = ["| per | board | erases | page programs | bytes changed |"]
    lines += ["|---|---|---:|---:|---:|"]
    for unit in next(iter(kept.values())):
        for board, units in kept.items():
            values = " | ".join(f"{value:,g}" for value in asdict(units[unit]).values())
            lines.append(f"| {unit} | {board} | {values} |")
    return generated_section.section(CAMPAIGN, lines)
