# SPDX-License-Identifier: GPL-2.0-or-later
"""The campaign's figures: tables, JSON, and a page with pictures."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table

from campaigns.powerloss import picture
from campaigns.powerloss.catalogue import Task
from campaigns.powerloss.mutants import Outcome, listed
from campaigns.powerloss.runner import Result
from sim.scenario.invariants import Ledger

FIGURES = ("operations", "cuts", "images", "recoveries", "boots")
HEADS = ("flash\nops", "cuts", "distinct\nimages", "recov-\neries", "boots", "viola-\ntions")


@dataclass
class Summary:
    """All results together."""

    results: list[Result]
    mutants: Outcome | None
    wall_s: float
    ledger: Ledger = field(default_factory=Ledger)

    def __post_init__(self) -> None:
        for result in self.results:
            self.ledger.merge(result.ledger)

    @property
    def images(self) -> int:
        """Distinct images that were booted."""
        return sum(result.found.images for result in self.results)

    def never_shown(self) -> list[str]:
        """Invariants that on some board were never evaluated on something: `PIN-1 on pico`.

        Each board is judged alone: what one of them shows proves nothing of another.
        """
        ledgers: dict[str, Ledger] = {}
        for result in self.results:
            ledgers.setdefault(result.task.board, Ledger()).merge(result.ledger)
        return [
            f"{name} on {board}"
            for board, ledger in sorted(ledgers.items())
            for name in ledger.never_shown()
        ]

    def total(self, figure: str) -> int:
        """The sum of one of FIGURES."""
        return sum(getattr(result.found, figure) for result in self.results)


def repeat(task: Task) -> str:
    """The line that runs one task again."""
    return f"nox -s powerloss -- --board {task.board} --scenario {task.scenario}"


def line(result: Result) -> str:
    """One result in a line, for logs."""
    found, count = result.found, result.ledger.violation_count()
    name = f"{result.task.board} {result.task.scenario}"
    text = f"{found.operations} operations, {found.cuts:,} cuts, {found.images:,} images"
    text = f"{text}, {count} violations, {result.cpu_s:.0f} s of CPU"
    return f"{name:<34} {text}" if not result.error else f"{name}: FAILED"


def table(summary: Summary) -> Table:
    """One row for each scenario."""
    title = f"Power cuts, {summary.wall_s:,.0f} s"
    shown = Table(title=title, box=box.SIMPLE, padding=(0, 1, 0, 0), title_justify="left")
    for name in ("board", "command", "depth"):
        shown.add_column(name, no_wrap=True)
    for name in HEADS:
        shown.add_column(name, justify="right", no_wrap=True)
    for result in sorted(summary.results, key=lambda one: (one.task.board, one.task.scenario)):
        found = result.found
        figures = [f"{getattr(found, name):,}" for name in FIGURES]
        violations = "failed" if result.error else f"{result.ledger.violation_count():,}"
        shown.add_row(
            result.task.board, result.task.scenario, depth_text(result), *figures, violations
        )
    totals = [f"{summary.total(name):,}" for name in FIGURES]
    count = f"{summary.ledger.violation_count():,}"
    shown.add_row("all", f"{len(summary.results)} scenarios", "", *totals, count, style="bold")
    return shown


def depth_text(result: Result) -> str:
    """How deep it went: the cuts one after the other, or that there is nothing deeper."""
    if result.found.closed:
        return "closed"
    return str(len(result.found.images_by_depth))


def invariants_table(summary: Summary) -> Table:
    """One row for each invariant."""
    shown = Table(title="Invariants", box=box.SIMPLE, padding=(0, 1, 0, 0), title_justify="left")
    shown.add_column("invariant", no_wrap=True)
    for name in ("evaluated", "on something", "things looked at", "violations"):
        shown.add_column(name, justify="right", no_wrap=True)
    for name, tally in sorted(summary.ledger.tallies.items()):
        figures = (tally.evaluations, tally.non_empty, tally.looked_at, tally.violations)
        shown.add_row(name, *(f"{figure:,}" for figure in figures))
    return shown


def write(summary: Summary, folder: Path) -> list[Path]:
    """report.json and report.html in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    data = as_data(summary)
    json_path, html_path = folder / "report.json", folder / "report.html"
    json_path.write_text(json.dumps(data, indent=1) + "\n")
    html_path.write_text(picture.page(data))
    return [json_path, html_path]


def as_data(summary: Summary) -> dict[str, Any]:
    """Everything, as plain data."""
    return {
        "wall_s": round(summary.wall_s, 1),
        "cpu_s": round(sum(result.cpu_s for result in summary.results), 1),
        "totals": {name: summary.total(name) for name in FIGURES}
        | {"scenarios": len(summary.results), "violations": summary.ledger.violation_count()},
        "invariants": {name: vars(tally) for name, tally in sorted(summary.ledger.tallies.items())},
        "never_shown": summary.never_shown(),
        "mutants": _mutants_data(summary.mutants),
        "scenarios": [_scenario_data(result) for result in summary.results],
    }


def _mutants_data(outcome: Outcome | None) -> dict[str, Any]:
    if outcome is None:
        return {}
    reasons = listed()
    survived = [
        {
            "mutation": kind,
            "scenario": scenario,
            "mutants": names,
            "reason": next((one.reason for one in reasons if one.fits(kind, scenario)), ""),
        }
        for (kind, scenario), names in sorted(outcome.survived.items())
    ]
    return {"caught": dict(outcome.caught), "survived": survived}


def _scenario_data(result: Result) -> dict[str, Any]:
    found, task = result.found, result.task
    return {
        "scenario": task.scenario,
        "board": task.board,
        "geometry": result.geometry,
        "seed": task.seed,
        "depth": depth_text(result),
        "images_by_depth": found.images_by_depth,
        **{name: getattr(found, name) for name in FIGURES},
        "invariants": {name: vars(tally) for name, tally in result.ledger.tallies.items()},
        "violations": [vars(violation) for violation in result.ledger.violations],
        "tiles": [[tile.operation, tile.tear, tile.outcome] for tile in found.tiles],
        "error": result.error,
        "cpu_s": round(result.cpu_s, 1),
    }
