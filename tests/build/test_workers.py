# SPDX-License-Identifier: GPL-2.0-or-later
"""Worker processes: news come before results; none outlives its parent."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tools.paths import PROJECT
from tools.workers import News, as_heard, drain, send_news, worker_pool

PATIENCE_S = 30
POLL_S = 0.05
# Long enough to be found alive, short enough to leave nothing behind for long.
SLEEP_S = 120

PARENT = f"""
import os, signal, time
from tools.workers import worker_pool
if __name__ == "__main__":
    # Who runs the tests in the background of a script ignores it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with worker_pool(processes=1) as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        pool.submit(time.sleep, {SLEEP_S}).result()
"""


def count_to(number: int) -> int:
    """In a worker."""
    for one in range(number):
        send_news(number, one)
    return number


def alive(process: int) -> bool:
    """False for a zombie, too: it waits only for its parent's question."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def ends(process: int) -> bool:
    """Waits for the end of a process that is not a child."""
    end_s = time.monotonic() + PATIENCE_S
    while alive(process) and time.monotonic() < end_s:
        time.sleep(POLL_S)
    return not alive(process)


@pytest.fixture
def parent(tmp_path):
    """A process with a worker that sleeps."""
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    with subprocess.Popen(
        [sys.executable, str(script)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_workers_end_with_the_process_that_started_them(parent, way):
    worker = int(parent.stdout.readline())
    assert alive(worker)
    parent.send_signal(way)
    parent.wait(PATIENCE_S)
    assert ends(worker)


def test_an_exception_ends_workers_in_the_middle_of_their_work():
    begin_s = time.monotonic()
    with pytest.raises(ZeroDivisionError), worker_pool(processes=1) as pool:
        worker = pool.submit(os.getpid).result()
        pool.submit(time.sleep, SLEEP_S)
        raise ZeroDivisionError
    assert ends(worker)
    assert time.monotonic() - begin_s < SLEEP_S


def test_what_a_worker_tells_is_heard_before_its_result():
    news, heard = News(), []
    with worker_pool(news) as pool:
        pending = {pool.submit(count_to, number): f"to {number}" for number in (3, 5)}
        for name, result in as_heard(pending, news, lambda *values: heard.append(values)):
            assert name == f"to {result}"
            assert [one for number, one in heard if number == result] == list(range(result))
    assert pending == {}


def test_news_of_a_process_that_is_no_worker_go_nowhere():
    assert count_to(3) == 3


def test_a_source_is_drained_to_its_end():
    source, results = iter(range(20)), []
    with worker_pool() as pool:

        def submit():
            number = next(source, None)
            return None if number is None else pool.submit(abs, -number)

        drain(submit, results.append)
    assert sorted(results) == list(range(20))
