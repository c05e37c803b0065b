# SPDX-License-Identifier: GPL-2.0-or-later
"""Which faults are tried, on all cores, and what became of each."""

from __future__ import annotations

import math
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

import boards
from campaigns.faults.bench import FaultBench, Result
from campaigns.faults.scenarios import SCENARIOS
from campaigns.faults.station import image_name, station
from campaigns.faults.striker import REGISTER_BITS, REGISTERS, Fault, Outcome
from campaigns.faults.windows import BenchError
from tools.workers import News, as_heard, send_news, worker_pool

NEWS_EVERY = 50
EXAMPLES_MAX = 200


class Kinds(Enum):
    """Which of a window's instructions are skipped."""

    CALLER = "one of each address and caller"
    PYTHON = "one of each address, caller and byte of Python"
    ALL = "every instruction executed"


@dataclass(frozen=True)
class Plan:
    """How much of each window is struck.

    `share`: one in so many of the skips; None: as many as the scenario's brief run. `flips`: of
    bits, per window. `seconds`: the time that a window may take at most, then faults come in any
    order; None: no bound.
    """

    kinds: Kinds = Kinds.CALLER
    share: int | None = 1
    flips: int = 0
    seconds: float | None = None
    seed: int = 0

    def faults(self, bench: FaultBench, name: str) -> list[Fault]:
        """What is done to the window; the same for the same seed."""
        choices = random.Random(f"{self.seed}/{name}")
        window = bench.window
        if self.kinds is Kinds.ALL:
            places = list(window.indices)
        else:
            places = window.one_of_each(choices, by_python=self.kinds is Kinds.PYTHON)
        share = self.share or bench.scenario.brief_share
        skips = choices.sample(places, -(-len(places) // share))
        faults = [*map(Fault, skips), *self._flips(bench, choices)]
        if self.seconds is None:
            return sorted(faults, key=lambda fault: fault.index)
        return choices.sample(faults, len(faults))

    def _flips(self, bench: FaultBench, choices: random.Random) -> Iterator[Fault]:
        for _ in range(self.flips if bench.branches else 0):
            yield Fault(
                choices.choice(bench.branches),
                choices.randrange(REGISTERS),
                choices.randrange(REGISTER_BITS),
            )


@dataclass(frozen=True)
class Task:
    """One scenario on one board."""

    board: str
    scenario: str

    @property
    def name(self) -> str:
        """For a person."""
        return f"{self.board}/{self.scenario}"


@dataclass
class Tally:
    """What became of the faults of a task."""

    task: Task
    instructions: int = 0
    kinds: int = 0
    inside_primitives: int = 0
    first: str = ""
    last: str = ""
    skips: Counter[str] = field(default_factory=Counter)
    flips: Counter[str] = field(default_factory=Counter)
    successes: list[tuple[str, str, str]] = field(default_factory=list)
    """Replay id, what was gained, where."""
    error: str = ""

    def enter(self, result: Result, bench: FaultBench) -> None:
        """Count a result."""
        counts = self.skips if result.fault.register is None else self.flips
        counts[result.outcome.value] += 1
        if result.outcome is Outcome.SUCCESS and len(self.successes) < EXAMPLES_MAX:
            place = bench.place(result.fault.index)
            self.successes.append((fault_id(self.task, result.fault), result.detail, place))

    @property
    def failed_skips(self) -> int:
        """Skips that gained something."""
        return self.skips[Outcome.SUCCESS.value]


def fault_id(task: Task, fault: Fault) -> str:
    """What `--replay` takes to try one fault again."""
    at = "skip" if fault.register is None else f"r{fault.register}.{fault.bit}"
    return f"ft/{task.board}/{image_name(task.board)}/{task.scenario}/{fault.index}/{at}"


def parse_id(name: str) -> tuple[Task, str, Fault]:
    """The reverse, with the name of the image; ValueError with one line."""
    parts = name.split("/")
    if len(parts) != 6 or parts[0] != "ft" or not parts[4].isdecimal():
        raise ValueError("ids look like ft/pico/0a1b2c3d/pin/4711/skip, or .../r3.31")
    _, board, image, scenario, index, at = parts
    if board not in boards.names():
        raise ValueError(f"no board is called {board}")
    if scenario not in SCENARIOS:
        raise ValueError(f"no window is called {scenario}; there are {', '.join(SCENARIOS)}")
    if at == "skip":
        return Task(board, scenario), image, Fault(int(index))
    register, _, bit = at.removeprefix("r").partition(".")
    if not (register.isdecimal() and bit.isdecimal()):
        raise ValueError(f"{at} is neither skip nor a register with a bit, as in r3.31")
    if int(register) >= REGISTERS or int(bit) >= REGISTER_BITS:
        raise ValueError("registers are r0 to r12, bits 0 to 31")
    return Task(board, scenario), image, Fault(int(index), int(register), int(bit))


def replay(name: str) -> tuple[str, Result]:
    """One fault again: its place, and what comes of it. ValueError: an unknown id."""
    task, image, fault = parse_id(name)
    present = image_name(task.board)
    if image != present:
        raise ValueError(f"it belongs to the image {image}, the one that is built is {present}")
    bench = FaultBench(station(task.board), SCENARIOS[task.scenario])
    if fault.index not in bench.window.indices:
        raise ValueError(f"instruction {fault.index} is not in the window of {task.name}")
    return bench.place(fault.index), bench.strike(fault)


# --- All of them ----------------------------------------------------------------------------------


def run(tasks: list[Task], plan: Plan, console: Console) -> list[Tally]:
    """Every task, in processes of its own, behind a progress bar."""
    tallies: list[Tally] = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        bars = {task.name: progress.add_task(task.name, total=None) for task in tasks}

        def on_news(name: str, done: int, of: int) -> None:
            progress.update(bars[name], completed=done, total=of)

        news = News()
        with worker_pool(news) as pool:
            pending = {pool.submit(run_task, task, plan): task.name for task in tasks}
            for name, tally in as_heard(pending, news, on_news):
                done = tally.skips.total() + tally.flips.total()
                on_news(name, done, done)
                tallies.append(tally)
    return sorted(tallies, key=lambda tally: tasks.index(tally.task))


def _strike(task: Task, bench: FaultBench, fault: Fault) -> Result:
    try:
        return bench.strike(fault)
    except Exception as error:
        # What a chip model cannot go on with has not been tried: the run fails, and says where.
        what = f"{type(error).__name__}: {error}"
        raise BenchError(f"{what}; to repeat it: --replay {fault_id(task, fault)}") from error


def run_task(task: Task, plan: Plan) -> Tally:
    """All faults of one scenario on one board."""
    tally = Tally(task)
    try:
        bench = FaultBench(station(task.board), SCENARIOS[task.scenario])
        window = bench.window
        end_s = time.monotonic() + (plan.seconds or math.inf)
        tally.instructions = len(window.indices)
        tally.kinds = len({kind[:2] for kind in window.kinds})
        tally.inside_primitives = window.inside_primitives
        tally.first, tally.last = bench.place(window.indices[0]), bench.place(window.indices[-1])
        faults = plan.faults(bench, task.name)
        for number, fault in enumerate(faults):
            if number % NEWS_EVERY == 0:
                send_news(task.name, number, len(faults))
            tally.enter(_strike(task, bench, fault), bench)
            if time.monotonic() > end_s:
                break
    except BenchError as error:
        tally.error = f"{task.name}: {error}"
    return tally
