# SPDX-License-Identifier: GPL-2.0-or-later
"""`nox -s soak`: thousands of mixed commands, without a failure or residue.

Virtual time, so that a run is a function of the image and the seed. One command in 500 makes an
RSA key; the rest is drawn from the mix of soak_commands.py.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

import boards
from bench.soak_commands import MIX, Subject
from sim.device import Device
from sim.residue.watch import Watch
from tests.image import gc_heap
from tools.errors import EXIT_FAILED, ToolError, exit_with
from tools.paths import BUILD
from tools.product import require_images

COMMANDS = 10_000
RSA_EVERY = 500
BOARD = "pico"
REPORT = BUILD / "soak" / "report.json"


@dataclass
class Result:
    """One run. `failure`: what went wrong, with the step; empty when nothing did."""

    commands: int = 0
    steps: Counter[str] = field(default_factory=Counter)
    live_bytes: list[int] = field(default_factory=list)
    virtual_s: float = 0
    secrets: int = 0
    failure: str = ""


def main() -> int:
    parser = argparse.ArgumentParser(prog="nox -s soak --", description=__doc__)
    parser.add_argument("--board", choices=boards.names(), default=BOARD)
    parser.add_argument("--commands", type=int, default=COMMANDS, metavar="N", help="how many")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="which commands")
    parser.add_argument("--json", type=Path, default=REPORT, help="where the figures go")
    arguments = parser.parse_args()
    if arguments.commands < 1 or arguments.seed < 0:
        raise ToolError("--commands must be positive, --seed not negative")
    require_images([arguments.board])
    console = Console()
    result = run(arguments.board, arguments.commands, arguments.seed, console)
    show(console, result)
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps(vars(result), indent=1) + "\n")
    print(f"written to {arguments.json}")
    if not result.failure:
        return 0
    print(f"command {result.commands}: {result.failure}")
    repeat = f"--board {arguments.board} --commands {arguments.commands} --seed {arguments.seed}"
    print(f"to repeat it: nox -s soak -- {repeat}")
    return EXIT_FAILED


def run(board: str, commands: int, seed: int, console: Console) -> Result:
    """A card from its initialisation to its last command, or to the first wrong answer."""
    device = Device.from_uf2(board, BUILD / board / "hsm.uf2", seed=seed)
    watch = Watch(device)
    device.power_on()
    subject = Subject(device, random.Random(seed))
    subject.make_keys()
    subject.commands = 0
    result = Result()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        task = progress.add_task(f"{board}: mixed commands", total=commands)
        while subject.commands < commands and not result.failure:
            _step(subject, result)
            progress.update(task, completed=min(subject.commands, commands))
    result.commands, result.virtual_s = subject.commands, device.virtual_ms / 1000
    result.secrets = watch.secrets_seen
    device.power_off()
    return result


def _step(subject: Subject, result: Result) -> None:
    names, weights, steps = zip(*MIX, strict=True)
    index = subject.chance.choices(range(len(names)), weights)[0]
    name, step = names[index], steps[index]
    if subject.commands // RSA_EVERY > result.steps["GENERATE RSA-2048"]:
        name, step = "GENERATE RSA-2048", Subject.make_rsa_key
        _measure_heap(subject, result)
    try:
        step(subject)
    except Exception as error:
        # Whatever ends the run: the card's answer, the bus, or a check of the host.
        result.failure = f"{name}: {type(error).__name__}: {error}"
    result.steps[name] += 1
    # Nobody cuts the power here: what was programmed and erased need not be remembered.
    subject.device.journal.clear()


def _measure_heap(subject: Subject, result: Result) -> None:
    """What lives in MicroPython's heap: the lowest use over commands that make it collect."""
    exchanges = 300
    before = subject.commands
    live = gc_heap.lowest_use_bytes(subject.device, subject.card.key_domain, exchanges)
    result.live_bytes.append(live)
    subject.commands = before


def show(console: Console, result: Result) -> None:
    """How often each command came, and the memory."""
    table = Table(title=f"{result.commands:,} commands in {result.virtual_s:,.0f} s of the card")
    table.add_column("step")
    table.add_column("times", justify="right")
    for name, count in result.steps.most_common():
        table.add_row(name, f"{count:,}")
    console.print(table)
    console.print(f"{result.secrets:,} secrets, looked for after every command")
    if result.live_bytes:
        live = ", ".join(f"{number / 1024:.1f}" for number in result.live_bytes)
        console.print(f"live in the heap of MicroPython, KiB, every {RSA_EVERY} commands: {live}")


if __name__ == "__main__":
    exit_with(main)
