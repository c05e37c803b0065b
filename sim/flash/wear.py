# SPDX-License-Identifier: GPL-2.0-or-later
"""Wear: how often each sector was erased and each page programmed since its erase."""

from __future__ import annotations

from typing import Any

from sim.flash import PAGE_BYTES, SECTOR_BYTES

PAGES_PER_SECTOR = SECTOR_BYTES // PAGE_BYTES


class Wear:
    """Counters per sector and per page."""

    def __init__(self, size_bytes: int) -> None:
        self.erase_counts = [0] * (size_bytes // SECTOR_BYTES)
        self.program_counts = [0] * (size_bytes // PAGE_BYTES)
        # The most programs that any page has had between two erases.
        self.program_count_max = 0

    def erased(self, sector: int) -> None:
        """A sector was erased: one more cycle, its pages start over."""
        self.erase_counts[sector] += 1
        first = sector * PAGES_PER_SECTOR
        self.program_counts[first : first + PAGES_PER_SECTOR] = [0] * PAGES_PER_SECTOR

    def programmed(self, page: int) -> None:
        """A page was programmed once more since its erase."""
        self.program_counts[page] += 1
        if self.program_counts[page] > self.program_count_max:
            self.program_count_max = self.program_counts[page]

    @property
    def erase_count_max(self) -> int:
        """Erase cycles of the most worn sector."""
        return max(self.erase_counts)

    def state(self) -> Any:
        """Plain data for `load_state`."""
        return (self.erase_counts.copy(), self.program_counts.copy(), self.program_count_max)

    def load_state(self, state: Any) -> None:
        """Put the counters back."""
        erase_counts, program_counts, self.program_count_max = state
        self.erase_counts = erase_counts.copy()
        self.program_counts = program_counts.copy()
