# SPDX-License-Identifier: GPL-2.0-or-later
"""Cells between 0 and 1: every power-on reads them anew."""

from __future__ import annotations

import mmap
from typing import Any

from sim.flash import SECTOR_BYTES
from sim.flash.bits import noise


class UnstableCells:
    """The cells that an interrupted operation left in between, as masks by byte offset."""

    def __init__(self) -> None:
        self._masks: dict[int, int] = {}

    def __len__(self) -> int:
        return sum(mask.bit_count() for mask in self._masks.values())

    def torn(self, offset: int, before: bytes, after: bytes) -> None:
        """An operation that would have made `after` of `before` was interrupted."""
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            if old != new:
                self._masks[offset + index] = self._masks.get(offset + index, 0) | old ^ new

    def programmed(self, offset: int, data: bytes) -> None:
        """Cells that were programmed to 0 are in between no longer."""
        for index, value in enumerate(data):
            mask = self._masks.get(offset + index, 0) & value
            if mask:
                self._masks[offset + index] = mask
            else:
                self._masks.pop(offset + index, None)

    def erased(self, offset: int) -> None:
        """All cells of the sector from `offset` on are at 1."""
        for index in range(offset, offset + SECTOR_BYTES):
            self._masks.pop(index, None)

    def read(self, cells: bytearray | mmap.mmap, seed: int, boot: int) -> list[tuple[int, int]]:
        """(offset, byte) of the bytes that read otherwise at this power-on."""
        changes = []
        for offset, mask in self._masks.items():
            value = cells[offset] & ~mask | noise(seed, f"unstable {offset} {boot}", 1) & mask
            if value != cells[offset]:
                changes.append((offset, value))
        return changes

    def state(self) -> Any:
        """Plain data for `load_state`."""
        return self._masks.copy()

    def load_state(self, state: Any) -> None:
        """Put the masks back."""
        self._masks = state.copy()
