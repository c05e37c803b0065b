# SPDX-License-Identifier: GPL-2.0-or-later
"""Keeps two processes busy with batches, and takes results as they come."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import TypeVar

PROCESSES = 2
Result = TypeVar("Result")


def drain(
    submit: Callable[[], Future[Result] | None], done_with: Callable[[Result], object]
) -> None:
    """Until `submit` has no more, which it tells by None, and all that runs is done."""
    running: set[Future[Result]] = set()
    while True:
        while len(running) < 2 * PROCESSES:
            more = submit()
            if more is None:
                break
            running.add(more)
        if not running:
            return
        done, running = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            done_with(future.result())
