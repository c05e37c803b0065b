# SPDX-License-Identifier: GPL-2.0-or-later
"""`nox -s fuzz -- coverage`: APDUs and frames, guided by the code they reach."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

import boards
from fuzz.coverage import campaign, corpus, report
from fuzz.coverage.bench import Bench
from fuzz.coverage.campaign import Plan
from fuzz.coverage.inputs import Input, UnknownInputError, parse_replay_id
from fuzz.coverage.targets import PATIENT_INSTRUCTIONS_MAX, TARGETS
from tools.errors import EXIT_FAILED, ToolError
from tools.paths import BUILD
from tools.product import require_images

FOLDER = BUILD / "fuzz"
# What CI runs: a minute on two cores that have little else to do.
EXECUTIONS = 10_000
COLUMNS = 124


def main(arguments: Sequence[str]) -> int:
    """The command with its arguments; its exit status."""
    options = _parser().parse_args(arguments)
    if options.executions < 1 or (options.seconds or 1) <= 0 or options.seed < 0:
        raise ToolError("--executions and --seconds must be positive, --seed not negative")
    if options.adopt and options.corpus is None:
        raise ToolError("--adopt needs --corpus")
    if options.replay is not None:
        return replay(options.replay)
    return fuzz(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nox -s fuzz -- coverage", description=__doc__)
    parser.add_argument("--target", choices=TARGETS, help="only these messages")
    parser.add_argument("--board", choices=boards.names(), help="only this board, twice")
    parser.add_argument("--executions", type=int, default=EXECUTIONS, metavar="N", help="how many")
    parser.add_argument("--seconds", type=float, metavar="N", help="go on so long instead")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="which mutations")
    parser.add_argument(
        "--corpus", type=Path, metavar="DIR", help="begin with what is there, and add to it"
    )
    parser.add_argument("--adopt", action="store_true", help="take another image's corpus")
    parser.add_argument("--replay", metavar="ID", help="an input, or a file that holds it")
    parser.add_argument("--output", type=Path, default=FOLDER, metavar="DIR", help="for reports")
    return parser


def fuzz(options: argparse.Namespace) -> int:
    """A run, its reports, its corpus."""
    chosen = [options.board] if options.board else boards.names()
    targets = [options.target] if options.target else list(TARGETS)
    require_images(chosen)
    corpora: dict[tuple[str, str], list[Input]] = {}
    if options.corpus is not None:
        corpora = {
            (board, target): corpus.load(options.corpus, board, target, adopt=options.adopt)
            for board in chosen
            for target in targets
        }
    plan = Plan(chosen, targets, options.seed, options.executions, options.seconds, corpora)
    result = campaign.run(plan, Console())
    for board in chosen:
        outcomes = [one for one in result.outcomes if one.board == board]
        for target in targets:
            found = (one for out in outcomes for one in out.corpora.get(target, ()))
            inputs = list(dict.fromkeys((*corpora.get((board, target), ()), *found)))
            corpus.save(options.corpus or options.output / "corpus", board, target, inputs)
    data = report.figures(result)
    report.show(Console(width=COLUMNS), data)
    report.write(options.output, data)
    print(f"written to {options.output / 'coverage.html'} and {options.output / 'coverage.json'}")
    return _tell(options.output / "findings", data)


def _tell(folder: Path, data: dict) -> int:
    for number, finding in enumerate(data["findings"]):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{finding['kind']}-{number}.txt").write_text(finding["id"] + "\n")
        print(report.line_of(finding))
    executions = sum(speed["executions"] for speed in data["targets"].values())
    print(f"{executions:,} inputs, {len(data['findings'])} findings")
    return EXIT_FAILED if data["findings"] else 0


def replay(name: str) -> int:
    """One input again, told in full."""
    if not name.startswith("fc/") and Path(name).is_file():
        name = Path(name).read_text(errors="replace")
    try:
        target, board, one = parse_replay_id(name)
    except UnknownInputError as error:
        raise ToolError(f"unknown input {name.strip()[:80]!r}: {error}") from None
    if target not in TARGETS or board not in boards.names():
        raise ToolError(f"unknown input: there is no target {target} on a board {board}")
    require_images([board])
    run = TARGETS[target](Bench(board, watched=True)).run(one, PATIENT_INSTRUCTIONS_MAX)
    for number, message in enumerate(one.messages, 1):
        print(f"message {number:2}         {message.hex()}")
    for key, value in vars(run).items():
        print(f"{key.replace('_', ' '):18} {value}")
    return EXIT_FAILED if run.finding else 0
