# SPDX-License-Identifier: GPL-2.0-or-later
"""Which images are booted, on all cores, and what became of each."""

from __future__ import annotations

import pickle
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import lru_cache
from itertools import count, islice
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

import boards as all_boards
from fuzz import families, lived_in
from fuzz.families import FAMILIES
from fuzz.lived_in import LivedIn, Truth
from fuzz.session import Observation, Session
from sim.device import Device, DeviceSnapshot
from tools.product import image_of
from tools.workers import drain, worker_pool

IMAGES_AT_ONCE = 22
# After every so many images INITIALIZE is tried. It has no divisor in common with the number of
# boards and families, so that each has its turn.
INITIALISE_EVERY = 9


@dataclass(frozen=True)
class Case:
    """One image: a name is all that it takes to make it again."""

    board: str
    family: str
    seed: int
    index: int

    @property
    def name(self) -> str:
        """The replay id."""
        return f"fi/{self.board}/{self.family}/{self.seed}/{self.index}"

    @property
    def initialise(self) -> bool:
        """True if the session ends with INITIALIZE."""
        return self.index % INITIALISE_EVERY == 0

    @classmethod
    def parse(cls, name: str) -> Case:
        """The case of a replay id; raises ValueError with one line."""
        parts = name.split("/")
        if len(parts) != 5 or parts[0] != "fi" or not (parts[3] + parts[4]).isdigit():
            raise ValueError("ids look like fi/pico/few_bits/0/17")
        _, board, family, seed, index = parts
        if board not in all_boards.names():
            raise ValueError(f"no board is called {board}")
        if family not in FAMILIES:
            raise ValueError(f"no family is called {family}; there are {', '.join(FAMILIES)}")
        return cls(board, family, int(seed), int(index))


@dataclass(frozen=True)
class Result:
    """A case and what was seen."""

    case: Case
    seen: Observation


def cases(boards: Sequence[str], seed: int) -> Iterator[Case]:
    """All cases of a seed, without end: boards and families in turn."""
    names = list(FAMILIES)
    for index in count():
        turn, place = divmod(index, len(boards))
        yield Case(boards[place], names[turn % len(names)], seed, index)


class Bench:
    """A device of one board, and the cards that its images start from."""

    def __init__(self, lived: LivedIn) -> None:
        self.lived = lived
        self.device: Device = lived_in.new_device(lived.board, image_of(lived.board))
        self.unpowered: DeviceSnapshot = self.device.snapshot()

    def region(self, case: Case) -> bytes:
        """The bytes of the case's data region."""
        return families.image(self.lived.cards, case.family, case.seed, case.index)

    def try_out(self, case: Case) -> Result:
        """Boot the image and hold the session."""
        truth = self.lived.truth if FAMILIES[case.family].has_card else Truth()
        session = Session(self.device, self.unpowered, truth)
        return Result(case, session.hold(self.region(case), initialise=case.initialise))


# --- In the worker processes ----------------------------------------------------------------------


def _live(board: str, path: Path) -> None:
    path.write_bytes(pickle.dumps(lived_in.live(board, image_of(board))))


@lru_cache
def _bench(path: Path) -> Bench:
    return Bench(pickle.loads(path.read_bytes()))


def _try_out(folder: Path, batch: Sequence[Case]) -> list[Result]:
    return [_bench(folder / case.board).try_out(case) for case in batch]


# --- In the process that runs the campaign --------------------------------------------------------


def run(
    boards: Sequence[str], seed: int, images: int, seconds: float | None, console: Console
) -> list[Result]:
    """Try out `images` images, or as many as `seconds` allow; results in the order of cases."""
    results: list[Result] = []
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with (
        tempfile.TemporaryDirectory() as name,
        worker_pool() as pool,
        Progress(*columns, console=console) as progress,
    ):
        folder = Path(name)
        total = None if seconds else images
        task = progress.add_task("lives on each board", total=total)
        list(pool.map(_live, boards, [folder / board for board in boards]))
        progress.update(task, description="images at boot")
        end = time.monotonic() + (seconds or float("inf"))
        source = islice(cases(boards, seed), None if seconds else images)

        def submit() -> Future[list[Result]] | None:
            batch = list(islice(source, IMAGES_AT_ONCE)) if time.monotonic() < end else []
            return pool.submit(_try_out, folder, batch) if batch else None

        def done_with(found: list[Result]) -> None:
            results.extend(found)
            progress.update(task, completed=len(results))

        drain(submit, done_with)
    return sorted(results, key=lambda result: (result.case.index, result.case.board))


def bench(board: str) -> Bench:
    """A bench in this process, for a single image."""
    return Bench(lived_in.live(board, image_of(board)))
