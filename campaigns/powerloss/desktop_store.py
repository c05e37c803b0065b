# SPDX-License-Identifier: GPL-2.0-or-later
"""The store alone over the twin flash: thousands of boots a second, exhaustive at depth 3."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from campaigns import twins
from campaigns.powerloss.layout import field_boundaries
from sim.flash.journal import Entry
from sim.scenario.images import Image
from sim.scenario.subject import Boot, Recording

# ruff: isort: split
from hsm.store import READY, Store, counters
from nor_flash import NorFlash
from store_twin import Seal, objects

from campaigns.powerloss.recording_flash import RecordingFlash

BOARD = "store"
# A region small enough that compaction happens, large enough for the store's reserve.
SECTORS = 10
assert twins.FOLDERS


@dataclass(frozen=True)
class Contents:
    """What a store holds, as its user sees it; the model's state, too."""

    objects: dict[int, bytes] = field(default_factory=dict)
    tries: dict[int, int] = field(default_factory=dict)
    uses: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class StoreState:
    """An observation: what a mount found."""

    state: int
    contents: Contents
    free_bytes: int = 0
    erase_counts: tuple[int, ...] = ()


@dataclass(frozen=True)
class StoreScenario:
    """`prepare` makes the start, `act` is the command, `model` tells what it does.

    `tries`, `uses`: ids of objects with a retry counter, with a use counter. `given_back`: ids that
    are not vital and go with a clear, so that they are destroyed when their sector is used again.
    """

    name: str
    prepare: Callable[[], NorFlash]
    act: Callable[[Store], object]
    model: Callable[[Contents], Contents]
    tries: tuple[int, ...] = ()
    uses: tuple[int, ...] = ()
    given_back: tuple[int, ...] = ()


class StoreSubject:
    """One scenario of the store. `flash_type` makes the flash under the command: for mutants."""

    def __init__(
        self, scenario: StoreScenario, flash_type: type[RecordingFlash] = RecordingFlash
    ) -> None:
        self.scenario = scenario
        self._flash_type = flash_type
        flash = scenario.prepare()
        self.sectors = len(flash.erase_counts)
        self.geometry = f"{self.sectors}x4096"
        self.start = Image.of(flash.image()).with_erases(flash.erase_counts)
        self.before = self._observed(self._mounted(NorFlash(self.sectors, flash.image())))
        self.after = scenario.model(self.before.contents)
        self.done = self._observed(self._done(NorFlash(self.sectors, flash.image())))
        self._capacities = [
            (state.contents, state.free_bytes)
            for state in (self.before, self.done)
            if state.state == READY
        ]

    def free_bytes(self, contents: Contents) -> int | None:
        """Free capacity that belongs to the contents before and after; None for others."""
        return next((free for known, free in self._capacities if known == contents), None)

    def record(self) -> Recording:
        """The command's journal."""
        flash = self._flash_type(self.start)
        self._done(flash)
        return Recording(self.start, flash.entries)

    def _done(self, flash: NorFlash) -> Store:
        store = self._mounted(flash)
        self.scenario.act(store)
        return store

    def boot(self, image: Image) -> Boot:
        """Mount and look at everything."""
        flash = RecordingFlash(image)
        store = self._mounted(flash)
        entries = flash.entries
        end = image.replay(entries)
        try:
            return Boot(entries, end, self._observed(store))
        except Exception as error:
            return Boot(entries, end, None, failure=f"{type(error).__name__}: {error}")

    def boundaries(self, entry: Entry) -> Sequence[int]:
        """Fields of the record that the operation begins."""
        return field_boundaries(entry)

    def outcome(self, boot: Boot) -> str:
        """Before, after, or between."""
        contents = None if boot.observation is None else boot.observation.contents
        if contents == self.after:
            return "after"
        return "before" if contents == self.before.contents else "between"

    def _mounted(self, flash: NorFlash) -> Store:
        store = Store(flash, Seal)
        store.mount()
        return store

    def _observed(self, store: Store) -> StoreState:
        if store.state != READY:
            return StoreState(store.state, Contents())
        there = objects(store)
        tries = {id: counters.tries_spent(store, id) for id in self.scenario.tries if id in there}
        uses = {id: counters.uses_spent(store, id) for id in self.scenario.uses if id in there}
        log = store.log
        erases = tuple(log.erase_count(sector) for sector in range(log.sectors))
        return StoreState(store.state, Contents(there, tries, uses), store.capacity()[1], erases)
