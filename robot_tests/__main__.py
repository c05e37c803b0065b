# SPDX-License-Identifier: GPL-2.0-or-later
"""`nox -s robot`: run the suites on all boards at once, keep one report of all.

build/robot/<board>/ gets each board's log.html, report.html and output.xml; build/robot/ those of
all boards together. Exit status: 0 when all tests passed, 1 when one did not, 2 for wrong input.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

import boards
from robot_tests import backends
from robot_tests.backends.backend import BackendError, Capability
from tools.errors import EXIT_FAILED, ToolError, exit_with
from tools.paths import BUILD, PROJECT

SUITES = PROJECT / "robot_tests" / "suites"
# What Robot Framework answers beside the number of failed tests: wrong data, stopped, own error.
ROBOT_STATUS_FAILURES_MAX = 250
PIPE_BYTES = 65536


@dataclass
class Run:
    """The suites on one board, in a process of its own."""

    board: str
    folder: Path
    process: subprocess.Popen[bytes]
    pending: bytes = b""
    total: int = 0
    counts: dict[str, int] = field(default_factory=lambda: {"PASS": 0, "FAIL": 0, "SKIP": 0})
    failed: list[tuple[str, str]] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    # Lines that are no events: what Robot Framework itself has to say.
    said: list[str] = field(default_factory=list)

    @property
    def done(self) -> int:
        """Tests that have ended."""
        return sum(self.counts.values())


def arguments_of(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """The command line."""
    parser.add_argument("--board", action="append", help=f"{', '.join(boards.names())}; all")
    parser.add_argument("--backend", default="chip_model", help=", ".join(backends.KNOWN))
    parser.add_argument("--suite", action="append", default=[], help="only these, e.g. keys")
    parser.add_argument("--test", action="append", default=[], help="only tests of this name")
    parser.add_argument("--include", action="append", default=[], help="only tests of this tag")
    parser.add_argument("--image", type=Path, metavar="UF2", help="instead of the built one")
    parser.add_argument("--output", type=Path, metavar="FOLDER", default=BUILD / "robot")
    return parser.parse_args()


def main() -> int:
    """Run the suites; the exit status."""
    arguments = arguments_of(argparse.ArgumentParser(prog="nox -s robot --", description=__doc__))
    names = arguments.board or boards.names()
    if arguments.image is not None and len(names) != 1:
        raise ToolError("--image needs exactly one --board")
    backend_capabilities = [_capabilities(arguments, name) for name in names]
    complete = all(found == frozenset(Capability) for found in backend_capabilities)
    files = _suites(arguments.suite)
    console = Console(highlight=False, soft_wrap=True)
    with ExitStack() as stack:
        runs = [_start(stack, arguments, name, files) for name in names]
        _follow(runs, console)
    for run in runs:
        _check_end(run)
    report = _merge(runs, arguments.output)
    return _conclude(runs, complete, report, arguments, console)


def _capabilities(arguments: argparse.Namespace, board: str) -> frozenset[Capability]:
    """What the back end can do; refuses here what no test could use."""
    try:
        backend = backends.load(arguments.backend, board, arguments.image)
    except BackendError as error:
        raise ToolError(str(error)) from None
    backend.close()
    return backend.capabilities


def _suites(wanted: list[str]) -> list[Path]:
    """The files of the suites called `wanted`, with or without their numbers; all for none."""
    known = {path.stem.split("_", 1)[1]: path for path in sorted(SUITES.glob("[0-9]*.robot"))}
    chosen = []
    for name in wanted:
        plain = name.removesuffix(".robot").lstrip("0123456789_")
        if plain not in known:
            raise ToolError(f"unknown suite '{name}'; known suites: {', '.join(known)}")
        chosen.append(known[plain])
    return chosen


# --- running --------------------------------------------------------------------------------------


def _start(stack: ExitStack, arguments: argparse.Namespace, board: str, files: list[Path]) -> Run:
    folder = arguments.output / board
    options = ["--name", board, "--settag", f"board:{board}"]
    options += ["--outputdir", str(folder), "--console", "quiet"]
    options += ["--loglevel", "DEBUG:INFO", "--listener", "robot_tests.progress"]
    values = {"BACKEND": arguments.backend, "BOARD": board, "IMAGE": arguments.image or ""}
    for name, value in values.items():
        options += ["--variable", f"{name}:{value}"]
    for name, values_given in (("test", arguments.test), ("include", arguments.include)):
        for value in values_given:
            options += [f"--{name}", value]
    for path in files:
        options += ["--suite", path.stem]
    command = [sys.executable, "-m", "robot", "--pythonpath", str(PROJECT), *options, str(SUITES)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=PROJECT
    )
    stack.enter_context(process)
    return Run(board, folder, process)


def _follow(runs: list[Run], console: Console) -> None:
    """Show what the runs tell, until all have ended."""
    progress = Progress(
        TextColumn("{task.description:<6}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[test]}", markup=False),
        console=console,
        disable=not console.is_terminal,
    )
    with progress, DefaultSelector() as selector:
        for run in runs:
            task = progress.add_task(run.board, total=None, test="")
            assert run.process.stdout
            selector.register(run.process.stdout, EVENT_READ, (run, task))
        while selector.get_map():
            for key, _ in selector.select():
                run, task = key.data
                assert run.process.stdout
                data = os.read(run.process.stdout.fileno(), PIPE_BYTES)
                if not data:
                    selector.unregister(run.process.stdout)
                *lines, run.pending = (run.pending + data).split(b"\n")
                for line in lines:
                    _take(run, line.decode(errors="replace"), progress, task)


def _take(run: Run, line: str, progress: Progress, task: TaskID) -> None:
    if not line.startswith("{"):
        run.said.append(line.rstrip())
        return
    event = json.loads(line)
    if "total" in event:
        run.total = event["total"]
        progress.update(task, total=run.total)
        return
    if "ended" in event:
        if not progress.console.is_terminal:
            # Nobody sees the bar: a line now and then tells that it goes on.
            progress.console.print(f"{run.board}: {event['ended']}: {event['tests']} tests done")
        return
    run.counts[event["status"]] += 1
    progress.update(task, completed=run.done, test=event["test"])
    if event["status"] == "PASS":
        return
    where = (event["suite"], event["test"])
    (run.failed if event["status"] == "FAIL" else run.skipped).append(where)
    text = f"{run.board}: {event['status']}: {event['test']}: {event['message']}"
    progress.console.print(text, style="bold red" if event["status"] == "FAIL" else "yellow")


def _check_end(run: Run) -> None:
    status = run.process.returncode
    if status > ROBOT_STATUS_FAILURES_MAX or status < 0 or not run.done:
        said = next((line for line in run.said if line), f"status {status}")
        raise ToolError(f"{run.board}: the suites could not be run: {said}")


def _merge(runs: list[Run], folder: Path) -> Path:
    """One report of all boards; where it is."""
    command = [sys.executable, "-m", "robot.rebot", "--name", "Pico HSM"]
    command += ["--outputdir", str(folder), "--output", "output.xml"]
    command += [str(run.folder / "output.xml") for run in runs]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode > ROBOT_STATUS_FAILURES_MAX:
        raise ToolError(f"rebot cannot merge the reports: {result.stderr.strip()}", EXIT_FAILED)
    return folder / "report.html"


# --- telling --------------------------------------------------------------------------------------


def _conclude(
    runs: list[Run],
    complete: bool,
    report: Path,
    arguments: argparse.Namespace,
    console: Console,
) -> int:
    for run in runs:
        counts = run.counts
        text = f"{run.board:<6} {counts['PASS']:>4} passed {counts['FAIL']:>3} failed"
        console.print(f"{text} {counts['SKIP']:>3} skipped")
    console.print(f"report: {report}", soft_wrap=True)
    repeated = False
    for run in runs:
        wrong = run.failed + (run.skipped if complete else [])
        for suite, test in wrong[: 0 if repeated else 1]:
            console.print(f"to repeat it: {_repeat(arguments, run.board, suite, test)}")
            repeated = True
    return EXIT_FAILED if repeated else 0


def _repeat(arguments: argparse.Namespace, board: str, suite: str, test: str) -> str:
    """The line that runs one test again."""
    words = ["nox", "-s", "robot", "--", "--board", board, "--suite", suite, "--test", test]
    if arguments.backend != "chip_model":
        words += ["--backend", arguments.backend]
    if arguments.image is not None:
        words += ["--image", str(arguments.image)]
    return shlex.join(words)


if __name__ == "__main__":
    exit_with(main)
