# SPDX-License-Identifier: GPL-2.0-or-later
"""A flash that leaves an operation out, or does two in the other order."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from campaigns.powerloss.recording_flash import RecordingFlash
from sim.scenario.images import Image


class _CountingFlash(RecordingFlash):
    """Counts what is asked for; mounting a settled store asks for nothing."""

    def __init__(self, image: Image) -> None:
        super().__init__(image)
        self._asked = 0

    def program(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        whole = bytes(data)
        self._ask(lambda: super(_CountingFlash, self).program(offset, whole))

    def erase(self, offset: int) -> None:
        self._ask(lambda: super(_CountingFlash, self).erase(offset))

    def _ask(self, operation: Callable[[], None]) -> None:
        number = self._asked
        self._asked += 1
        self._perform(number, operation)

    def _perform(self, number: int, operation: Callable[[], None]) -> None:
        operation()


class DroppingFlash(_CountingFlash):
    """Says that operation `dropped` was done, and does not do it."""

    def __init__(self, image: Image, dropped: int) -> None:
        super().__init__(image)
        self._dropped = dropped

    def _perform(self, number: int, operation: Callable[[], None]) -> None:
        if number != self._dropped:
            operation()


class SwappingFlash(_CountingFlash):
    """Does operation `first` after the one that follows it."""

    def __init__(self, image: Image, first: int) -> None:
        super().__init__(image)
        self._first = first
        self._held: Callable[[], None] | None = None

    def _perform(self, number: int, operation: Callable[[], None]) -> None:
        if number == self._first:
            self._held = operation
            return
        operation()
        if self._held is not None:
            held, self._held = self._held, None
            held()


class DeafFlash(RecordingFlash):
    """Never notices that an operation did not do what was asked."""

    def program(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        with suppress(OSError):
            super().program(offset, data)

    def erase(self, offset: int) -> None:
        with suppress(OSError):
            super().erase(offset)
