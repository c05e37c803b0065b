# SPDX-License-Identifier: GPL-2.0-or-later
"""`nox -s same-path`: the same instructions and addresses whatever the secret."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console

import boards
from campaigns import generated_section
from campaigns.same_path import report
from campaigns.same_path.campaign import Task, run
from campaigns.same_path.comparison import RUNS
from campaigns.same_path.operations import ALL, OPERATIONS, SAMPLE_RUNS, Operation
from tools.errors import ToolError, exit_with, tell
from tools.paths import BUILD, PROJECT
from tools.product import require_images

DOCS_PAGE = PROJECT / "docs" / "constant-time.md"
REPORT = BUILD / "same_path" / "report.json"
COLUMNS = 120


def main() -> int:
    arguments = parse_arguments()
    if arguments.write_docs:
        found = figures_to_publish(arguments.json)
        generated_section.renew(DOCS_PAGE, report.section(found, report.load_standing()))
        return 0
    tasks = chosen_tasks(arguments)
    report.read(arguments.json)  # What cannot be added to is told before hours of work.
    found = run(tasks, Console())
    comparisons = [figures.comparison for figures in found if figures.comparison is not None]
    report.show(Console(width=COLUMNS), comparisons)
    report.write(arguments.json, comparisons)
    print(f"written to {arguments.json}")
    errors = [figures.error for figures in found if figures.error]
    failures = errors + report.failures(comparisons, report.load_standing())
    return tell(failures, f"{len(failures)} differences that may not be")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="nox -s same-path --", description=__doc__)
    parser.add_argument("--board", help="only this board")
    parser.add_argument("--operation", metavar="NAME", help="only this operation")
    parser.add_argument("--runs", type=int, metavar="N", default=RUNS, help="so many secrets")
    parser.add_argument("--all", action="store_true", help="slow operations, too")
    parser.add_argument(
        "--json",
        type=Path,
        default=REPORT,
        help="where the figures go; those of other operations remain there",
    )
    parser.add_argument(
        "--write-docs", action="store_true", help="renew docs/constant-time.md and end"
    )
    return parser.parse_args()


def chosen_tasks(arguments: argparse.Namespace) -> list[Task]:
    """The dearest board first. ToolError: a name that is none."""
    if arguments.board and arguments.board not in boards.names():
        raise ToolError(f"no board is called {arguments.board!r}: {', '.join(boards.names())}")
    if arguments.operation and arguments.operation not in OPERATIONS:
        raise ToolError(f"no operation is called {arguments.operation!r}: {', '.join(OPERATIONS)}")
    if arguments.runs < 2:
        raise ToolError("--runs: at least two secrets are compared")
    chosen = [arguments.board] if arguments.board else boards.names()
    require_images(chosen)
    return [
        Task(board, operation.name, runs)
        for board in chosen
        for operation in ALL
        if (runs := _runs(arguments, operation, board))
    ]


def _runs(arguments: argparse.Namespace, operation: Operation, board: str) -> int:
    """How many secrets; 0: it was not asked for."""
    if arguments.operation:
        return arguments.runs if operation.name == arguments.operation else 0
    if operation.quick or arguments.all:
        return arguments.runs
    return min(arguments.runs, SAMPLE_RUNS) if board in operation.sampled_on else 0


def figures_to_publish(path: Path) -> dict[str, dict]:
    """Those of the present images. ToolError: there are none, and the page would be empty."""
    found = report.read(path)
    if not found:
        raise ToolError(f"{path} has no figures of the present images: run `nox -s same-path`")
    return found


if __name__ == "__main__":
    exit_with(main)
