# SPDX-License-Identifier: GPL-2.0-or-later
"""`nox -s faults`: strike single instructions where a check could be skipped."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from rich.console import Console

import boards
from campaigns import generated_section
from campaigns.faults import campaign, report
from campaigns.faults.bench import Outcome
from campaigns.faults.campaign import Plan, Task
from campaigns.faults.scenarios import SCENARIOS
from tools.errors import EXIT_FAILED, ToolError, exit_with
from tools.paths import BUILD, PROJECT
from tools.product import require_images

DOCS_PAGE = PROJECT / "docs" / "faults.md"
REPORT = BUILD / "faults" / "report.json"


def main() -> int:
    arguments = parse_arguments()
    if arguments.write_docs:
        generated_section.renew(DOCS_PAGE, report.section(read_report(arguments.json)))
        return 0
    if arguments.fault:
        return replay(arguments.fault)
    chosen = [arguments.board] if arguments.board else boards.names()
    require_images(chosen)
    scenarios = [arguments.scenario] if arguments.scenario else list(SCENARIOS)
    tasks = [Task(board, scenario) for scenario in scenarios for board in chosen]
    plan = Plan(arguments.full, arguments.skips, arguments.flips, arguments.seed)
    console = Console()
    tallies = campaign.run(tasks, plan, console)
    report.show(console, tallies)
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps(report.figures(tallies), indent=1) + "\n")
    print(f"written to {arguments.json}")
    return tell(report.failures(tallies))


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="nox -s faults --", description=__doc__)
    parser.add_argument("--board", choices=boards.names(), help="only this board")
    parser.add_argument("--scenario", choices=list(SCENARIOS), help="only this window")
    parser.add_argument(
        "--full", action="store_true", help="skip every instruction executed, not one of each kind"
    )
    parser.add_argument(
        "--skips",
        type=int,
        metavar="N",
        help="of each window at most N, spread evenly",
    )
    parser.add_argument(
        "--flips",
        type=int,
        default=0,
        metavar="N",
        help="and flip N bits of registers at branches",
    )
    parser.add_argument("--seed", type=int, default=0, help="which bits (default: 0)")
    parser.add_argument("--fault", metavar="ID", help="only this fault, as a failure names it")
    parser.add_argument("--json", type=Path, default=REPORT, help="where the figures go")
    parser.add_argument(
        "--write-docs", action="store_true", help="renew docs/faults.md from the figures and end"
    )
    return parser.parse_args()


def read_report(path: Path) -> dict:
    """The figures of the last run."""
    if not path.exists():
        raise ToolError(f"{path} is not there: run `nox -s faults` before")
    return json.loads(path.read_text())


def replay(name: str) -> int:
    """One fault, told in full."""
    board = name.split("/")[1] if name.count("/") > 1 else ""
    if board in boards.names():
        require_images([board])
    try:
        place, result = campaign.replay(name)
    except ValueError as error:
        raise ToolError(f"unknown fault {name!r}: {error}") from None
    print(f"{name} at {place}: {result.outcome.value} ({result.detail})")
    return EXIT_FAILED if result.outcome is Outcome.SUCCESS else 0


def tell(failures: list[str]) -> int:
    """Print the failures; the exit status."""
    for line in failures:
        print(line)
    print(f"{len(failures)} skips gained something, or could not be tried")
    return EXIT_FAILED if failures else 0


if __name__ == "__main__":
    exit_with(main)
