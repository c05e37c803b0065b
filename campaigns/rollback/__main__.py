# SPDX-License-Identifier: GPL-2.0-or-later
"""`nox -s rollback`: boot cards with old flash contents, hold a table against it."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console

import boards
from campaigns import generated_section
from campaigns.rollback import campaign, report
from campaigns.rollback.verdict import Table
from tools.errors import EXIT_FAILED, ToolError, exit_with, tell
from tools.paths import BUILD, PROJECT
from tools.product import require_images

DOCS_PAGE = PROJECT / "docs" / "rollback.md"
REPORT = BUILD / "rollback" / "report.json"
COLUMNS = 100


def main() -> int:
    parser = argparse.ArgumentParser(prog="nox -s rollback --", description=__doc__)
    parser.add_argument("--board", choices=boards.names(), help="only this board")
    parser.add_argument("--case", metavar="ID", help="only this case, as a failure names it")
    parser.add_argument("--json", type=Path, default=REPORT, help="where the figures go")
    parser.add_argument(
        "--write-docs", action="store_true", help="renew the table of docs/rollback.md and end"
    )
    arguments = parser.parse_args()
    table = Table.load()
    if arguments.write_docs:
        generated_section.renew(DOCS_PAGE, report.section(table))
        return 0
    if arguments.case:
        return replay(arguments.case)
    chosen = [arguments.board] if arguments.board else boards.names()
    require_images(chosen)
    console = Console()
    cases = campaign.run(chosen, console)
    report.show(Console(width=COLUMNS), cases, table, chosen)
    report.write_json(arguments.json, report.figures(cases, chosen))
    print(f"written to {arguments.json}")
    failures = report.failures(cases, table, chosen)
    return tell(failures, f"{len(cases)} cases, {len(failures)} not as the table says")


def replay(name: str) -> int:
    """One case, told in full."""
    board = name.split("/")[1] if name.count("/") > 1 else ""
    if board not in boards.names():
        raise ToolError(f"unknown case {name!r}: ids look like rb/pico/27/17/152")
    require_images([board])
    try:
        case = campaign.replay(name)
    except ValueError as error:
        raise ToolError(f"unknown case {name!r}: {error}") from None
    print(f"{case.name}: {case.older!r} in {case.present!r}, row {case.row!r}: {case.outcome}")
    print(f"came back: {', '.join(sorted(case.back)) or 'nothing'}")
    print(case.failure or "as the table says")
    return EXIT_FAILED if case.failure else 0


if __name__ == "__main__":
    exit_with(main)
