# SPDX-License-Identifier: GPL-2.0-or-later
"""`nox -s bench`: measure, print tables, write build/bench.json."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench import parts, tables
from campaigns.generated_section import renew, section
from tools.errors import ToolError, exit_with
from tools.paths import BUILD, PROJECT

PAGE = PROJECT / "docs" / "performance.md"
# The tables have this width at most; a terminal that is narrower wraps them, nothing is cut.
TABLE_COLUMNS = 100


def main() -> int:
    names = list(parts.all_parts())
    parser = argparse.ArgumentParser(prog="nox -s bench --", description=__doc__)
    parser.add_argument(
        "--json",
        type=Path,
        metavar="FILE",
        default=BUILD / "bench.json",
        help="where the figures go, in an existing folder; those of parts that are not measured"
        " stay in it (default: build/bench.json)",
    )
    parser.add_argument(
        "--only",
        nargs="+",
        choices=names,
        default=names,
        metavar="PART",
        help=f"what to measure: {', '.join(names)} (default: all)",
    )
    parser.add_argument(
        "--write-docs", action="store_true", help=f"renew the tables of {PAGE.relative_to(PROJECT)}"
    )
    arguments = parser.parse_args()
    read_figures(arguments.json)
    parts.check_needs(arguments.only)
    measured = measure(arguments.only)
    console = Console(width=TABLE_COLUMNS)
    for table in tables.all_tables(measured):
        console.print(table.rich())
    # Read again: another part may have been measured at the same time.
    figures = read_figures(arguments.json) | measured
    arguments.json.write_text(json.dumps(figures, indent=2) + "\n")
    print(f"written to {arguments.json}")
    if arguments.write_docs:
        write_docs(figures, names)
    return 0


def read_figures(path: Path) -> dict[str, list[dict]]:
    """What an earlier run wrote; ToolError for a file that this one could not write."""
    if path.is_dir() or not path.parent.is_dir():
        raise ToolError(f"--json {path}: {'a directory' if path.is_dir() else 'no such folder'}")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise ToolError(f"--json {path}: not writable")
    if not path.exists():
        return {}
    try:
        return dict(json.loads(path.read_text()))
    except ValueError:
        raise ToolError(f"--json {path}: not written by `nox -s bench`; remove it") from None


def measure(names: list[str]) -> dict[str, list[dict]]:
    """The parts with these names, with a progress bar; plain data."""
    total = sum(part.steps for part in parts.all_parts().values() if part.name in names)
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TextColumn("{task.description}"), console=Console()) as progress:
        task = progress.add_task("equipping a card", total=total)
        begun = 0

        def advance(step: str) -> None:
            nonlocal begun
            progress.update(task, completed=begun, description=step)
            begun += 1

        measured = parts.measure(names, advance)
        progress.update(task, completed=total, description="done")
    return measured


def write_docs(figures: dict[str, list[dict]], names: list[str]) -> None:
    """The generated section of the page; ToolError while a part has no figures yet."""
    missing = [name for name in names if name not in figures]
    if missing:
        raise ToolError(f"no figures of {missing[0]} yet: run `nox -s bench` once")
    lines = [line for table in tables.all_tables(figures) for line in table.markdown()]
    renew(PAGE, section("bench", lines[:-1]))
    print(f"written to {PAGE}")


if __name__ == "__main__":
    exit_with(main)
