# SPDX-License-Identifier: GPL-2.0-or-later
"""Batches of examples on all cores and both boards; regressions first."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import lru_cache
from itertools import count

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from fuzz.machine import replay, rules
from fuzz.machine.bench import Bench
from fuzz.machine.conversation import Tally
from fuzz.machine.steps import Run, from_file
from tools.errors import ToolError
from tools.paths import PROJECT
from tools.workers import drain, worker_pool

EXAMPLES_AT_ONCE = 10
REGRESSIONS = PROJECT / "fuzz" / "regressions"


@dataclass(frozen=True)
class Batch:
    """Examples of one board that a number determines."""

    board: str
    number: int
    examples: int


@dataclass(frozen=True)
class Result:
    """What came of a batch, or of a regression."""

    examples: int
    tally: Tally
    run: Run | None = None
    finding: str = ""


def batches(boards: Sequence[str], seed: int, examples: int | None) -> Iterator[Batch]:
    """The batches of a seed; without `examples` there is no end."""
    for index in count():
        size = EXAMPLES_AT_ONCE
        if examples is not None:
            size = min(size, examples - index * EXAMPLES_AT_ONCE)
        if size <= 0:
            return
        yield Batch(boards[index % len(boards)], seed * 1_000_000 + index, size)


def regressions() -> list[Run]:
    """What was found before; ToolError for a file that is none."""
    runs = []
    for path in sorted(REGRESSIONS.glob("*.json")):
        try:
            runs.append(from_file(path))
        except ValueError as error:
            raise ToolError(f"{path.name} in {path.parent} is no regression: {error}") from None
    return runs


# --- In the worker processes ----------------------------------------------------------------------


@lru_cache
def _bench(board: str) -> Bench:
    return Bench(board)


def _search(batch: Batch) -> Result:
    tally = Tally()
    found = rules.search(_bench(batch.board), tally, batch.number, batch.examples)
    return Result(found[0], tally, *found[1:])


def again(run: Run) -> Result:
    """One run once more."""
    tally = Tally()
    finding = replay.finding(_bench(run.board), run, tally)
    return Result(1, tally, run if finding else None, finding)


# --- In the process that runs the campaign --------------------------------------------------------


def run(
    boards: Sequence[str], seed: int, examples: int | None, seconds: float | None, console: Console
) -> list[Result]:
    """Regressions of these boards, then `examples`, or as many as `seconds` allow."""
    known = [one for one in regressions() if one.board in boards]
    source = batches(boards, seed, None if seconds else examples)
    end = time.monotonic() + (seconds or float("inf"))
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with worker_pool() as pool, Progress(*columns, console=console) as progress:
        task = progress.add_task("regressions", total=len(known))
        results = []
        for result in pool.map(again, known):
            results.append(result)
            progress.advance(task)
        total = None if seconds else examples
        task = progress.add_task("examples", total=total)

        def submit() -> Future[Result] | None:
            batch = next(source, None) if time.monotonic() < end else None
            return batch and pool.submit(_search, batch)

        drain(
            submit,
            lambda result: (results.append(result), progress.advance(task, result.examples)),
        )
    return results
