# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the cases: records a life per board, boots its swaps, judges each."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, as_completed
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from campaigns.rollback import life, verdict
from campaigns.rollback.situation import Situations
from campaigns.rollback.swaps import Regions, Swap, swaps
from campaigns.rollback.witness import Observation, observe
from sim.device import Device, DeviceSnapshot
from sim.flash import SECTOR_BYTES
from tools.product import image_of
from tools.workers import worker_pool

CASES_AT_ONCE = 20
PRESENTS = (life.LAST, life.END)


@dataclass(frozen=True)
class Case:
    """One swap, booted. `failure`: why it is not as the table has it; empty if it is."""

    board: str
    swap: Swap
    row: str
    older: str
    present: str
    outcome: str
    back: frozenset[str]
    failure: str

    @property
    def name(self) -> str:
        """The case's replay id."""
        return f"rb/{self.board}/{self.swap.name}"


class Bench:
    """A recorded life and a device to boot its swaps on."""

    def __init__(self, record: life.Record, image: Path) -> None:
        self.record = record
        self.regions = Regions(record)
        self._situations = Situations(record, self.regions)
        self._table = verdict.Table.load()
        self._device = Device.from_uf2(record.board, image, seed=life.SEED)
        self._presents: dict[int, DeviceSnapshot] = {}

    def swaps(self) -> Iterator[Swap]:
        """All swaps into both presents."""
        for name in PRESENTS:
            yield from swaps(self.regions, self.record.index(name))

    def boot(self, swap: Swap) -> Observation:
        """What the host sees of the card with the old contents in it."""
        device = self._device
        device.restore(self._without_power(swap.present))
        for sector in self.regions.sectors_of(swap):
            offset = self.record.region_offset + sector * SECTOR_BYTES
            device.flash.poke(offset, self.regions.sector(swap.older, sector))
        device.power_on(seed=life.SEED)
        return observe(device, self.record.memory)

    def _without_power(self, present: int) -> DeviceSnapshot:
        """The device with the flash of a present in it: swaps change a few sectors of that."""
        if present not in self._presents:
            device = self._device
            if device.machine.powered:
                device.power_off()
            device.flash.poke(self.record.region_offset, self.record.moments[present].region)
            self._presents[present] = device.snapshot()
        return self._presents[present]

    def judge(self, swap: Swap) -> Case:
        """Boot a swap and hold it against the table."""
        moments, board = self.record.moments, self.record.board
        present, older = moments[swap.present], moments[swap.older]
        situation, seen = self._situations.of(swap), self.boot(swap)
        back = verdict.came_back(seen, present.seen)
        failure = verdict.contradiction(self._table, board, situation, seen, present.seen)
        if not failure and situation.row == "whole":
            due = self._table.whole[present.name][older.name]
            if back != due:
                failure = f"came back: {_names(back)}; the table says: {_names(due)}"
        outcome = verdict.outcome(seen, present.seen)
        return Case(board, swap, situation.row, older.name, present.name, outcome, back, failure)


def _names(kinds: frozenset[str]) -> str:
    return ", ".join(kind for kind in verdict.KINDS if kind in kinds) or "nothing"


# --- in the worker processes ------------------------------------------------------------------


def _record(board: str, path: Path) -> list[Swap]:
    """Record a board's life into a file; its swaps."""
    record = life.record(board, image_of(board))
    path.write_bytes(pickle.dumps(record))
    return list(_bench(board, path).swaps())


@lru_cache(maxsize=1)
def _bench(board: str, path: Path) -> Bench:
    return Bench(pickle.loads(path.read_bytes()), image_of(board))


def _judge(board: str, path: Path, batch: Sequence[Swap]) -> list[Case]:
    bench = _bench(board, path)
    return [bench.judge(swap) for swap in batch]


# --- in the process that runs the campaign ----------------------------------------------------


def run(boards: Sequence[str], console: Console) -> list[Case]:
    """All cases of the boards, in a fixed order, on all cores with a progress bar."""
    cases: list[Case] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        worker_pool() as pool,
        Progress(console=console) as progress,
    ):
        paths = {board: Path(folder) / board for board in boards}
        recording = {pool.submit(_record, board, paths[board]): board for board in boards}
        task = progress.add_task("recording a life on each board", total=None)
        running: list[Future[list[Case]]] = []
        for future in as_completed(recording):
            board, found = recording[future], future.result()
            for start in range(0, len(found), CASES_AT_ONCE):
                batch = found[start : start + CASES_AT_ONCE]
                running.append(pool.submit(_judge, board, paths[board], batch))
        total = sum(len(future.result()) for future in recording)
        progress.update(task, description="booting old contents", total=total)
        for done in as_completed(running):
            cases += done.result()
            progress.update(task, advance=len(done.result()))
    order = {board: number for number, board in enumerate(boards)}
    return sorted(cases, key=lambda case: (order[case.board], -case.swap.present, case.name))


def replay(name: str) -> Case:
    """One case by its id; ValueError if there is none of that name."""
    prefix, board, swap_name = name.split("/", 2)
    if prefix != "rb":
        raise ValueError(f"{name} is no case of this campaign")
    swap = Swap.parse(swap_name)
    bench = Bench(life.record(board, image_of(board)), image_of(board))
    moments = len(bench.record.moments)
    if not 0 <= swap.older < swap.present < moments:
        raise ValueError(f"{name}: the life has moments 0 to {moments - 1}")
    if any(sector >= bench.regions.count for sector in swap.sectors):
        raise ValueError(f"{name}: the region has {bench.regions.count} sectors")
    return bench.judge(swap)
