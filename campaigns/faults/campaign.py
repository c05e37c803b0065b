# SPDX-License-Identifier: GPL-2.0-or-later
"""Which faults are tried, on all cores, and what became of each."""

from __future__ import annotations

import multiprocessing
import os
import queue
import random
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

import boards
from campaigns.faults.bench import (
    REGISTER_BITS,
    REGISTERS,
    BenchError,
    Fault,
    FaultBench,
    Outcome,
    Result,
)
from campaigns.faults.scenarios import SCENARIOS

PROCESSES = os.cpu_count() or 1
POLL_S = 0.2
NEWS_EVERY = 50
EXAMPLES_MAX = 200

_news: Any = None


@dataclass(frozen=True)
class Plan:
    """How much of each window: all instructions or one of each kind, how many flips of bits.

    `skips_max`: of each window at most so many, spread evenly; None: no bound.
    """

    every_instruction: bool = False
    skips_max: int | None = None
    flips: int = 0
    seed: int = 0

    def faults(self, bench: FaultBench, name: str) -> list[Fault]:
        """Ascending, as the bench likes them."""
        window = bench.window
        places = list(window.indices) if self.every_instruction else window.distinct()
        if self.skips_max is not None and len(places) > self.skips_max:
            places = [places[n * len(places) // self.skips_max] for n in range(self.skips_max)]
        return sorted(
            (*map(Fault, places), *self._flips(bench, name)), key=lambda fault: fault.index
        )

    def _flips(self, bench: FaultBench, name: str) -> Iterator[Fault]:
        branches = sorted(bench.branches)
        choices = random.Random(f"{self.seed}/{name}")
        for _ in range(self.flips if branches else 0):
            yield Fault(
                choices.choice(branches),
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
    """What `--fault` takes to try one fault again."""
    at = "skip" if fault.register is None else f"r{fault.register}.{fault.bit}"
    return f"ft/{task.board}/{task.scenario}/{fault.index}/{at}"


def parse_id(name: str) -> tuple[Task, Fault]:
    """The reverse; ValueError with one line."""
    parts = name.split("/")
    if len(parts) != 5 or parts[0] != "ft" or not parts[3].isdigit():
        raise ValueError("ids look like ft/pico/pin/4711/skip or ft/pico/pin/4711/r3.31")
    _, board, scenario, index, at = parts
    if board not in boards.names():
        raise ValueError(f"no board is called {board}")
    if scenario not in SCENARIOS:
        raise ValueError(f"no scenario is called {scenario}; there are {', '.join(SCENARIOS)}")
    if at == "skip":
        return Task(board, scenario), Fault(int(index))
    register, _, bit = at.removeprefix("r").partition(".")
    if not (register.isdigit() and bit.isdigit()):
        raise ValueError(f"{at} is neither skip nor a register with a bit, as in r3.31")
    if int(register) >= REGISTERS or int(bit) >= REGISTER_BITS:
        raise ValueError("registers are r0 to r12, bits 0 to 31")
    return Task(board, scenario), Fault(int(index), int(register), int(bit))


def replay(name: str) -> tuple[str, Result]:
    """One fault again: its place, and what comes of it. ValueError: an unknown id."""
    task, fault = parse_id(name)
    bench = FaultBench(task.board, SCENARIOS[task.scenario])
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
        for tally in _run_all(
            tasks,
            plan,
            lambda name, done, of: progress.update(bars[name], completed=done, total=of),
        ):
            done = tally.skips.total() + tally.flips.total()
            progress.update(bars[tally.task.name], completed=done, total=done)
            tallies.append(tally)
    return sorted(tallies, key=lambda tally: tasks.index(tally.task))


def _run_all(tasks: list[Task], plan: Plan, on_news: Any) -> Iterator[Tally]:
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager:
        news = manager.Queue()
        with ProcessPoolExecutor(PROCESSES, context, _start_worker, (news,)) as pool:
            pending = {pool.submit(run_task, task, plan) for task in tasks}
            try:
                while pending:
                    done, pending = wait(pending, POLL_S, FIRST_COMPLETED)
                    _hear(news, on_news)
                    yield from (future.result() for future in done)
            except BaseException:
                for process in list(pool._processes.values()):
                    process.terminate()
                pool.shutdown(wait=False, cancel_futures=True)
                raise


def _start_worker(news: Any) -> None:
    global _news
    _news = news
    # Ctrl-C is the parent's affair.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _hear(news: Any, on_news: Any) -> None:
    while True:
        try:
            on_news(*news.get_nowait())
        except queue.Empty:
            return


def run_task(task: Task, plan: Plan) -> Tally:
    """All faults of one scenario on one board."""
    tally = Tally(task)
    try:
        bench = FaultBench(task.board, SCENARIOS[task.scenario])
        window = bench.window
        tally.instructions = len(window.indices)
        tally.kinds = len(window.distinct())
        tally.inside_primitives = window.inside_primitives
        tally.first, tally.last = bench.place(window.indices[0]), bench.place(window.indices[-1])
        faults = plan.faults(bench, task.name)
        for number, fault in enumerate(faults):
            if number % NEWS_EVERY == 0 and _news is not None:
                _news.put((task.name, number, len(faults)))
            tally.enter(bench.strike(fault), bench)
    except BenchError as error:
        tally.error = f"{task.name}: {error}"
    return tally
