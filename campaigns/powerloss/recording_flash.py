# SPDX-License-Identifier: GPL-2.0-or-later
"""The twin flash with an image in it, writing down what happened."""

from __future__ import annotations

from campaigns import twins
from sim.flash.cells import Cells
from sim.flash.journal import Entry
from sim.scenario.images import Image

# ruff: isort: split
from nor_flash import NorFlash

assert twins.FOLDERS


class _RecordingCells(Cells[bytearray]):
    def __init__(self, buffer: bytearray) -> None:
        super().__init__(buffer)
        self.entries: list[Entry] = []

    def record(self, entry: Entry) -> None:
        super().record(entry)
        self.entries.append(entry)


class RecordingFlash(NorFlash):
    """A flash that holds `image`, weak sectors included. `entries`: its journal."""

    def __init__(self, image: Image) -> None:
        super().__init__(len(image.sectors), image.contents())
        self._start = image
        self._recorder = _RecordingCells(self.cells)
        self._recorder.weak = set(image.weak_sectors)
        self.array = self._recorder

    def image_now(self) -> Image:
        """What it holds now, with its wear."""
        return self._start.replay(self.entries)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What was done so far; weak cells took what they took."""
        return tuple(self._recorder.entries)
