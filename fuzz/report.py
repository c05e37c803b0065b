# SPDX-License-Identifier: GPL-2.0-or-later
"""What became of the images: a table, JSON, one line for each finding."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from fuzz.campaign import Result
from fuzz.families import FAMILIES
from fuzz.session import BOOT_INSTRUCTIONS_MAX

STATES = ("ready", "blank", "damaged", "no answer")
# What is counted, and its column's title.
HEADS = {
    "images": "images",
    **{state: state.replace(" ", "\n") for state in STATES},
    "settled": "wrote\nat boot",
    "signatures": "keys\nsigned",
    "files": "files\nread",
    "initialised": "made\nanew",
    "findings": "find-\nings",
}


def findings(results: Sequence[Result]) -> list[str]:
    """One line for each image that broke a rule, and one if the campaign saw no card at work."""
    found = [
        f"{result.case.name}: {result.seen.finding}; "
        f"to repeat it: nox -s fuzz -- images --replay {result.case.name}"
        for result in results
        if result.seen.finding
    ]
    untouched = [result for result in results if result.case.family == "untouched"]
    if not all(result.seen.signatures and result.seen.files for result in untouched):
        found.append("a card that nobody touched neither signed nor read: see the table")
    if len(results) >= len(FAMILIES) and not untouched:
        found.append("no card was left untouched: nothing shows that the session would notice")
    return found


def figures(results: Sequence[Result], seed: int) -> dict:
    """Everything that the table has, and every finding."""
    return {
        "seed": seed,
        "images": len(results),
        "findings": findings(results),
        "boot_instructions_max": {
            board: max(r.seen.boot_instructions for r in results if r.case.board == board)
            for board in sorted({result.case.board for result in results})
        },
        "boot_instructions_allowed": BOOT_INSTRUCTIONS_MAX,
        "families": {family: _row(results, family) for family in FAMILIES},
    }


def _row(results: Sequence[Result], family: str) -> dict:
    of_it = [result.seen for result in results if result.case.family == family]
    states = Counter(seen.state for seen in of_it)
    return {
        "images": len(of_it),
        **{state: states[state] for state in STATES},
        "settled": sum(seen.boot_operations > 0 for seen in of_it),
        "signatures": sum(seen.signatures for seen in of_it),
        "files": sum(seen.files for seen in of_it),
        "initialised": sum(seen.initialised for seen in of_it),
        "findings": sum(bool(seen.finding) for seen in of_it),
        "boot_instructions": max((seen.boot_instructions for seen in of_it), default=0),
    }


def show(console: Console, data: dict) -> None:
    """The table: a row for each family."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title="images at boot, by family")
    table.add_column("family", no_wrap=True)
    for title in HEADS.values():
        table.add_column(title, justify="right")
    table.add_column("boot,\nM instr.", justify="right")
    for family, row in data["families"].items():
        counts = [str(row[head]) if row[head] else "." for head in HEADS]
        table.add_row(family, *counts, f"{row['boot_instructions'] / 1e6:.1f}")
    console.print(table)
    for board, count in data["boot_instructions_max"].items():
        allowed = data["boot_instructions_allowed"]
        print(f"{board}: boot took {count / 1e6:.1f} M instructions at most ({allowed / 1e6:.0f})")


def write_json(path: Path, data: dict) -> None:
    """The same as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, indent=2) + "\n")
