# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the parts on two processes: figures, long life, hammer, lives to the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass, field
from functools import partial

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

import boards
from campaigns.wear import figures, hammer, levelling, lives
from campaigns.wear.figures import Figures
from campaigns.wear.hammer import Hammered
from campaigns.wear.levelling import Levelling
from campaigns.wear.lives import DESKTOP, UNLEVELLED, LifeResult, LifeSpec
from sim.flash.endurance import BadSector
from tools.product import image_of
from tools.workers import worker_pool

Found = Figures | Levelling | Hammered | LifeResult
SECTORS = 16
SEEDS = (1, 2)
CHIP = "pico"
# The life that the others are compared with, with twice the sectors and without levelling.
USUAL = LifeSpec(DESKTOP, BadSector.ERASE_ERROR, SECTORS, 1)
TWICE = LifeSpec(DESKTOP, BadSector.ERASE_ERROR, 2 * SECTORS, 1)
NOT_LEVELLED = LifeSpec(UNLEVELLED, BadSector.ERASE_ERROR, SECTORS, 1)


def all_lives() -> list[LifeSpec]:
    """Every life of a run, those that take longest first."""
    return [
        *(LifeSpec(CHIP, behaviour, 0, 1) for behaviour in BadSector),
        TWICE,
        NOT_LEVELLED,
        *(LifeSpec(DESKTOP, behaviour, SECTORS, seed) for behaviour in BadSector for seed in SEEDS),
    ]


@dataclass
class Results:
    """What a run found."""

    figures: list[Figures] = field(default_factory=list)
    levelling: list[Levelling] = field(default_factory=list)
    hammered: list[Hammered] = field(default_factory=list)
    lives: list[LifeResult] = field(default_factory=list)

    def take(self, found: Found) -> None:
        """Sort a part's result in."""
        if isinstance(found, Figures):
            self.figures.append(found)
        elif isinstance(found, Levelling):
            self.levelling.append(found)
        elif isinstance(found, Hammered):
            self.hammered.append(found)
        else:
            self.lives.append(found)


@dataclass(frozen=True)
class Part:
    """Something that runs in a process of its own; `weight`: its share of the progress bar."""

    title: str
    run: Callable[[], Found]
    weight: int


def live(spec: LifeSpec) -> LifeResult:
    """One life, from its first INITIALIZE to the end."""
    return lives.Life(spec).run()


def figure_parts() -> list[Part]:
    """The figures of each board."""
    return [
        Part(f"figures of {board}", partial(figures.measure, board, image_of(board)), 6)
        for board in boards.names()
    ]


def all_parts() -> list[Part]:
    """A whole run, in the order in which the processes take it."""
    found = [
        Part(f"life {spec.id}", partial(live, spec), 12 if spec.place == CHIP else 1)
        for spec in all_lives()
    ]
    found[len(BadSector) : len(BadSector)] = [
        *figure_parts(),
        Part("long life of the store", levelling.live_long, 6),
        Part("retry counter hammered", hammer.hammer, 4),
    ]
    return found


def run(parts: Sequence[Part], console: Console) -> Results:
    """Run the parts on all cores with a progress bar."""
    results = Results()
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with (
        worker_pool() as pool,
        Progress(*columns, console=console) as progress,
    ):
        task = progress.add_task("wearing flash out", total=sum(part.weight for part in parts))
        running = {pool.submit(part.run): part for part in parts}
        for done in as_completed(running):
            part = running[done]
            results.take(done.result())
            progress.update(task, advance=part.weight, description=f"done: {part.title}")
    order = {spec.id: number for number, spec in enumerate(all_lives())}
    results.lives.sort(key=lambda life: order.get(life.id, 0))
    results.figures.sort(key=lambda found: found.board)
    return results
