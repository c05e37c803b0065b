# SPDX-License-Identifier: GPL-2.0-or-later
"""`nox -s faults`: strike single instructions where a check could be skipped."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console

import boards
from campaigns import generated_section
from campaigns.faults import campaign, report
from campaigns.faults.campaign import Kinds, Plan, Task
from campaigns.faults.scenarios import SCENARIOS
from campaigns.faults.striker import Outcome
from tools.errors import EXIT_FAILED, EXIT_UNUSABLE, ToolError, exit_with, tell
from tools.paths import BUILD, PROJECT
from tools.product import require_images
from tools.workers import PROCESSES

DOCS_PAGE = PROJECT / "docs" / "faults.md"
REPORT = BUILD / "faults" / "report.json"
COLUMNS = 120
# What continuous integration has time for in each window.
FLIPS = 20


def main() -> int:
    arguments = parse_arguments()
    if arguments.write_docs:
        generated_section.renew(DOCS_PAGE, report.section(read_report(arguments.json)))
        return 0
    if arguments.replay is not None:
        return replay(arguments.replay)
    chosen = [arguments.board] if arguments.board else boards.names()
    require_images(chosen)
    scenarios = [arguments.scenario] if arguments.scenario else list(SCENARIOS)
    tasks = [Task(board, scenario) for scenario in scenarios for board in chosen]
    plan = plan_of(arguments, len(tasks))
    report.read(arguments.json)  # What cannot be added to is told before hours of work.
    console = Console(width=COLUMNS)
    tallies = campaign.run(tasks, plan, console)
    report.show(console, tallies)
    report.write(arguments.json, tallies)
    print(f"written to {arguments.json}")
    failures = report.failures(tallies)
    status = tell(failures, f"{len(failures)} skips gained something, or could not be tried")
    untried_only = failures and not any(tally.failed_skips for tally in tallies)
    return EXIT_UNUSABLE if untried_only else status


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="nox -s faults --", description=__doc__)
    parser.add_argument("--board", choices=boards.names(), help="only this board")
    parser.add_argument("--scenario", choices=list(SCENARIOS), help="only this window")
    extent = parser.add_mutually_exclusive_group()
    extent.add_argument(
        "--kinds", action="store_true", help="skip one of each address and caller, in all windows"
    )
    extent.add_argument(
        "--python", action="store_true", help="and of each byte of Python that it serves"
    )
    extent.add_argument("--full", action="store_true", help="skip every instruction executed")
    parser.add_argument(
        "--share",
        type=positive,
        metavar="N",
        help="one skip in N (default: as docs/faults.md says; all with --kinds, --python, --full)",
    )
    parser.add_argument(
        "--flips",
        type=not_negative,
        default=FLIPS,
        metavar="N",
        help=f"of each window, flips of register bits at branches (default: {FLIPS})",
    )
    parser.add_argument(
        "--seconds", type=positive, metavar="N", help="stop after so long, all windows alike"
    )
    parser.add_argument("--seed", type=int, default=0, help="which ones (default: 0)")
    parser.add_argument("--replay", metavar="ID", help="only this fault, as a failure names it")
    parser.add_argument(
        "--json",
        type=Path,
        default=REPORT,
        help="where the figures go; those of other windows remain there",
    )
    parser.add_argument(
        "--write-docs", action="store_true", help="renew docs/faults.md from the figures and end"
    )
    return parser.parse_args()


def not_negative(text: str) -> int:
    """A whole number from 0."""
    value = int(text)
    if value < 0:
        raise ValueError
    return value


def positive(text: str) -> int:
    """A whole number from 1."""
    value = int(text)
    if value < 1:
        raise ValueError
    return value


def plan_of(arguments: argparse.Namespace, tasks: int) -> Plan:
    """What the command line asks for."""
    kinds = Kinds.CALLER
    if arguments.full or arguments.python:
        kinds = Kinds.ALL if arguments.full else Kinds.PYTHON
    longer = arguments.kinds or arguments.python or arguments.full
    share = arguments.share or (1 if longer else None)
    seconds = arguments.seconds and arguments.seconds * PROCESSES / tasks
    return Plan(kinds, share, arguments.flips, seconds, arguments.seed)


def read_report(path: Path) -> dict:
    """The figures of the present images."""
    found = report.read(path)
    if not found:
        raise ToolError(f"{path} has no figures of these images: run `nox -s faults` before")
    return found


def replay(name: str) -> int:
    """One fault, told in full."""
    board = name.split("/")[1] if name.count("/") else ""
    if board in boards.names():
        require_images([board])
    try:
        place, result = campaign.replay(name)
    except ValueError as error:
        raise ToolError(f"unknown fault {name!r}: {error}") from None
    print(f"{name} at {place}: {result.outcome.value} ({result.detail})")
    return EXIT_FAILED if result.outcome is Outcome.SUCCESS else 0


if __name__ == "__main__":
    exit_with(main)
