# SPDX-License-Identifier: GPL-2.0-or-later
"""Worker processes of the campaigns and fuzzers: none is left behind."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from typing import Any, TypeVar

PROCESSES = os.cpu_count() or 1
POLL_S = 0.2
EXIT_ORPHANED = 1
# New interpreters: what the parent's threads hold at a fork stays out of them.
_CONTEXT = multiprocessing.get_context("spawn")
Result = TypeVar("Result")


class News:
    """What the workers of a pool tell before they have a result: a few numbers at a time.

    What one tells before its result is heard before the result. Somebody must hear it: workers wait
    when there is too much.
    """

    def __init__(self) -> None:
        self.queue = _CONTEXT.SimpleQueue()

    def hear(self, on_news: Callable[..., object]) -> None:
        """All that was told so far."""
        while not self.queue.empty():
            on_news(*self.queue.get())


_news: News | None = None


def send_news(*values: Any) -> None:
    """In a worker: to who hears its pool. In any other process, nothing."""
    if _news is not None:
        _news.queue.put(values)


@contextmanager
def worker_pool(
    news: News | None = None, processes: int = PROCESSES
) -> Iterator[ProcessPoolExecutor]:
    """Processes that may send news.

    Ctrl-C is the parent's affair. An exception of the block ends them in the middle of their work,
    and so does the end of the parent, even one that it does not notice (SIGKILL).
    """
    with ProcessPoolExecutor(processes, _CONTEXT, _begin, (news,)) as pool:
        try:
            yield pool
        except BaseException:
            for process in list(pool._processes.values()):
                process.terminate()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _begin(news: News | None) -> None:
    global _news
    _news = news
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    multiprocessing.connection.wait([parent.sentinel])
    os._exit(EXIT_ORPHANED)


def as_heard(
    pending: dict[Future[Result], Any], news: News, on_news: Callable[..., object]
) -> Iterator[tuple[Any, Result]]:
    """What `pending` says of each future, with its result, as they come; news between them."""
    while pending:
        done, _ = wait(pending, POLL_S, FIRST_COMPLETED)
        news.hear(on_news)
        for future in done:
            yield pending.pop(future), future.result()


def drain(
    submit: Callable[[], Future[Result] | None], done_with: Callable[[Result], object]
) -> None:
    """Keeps all cores busy until `submit` has no more, which it tells by None, and all is done."""
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
