# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs tasks in worker processes; figures and a ledger come back."""

from __future__ import annotations

import multiprocessing
import queue
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

from campaigns.powerloss import mutants
from campaigns.powerloss.catalogue import FAILING_TEARS, Task, Work, make
from sim.scenario.cut import Cut
from sim.scenario.explorer import Exploration, Explorer
from sim.scenario.invariants import Ledger, Verdict

WORKERS = 2
# Nodes between two words of a worker, and seconds between two looks at them.
REPORT_CUTS = 50
POLL_S = 0.2

_news: Any = None


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


def _start_worker(news: Any) -> None:
    global _news
    _news = news
    _ignore_interrupts()


def _in_worker(number: int, task: Task) -> Result:
    def tell(cuts: int, images: int) -> None:
        if cuts % REPORT_CUTS == 0:
            _news.put((number, cuts, images))

    _news.put((number, 0, 0))
    try:
        return run_task(task, tell)
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        text = f"{type(error).__name__}: {error} ({where.name}, line {where.lineno})"
        return Result(task, error=text)


def try_mutants(on_done: Callable[[int, int], None]) -> mutants.Outcome:
    """Try every mutant out. `on_done(done, of)` after each."""
    context = multiprocessing.get_context("spawn")
    planted = mutants.all_mutants()
    outcome = mutants.Outcome()
    with context.Pool(WORKERS, _ignore_interrupts) as pool:
        caught = pool.imap(_try_mutant, range(len(planted)), chunksize=4)
        for done, (mutant, caught_by) in enumerate(zip(planted, caught, strict=True), 1):
            outcome.add(mutant, caught_by)
            on_done(done, len(planted))
    return outcome


@cache
def _planted() -> list[mutants.Mutant]:
    return mutants.all_mutants()


def _try_mutant(number: int) -> str:
    return _planted()[number].try_out()


def _ignore_interrupts() -> None:
    # Ctrl-C is the parent's affair.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def run_all(
    tasks: list[Task], on_news: Callable[[int, int, int], None]
) -> Iterator[tuple[int, Result]]:
    """Results as they come. `on_news(task number, cuts, images)` between them."""
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager:
        news = manager.Queue()
        with ProcessPoolExecutor(WORKERS, context, _start_worker, (news,)) as pool:
            pending = {pool.submit(_in_worker, i, task): i for i, task in enumerate(tasks)}
            try:
                while pending:
                    done, _ = wait(pending, timeout=POLL_S, return_when=FIRST_COMPLETED)
                    _hear(news, on_news)
                    for future in done:
                        yield pending.pop(future), future.result()
            except BaseException:
                for process in list(pool._processes.values()):
                    process.terminate()
                pool.shutdown(wait=False, cancel_futures=True)
                raise


def _hear(news: Any, on_news: Callable[[int, int, int], None]) -> None:
    while True:
        try:
            on_news(*news.get_nowait())
        except queue.Empty:
            return
