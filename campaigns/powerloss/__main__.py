# SPDX-License-Identifier: GPL-2.0-or-later
"""The campaign's command line: python -m campaigns.powerloss --help.

Exit status: 0 no violation, 1 violations (each with the line that replays it) or an invariant that
was never shown, 2 wrong input, 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from campaigns.powerloss import catalogue, mutants, report, runner
from campaigns.powerloss.runner import Result, run_all
from tools.errors import EXIT_FAILED, ToolError, exit_with
from tools.paths import BUILD

SEED = 0
REPORTS = BUILD / "powerloss"
VIOLATIONS_SHOWN = 30
LOG_COLUMNS = 110


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(prog="nox -s powerloss --", description=__doc__)
    boards = f"only this one, may be repeated: {', '.join(catalogue.board_names())}"
    result.add_argument("--board", action="append", default=[], help=boards)
    result.add_argument("--scenario", action="append", default=[], help="only this one")
    result.add_argument("--seed", type=int, default=SEED, help="of entropy and of random tears")
    result.add_argument("--depth", type=int, help="cuts one after the other")
    result.add_argument("--full", action="store_true", help="until nothing new comes up")
    result.add_argument("--output", type=Path, default=REPORTS, help="folder of the reports")
    result.add_argument("--mutants", action="store_true", help="only the planted faults")
    return result


def main() -> int:
    """Run the campaign; the exit status."""
    arguments = parser().parse_args()
    console = Console(soft_wrap=True, highlight=False)
    if not console.is_terminal:
        console.width = LOG_COLUMNS
    if arguments.depth is not None and arguments.depth < 1:
        raise ToolError("--depth counts cuts one after the other: 1 or more")
    chosen = arguments.board or arguments.scenario
    tasks = catalogue.tasks(
        arguments.seed, arguments.board, arguments.scenario, arguments.depth, arguments.full
    )
    began = time.monotonic()
    outcome = _try_mutants(console) if arguments.mutants or not chosen else None
    results = [] if arguments.mutants else _run(tasks, console)
    summary = report.Summary(results, outcome, time.monotonic() - began)
    if results:
        console.print(report.table(summary))
        console.print(report.invariants_table(summary))
        for path in report.write(summary, arguments.output):
            console.print(f"written: {path}")
    return _judge(summary, whole=bool(results) and not chosen, console=console)


def _try_mutants(console: Console) -> mutants.Outcome:
    with _progress(console) as progress:
        bar = progress.add_task("planted faults", total=None, note="")
        outcome = runner.try_mutants(
            lambda done, of: progress.update(bar, completed=done, total=of)
        )
    caught = ", ".join(f"{name} {count}" for name, count in outcome.caught.most_common())
    total = outcome.caught.total()
    console.print(f"planted faults: {total} caught ({caught}), {outcome.survivor_count} survive")
    return outcome


def _run(tasks: list[catalogue.Task], console: Console) -> list[Result]:
    results: dict[int, Result] = {}
    with _progress(console) as progress:
        whole = progress.add_task("scenarios", total=len(tasks), note="")
        bars: dict[int, object] = {}

        def on_news(number: int, cuts: int, images: int) -> None:
            task = tasks[number]
            if number not in bars:
                name = f"{task.board} {task.scenario}"
                bars[number] = progress.add_task(name, total=None, note="")
            note = f"{cuts:,} cuts, {images:,} images"
            progress.update(bars[number], note=note)  # type: ignore[arg-type]

        for number, result in run_all(tasks, on_news):
            results[number] = result
            progress.advance(whole)
            if number in bars:
                progress.remove_task(bars.pop(number))  # type: ignore[arg-type]
            if not console.is_terminal:
                console.print(report.line(result))
    return [results[number] for number in sorted(results)]


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description:<32}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    )


def _judge(summary: report.Summary, whole: bool, console: Console) -> int:
    """Say what went wrong; the exit status."""
    failed = False
    for result in summary.results:
        if result.error:
            failed = True
            console.print(f"FAILED {result.task.board} {result.task.scenario}: {result.error}")
            console.print(f"  to repeat it: {report.repeat(result.task)}")
    for problem in mutants.problems(summary.mutants) if summary.mutants else ():
        failed = True
        console.print(f"FAILED planted faults: {problem}", markup=False)
        console.print("  to repeat it: nox -s powerloss -- --mutants")
    for violation in summary.ledger.violations[:VIOLATIONS_SHOWN]:
        console.print(f"VIOLATION {violation.invariant}: {violation.problem}", markup=False)
        console.print(f"  to repeat it: nox -s replay -- {violation.id}")
    never = summary.never_shown()
    if whole and never:
        console.print(f"never evaluated on anything: {', '.join(never)}")
    count = summary.ledger.violation_count()
    if summary.results:
        console.print(f"{count:,} violations in {summary.images:,} images")
    return EXIT_FAILED if failed or count or (whole and never) else 0


if __name__ == "__main__":
    exit_with(main)
