# SPDX-License-Identifier: GPL-2.0-or-later
"""`nox -s fuzz -- model`: commands and mishaps, held against an abstract card."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

import boards
from fuzz.machine import campaign, report
from fuzz.machine.steps import PREFIX, Run, from_file, from_name
from tools.errors import EXIT_FAILED, ToolError, tell
from tools.paths import BUILD
from tools.product import require_images

EXAMPLES = 200
REPORT = BUILD / "fuzz" / "model.json"
COLUMNS = 120


def main(options: Sequence[str]) -> int:
    """What `nox -s fuzz -- model` does with these options; the exit status."""
    parser = argparse.ArgumentParser(prog="nox -s fuzz -- model", description=__doc__)
    parser.add_argument("--board", choices=boards.names(), help="only this board")
    parser.add_argument("--examples", type=int, default=EXAMPLES, metavar="N", help="how many")
    parser.add_argument("--seconds", type=float, metavar="N", help="go on so long instead")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="which examples")
    parser.add_argument("--replay", metavar="ID", help="only this run: an id, or a file")
    parser.add_argument(
        "--save", type=Path, metavar="FILE", help="keep the run of --replay, for fuzz/regressions"
    )
    parser.add_argument("--json", type=Path, default=REPORT, help="where the figures go")
    arguments = parser.parse_args(options)
    if arguments.examples < 1 or (arguments.seconds or 1) <= 0 or arguments.seed < 0:
        raise ToolError("--examples and --seconds must be positive, --seed not negative")
    if arguments.save and arguments.replay is None:
        raise ToolError("--save needs --replay: it keeps that run")
    if arguments.replay is not None:
        return replay(arguments.replay, arguments.save)
    chosen = [arguments.board] if arguments.board else boards.names()
    require_images(chosen)
    started_s = time.monotonic()
    results = campaign.run(chosen, arguments.seed, arguments.examples, arguments.seconds, Console())
    data = report.figures(results, arguments.seed, time.monotonic() - started_s)
    report.show(Console(width=COLUMNS), data)
    report.write_json(arguments.json, data)
    print(f"written to {arguments.json}")
    return tell(data["findings"], f"{data['examples']} examples, {len(data['findings'])} findings")


def replay(name: str, save: Path | None = None) -> int:
    """One run, told step by step, and kept as a file where that is wanted."""
    run = parse(name)
    require_images([run.board])
    print(f"{run.board}, {run.start}")
    for step in run.steps:
        print(" ", *step.to_list())
    result = campaign.again(run)
    print(result.finding or "as the model predicts")
    if save is not None:
        save.write_text(run.to_json(result.finding))
    return EXIT_FAILED if result.finding else 0


def parse(name: str) -> Run:
    """The run of an id or of a file; ToolError."""
    try:
        if not name.startswith(PREFIX) and not Path(name).is_file():
            raise ValueError(f"it is no file, and ids begin with {PREFIX}")
        return from_name(name) if name.startswith(PREFIX) else from_file(Path(name))
    except ValueError as error:
        raise ToolError(f"unknown run {name[:60]!r}: {error}") from None
