# SPDX-License-Identifier: GPL-2.0-or-later
"""What a run found: tables, JSON, the section of the documentation."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table as Screen

from campaigns import generated_section
from campaigns.rollback import life
from campaigns.rollback.campaign import Case
from campaigns.rollback.situation import ROWS
from campaigns.rollback.verdict import KINDS, Table

CAMPAIGN = "rollback"


def failures(cases: Sequence[Case], table: Table, boards: Sequence[str]) -> list[str]:
    """One line for each case that is not as the table says, and each row with too few cases."""
    found = [
        f"{case.name}: row {case.row!r}, {case.older!r} in {case.present!r}: {case.failure}; "
        f"to repeat it: nox -s rollback -- --case {case.name}"
        for case in cases
        if case.failure
    ]
    counts = Counter((case.board, case.row) for case in cases)
    for board in boards:
        for row in table.rows.values():
            if (count := counts[board, row.id]) < row.cases_min:
                found.append(
                    f"{board}: {count} cases of row {row.id!r}, {row.cases_min} are due; "
                    f"to repeat it: nox -s rollback -- --board {board}"
                )
    return found


def figures(cases: Sequence[Case], boards: Sequence[str]) -> dict:
    """Counts by board, row and outcome, and every case in which something came back."""
    counts = Counter((case.board, case.row, case.outcome) for case in cases)
    return {
        "cases": len(cases),
        "failures": sum(bool(case.failure) for case in cases),
        "counts": {
            board: {
                row: {
                    outcome: count
                    for (at, of, outcome), count in sorted(counts.items())
                    if (at, of) == (board, row)
                }
                for row in ROWS
            }
            for board in boards
        },
        "came_back": [
            {"case": case.name, "row": case.row, "from": case.older, "back": sorted(case.back)}
            for case in cases
            if case.back
        ],
        "failed": [{"case": case.name, "failure": case.failure} for case in cases if case.failure],
    }


def show(console: Console, cases: Sequence[Case], table: Table, boards: Sequence[str]) -> None:
    """The table: a line per row and board."""
    shown = Screen(title="Old contents in a card", box=box.SIMPLE, title_justify="left")
    for name in ("what is put in", "board", "the card", "what came back"):
        shown.add_column(name, overflow="fold")
    shown.add_column("cases", justify="right")
    for row in table.rows.values():
        for board in boards:
            of_row = [case for case in cases if (case.board, case.row) == (board, row.id)]
            back = frozenset[str]().union(*(case.back for case in of_row))
            outcomes = " and ".join(sorted({case.outcome for case in of_row})) or "-"
            shown.add_row(row.what, board, outcomes, _names(back), str(len(of_row)))
    console.print(shown)


def write_json(path: Path, data: dict) -> None:
    """The figures, for machines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, indent=2) + "\n")


# --- documentation ------------------------------------------------------------------------------


def section(table: Table) -> str:
    """The generated section of docs/rollback.md: the table that the campaign asserts."""
    lines = ["| put into the card | board | the card | why |", "|---|---|---|---|"]
    for row in table.rows.values():
        for board, outcome in row.outcome.items():
            lines.append(f"| {row.what} | {board} | {outcome} | {row.reason[board]} |")
    first, second = table.whole[life.LAST], table.whole[life.END]
    lines += ["", "What comes back with a whole older image:", ""]
    lines += [f"| the image after | in the card after “{life.LAST}” | after “{life.END}” |"]
    lines += ["|---|---|---|"]
    for step in second:
        in_first = _names(first[step]) if step in first else "-"
        lines.append(f"| {step} | {in_first} | {_names(second[step])} |")
    return generated_section.section(CAMPAIGN, lines)


def _names(kinds: frozenset[str]) -> str:
    return ", ".join(kind for kind in KINDS if kind in kinds) or "nothing"
