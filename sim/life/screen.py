# SPDX-License-Identifier: GPL-2.0-or-later
"""The narrator of a life: a line per step with virtual and wall time, and a table.

The only place of a life that looks at the wall clock; nothing of it reaches the chip models.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table


@dataclass
class StepRecord:
    """One step of one board's life."""

    title: str
    note: str = ""
    virtual_ms: float = 0.0
    wall_s: float = 0.0
    failed: bool = False


@dataclass
class Chronicle:
    """All steps of one board."""

    board: str
    steps: list[StepRecord] = field(default_factory=list)
    error: str = ""

    @property
    def failed(self) -> bool:
        """True when the life did not reach its end."""
        return bool(self.error)


class Screen:
    """Tells one board's life on a console."""

    def __init__(
        self,
        console: Console,
        board: str,
        virtual_ms: Callable[[], float],
        candidates: Callable[[], int | None],
    ) -> None:
        self._console = console
        self._virtual_ms = virtual_ms
        self._candidates = candidates
        self._update: Callable[[], None] = lambda: None
        self.chronicle = Chronicle(board)

    def prime_candidates(self) -> int | None:
        """Miller-Rabin tests started so far, if they can be counted."""
        return self._candidates()

    def on_slice(self) -> None:
        """Called now and then while the chip computes."""
        self._update()

    @contextmanager
    def step(self, title: str) -> Iterator[StepRecord]:
        """Time a step and show it; a failure is shown, too, and passed on."""
        record = StepRecord(title)
        self.chronicle.steps.append(record)
        virtual_before, wall_before = self._virtual_ms(), time.monotonic()
        with self._progress(title, virtual_before):
            try:
                yield record
            except BaseException:
                record.failed = True
                raise
            finally:
                record.virtual_ms = self._virtual_ms() - virtual_before
                record.wall_s = time.monotonic() - wall_before
        self._print(record)

    @contextmanager
    def _progress(self, title: str, virtual_before: float) -> Iterator[None]:
        """A moving line while the step lasts (only on a terminal)."""
        first_candidates = self._candidates()
        with Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        ) as progress:
            task = progress.add_task(title, total=None)

            def update() -> None:
                text = f"{title}: {self._virtual_ms() - virtual_before:,.0f} ms on the chip"
                candidates = self._candidates()
                if candidates is not None and candidates != first_candidates:
                    text += f", {candidates - (first_candidates or 0)} prime candidates"
                progress.update(task, description=text)

            self._update = update
            try:
                yield
            finally:
                self._update = lambda: None

    def _print(self, record: StepRecord) -> None:
        self._console.print(
            f"  {self.chronicle.board:<6} {record.title:<28} {record.virtual_ms:>11,.1f} ms"
            f" {record.wall_s:>8.2f} s   {record.note}",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )


def summary(chronicles: list[Chronicle]) -> Table:
    """Steps of all boards side by side."""
    table = Table(title="The life of an HSM (virtual time: one instruction is one clock cycle)")
    table.add_column("step")
    for chronicle in chronicles:
        table.add_column(f"{chronicle.board}, virtual", justify="right")
        table.add_column("wall", justify="right")
    longest = max((chronicle.steps for chronicle in chronicles), key=len)
    for row, step in enumerate(longest):
        cells = [step.title]
        for chronicle in chronicles:
            if row < len(chronicle.steps):
                record = chronicle.steps[row]
                mark = " FAILED" if record.failed else ""
                cells += [f"{record.virtual_ms:,.1f} ms{mark}", f"{record.wall_s:.2f} s"]
            else:
                cells += ["-", "-"]
        table.add_row(*cells)
    table.add_section()
    totals = ["all"]
    for chronicle in chronicles:
        totals.append(f"{sum(step.virtual_ms for step in chronicle.steps):,.0f} ms")
        totals.append(f"{sum(step.wall_s for step in chronicle.steps):.1f} s")
    table.add_row(*totals)
    return table
