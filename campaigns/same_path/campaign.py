# SPDX-License-Identifier: GPL-2.0-or-later
"""All comparisons, on all cores, behind a progress bar."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass

from rich.console import Console
from rich.progress import track

from campaigns.same_path.comparison import Comparer, Comparison, ComparisonError
from campaigns.same_path.operations import OPERATIONS
from tools.workers import worker_pool

_comparers: dict[str, Comparer] = {}


@dataclass(frozen=True)
class Task:
    """One operation on one board, with so many secrets."""

    board: str
    operation: str
    runs: int


@dataclass(frozen=True)
class Figures:
    """A comparison, or why there is none."""

    task: Task
    comparison: Comparison | None
    error: str = ""


def compare(task: Task) -> Figures:
    """In this process, on a device that is kept."""
    if task.board not in _comparers:
        _comparers[task.board] = Comparer(task.board)
    try:
        operation = OPERATIONS[task.operation]
        comparison = _comparers[task.board].compare(operation, task.runs)
    except ComparisonError as error:
        return Figures(task, None, str(error))
    # Operations hold functions, which do not go from one process to another.
    comparison.operation = None  # type: ignore[assignment]
    return Figures(task, comparison)


def run(tasks: Sequence[Task], console: Console) -> list[Figures]:
    """Every task, in the order given."""
    found: dict[Task, Figures] = {}
    with worker_pool() as pool:
        pending = [pool.submit(compare, task) for task in tasks]
        for future in track(
            as_completed(pending), "comparing", len(pending), console=console, transient=True
        ):
            figures = future.result()
            if figures.comparison is not None:
                figures.comparison.operation = OPERATIONS[figures.task.operation]
            found[figures.task] = figures
    return [found[task] for task in tasks]
