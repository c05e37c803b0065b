# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs tasks in worker processes; figures and a ledger come back."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, partial

from campaigns.powerloss import mutants
from campaigns.powerloss.catalogue import FAILING_TEARS, Task, Work, make
from sim.scenario.cut import Cut
from sim.scenario.explorer import Exploration, Explorer
from sim.scenario.invariants import Ledger, Verdict
from tools.workers import News, as_heard, send_news, worker_pool

# Nodes between two words of a worker.
REPORT_CUTS = 50


@dataclass
class Result:
    """A task's outcome; `error`: it could not be run, one line."""

    task: Task
    geometry: str = ""
    found: Exploration = field(default_factory=Exploration)
    ledger: Ledger = field(default_factory=Ledger)
    error: str = ""
    cpu_s: float = 0.0


def run_task(
    task: Task, on_node: Callable[[int, int], object] = lambda cuts, images: None
) -> Result:
    """Explore one scenario."""
    began = time.process_time()
    work = make(task)
    ledger = Ledger()
    ledger.declare(["SAME-1", "DONE-1", *(one.name for one in work.invariants.all())])
    place, end = work.place, work.recording.start.replay(work.recording.entries)
    whole = (Cut(len(work.recording.entries), "none"),)
    identity = partial(place.id, whole, end)
    ledger.enter("SAME-1", Verdict(len(work.recording.entries), work.unsound), identity)
    ledger.enter("DONE-1", work.invariants.final(), identity)
    if work.failures is not None:
        ledger.declare(["FAIL-1"])
        for verdict in work.failures():
            ledger.enter("FAIL-1", verdict, identity)
    explorer = Explorer(
        work.subject,
        work.invariants.all(),
        place,
        ledger,
        depth=task.depth,
        tears=task.tears,
        on_node=on_node,
    )
    found = explorer.run(work.recording)
    for other in work.failing():
        found.add(_behind_a_failure(other, ledger))
    cpu_s = time.process_time() - began
    return Result(task, place.geometry, found, ledger, cpu_s=cpu_s)


def _behind_a_failure(work: Work, ledger: Ledger) -> Exploration:
    """Cuts of a command that met a failing operation and went on."""
    explorer = Explorer(
        work.subject, work.invariants.all(), work.place, ledger, tears=FAILING_TEARS
    )
    return explorer.run(work.recording)


def _in_worker(number: int, task: Task) -> Result:
    def on_node(cuts: int, images: int) -> None:
        if cuts % REPORT_CUTS == 0:
            send_news(number, cuts, images)

    send_news(number, 0, 0)
    try:
        return run_task(task, on_node)
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        text = f"{type(error).__name__}: {error} ({where.name}, line {where.lineno})"
        return Result(task, error=text)


def try_mutants(on_done: Callable[[int, int], None]) -> mutants.Outcome:
    """Try every mutant out. `on_done(done, of)` after each."""
    planted = mutants.all_mutants()
    outcome = mutants.Outcome()
    with worker_pool() as pool:
        caught = pool.map(_try_mutant, range(len(planted)), chunksize=4)
        for done, (mutant, caught_by) in enumerate(zip(planted, caught, strict=True), 1):
            outcome.add(mutant, caught_by)
            on_done(done, len(planted))
    return outcome


@cache
def _planted() -> list[mutants.Mutant]:
    return mutants.all_mutants()


def _try_mutant(number: int) -> str:
    return _planted()[number].try_out()


def run_all(
    tasks: list[Task], on_news: Callable[[int, int, int], None]
) -> Iterator[tuple[int, Result]]:
    """Results as they come. `on_news(task number, cuts, images)` between them."""
    news = News()
    with worker_pool(news) as pool:
        pending = {pool.submit(_in_worker, i, task): i for i, task in enumerate(tasks)}
        yield from as_heard(pending, news, on_news)
