# SPDX-License-Identifier: GPL-2.0-or-later
"""The store alone over the twin flash: thousands of boots a second."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from campaigns import twins
from campaigns.powerloss.layout import field_boundaries
from sim.flash.endurance import OperationFault
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
# In place of the erase count of a sector that was left for good.
RETIRED = -1
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
class Performance:
    """The command was run: its flash operations, what the store shows then, what it raised.

    `state` is None for a store that cannot be read.
    """

    entries: tuple[Entry, ...]
    state: StoreState | None
    error: str


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
    faults: tuple[OperationFault, ...] = ()
    depth: int = 3


class StoreSubject:
    """One scenario of the store. `make_flash` makes the flash under the command: for mutants."""

    def __init__(
        self,
        scenario: StoreScenario,
        make_flash: Callable[[Image], RecordingFlash] = RecordingFlash,
    ) -> None:
        self.scenario = scenario
        self._make_flash = make_flash
        flash = scenario.prepare()
        wear = flash.array.wear
        self.start = Image.of(flash.image()).with_wear(wear.erase_counts, wear.program_counts)
        self.geometry = f"{len(self.start.sectors)}x4096"
        self.before = self._observed(self._mounted(RecordingFlash(self.start)))
        self.after = scenario.model(self.before.contents)
        self.done = self.perform()
        self._capacities = [
            (state.contents, state.free_bytes)
            for state in (self.before, self.done.state)
            if state is not None and state.state == READY
        ]

    @property
    def counted(self) -> Contents:
        """Before, with the tries and uses that are spent after."""
        before, after = self.before.contents, self.after
        spent = {id: max(n, after.tries.get(id, 0)) for id, n in before.tries.items()}
        used = {id: max(n, after.uses.get(id, 0)) for id, n in before.uses.items()}
        return Contents(before.objects, spent, used)

    def free_bytes(self, contents: Contents) -> int | None:
        """Free capacity that belongs to the contents before and after; None for others."""
        return next((free for known, free in self._capacities if known == contents), None)

    def perform(self, faults: Sequence[OperationFault] = ()) -> Performance:
        """Run the command."""
        flash = self._make_flash(self.start)
        flash.array.faults = [*self.scenario.faults, *faults]
        store = self._mounted(flash)
        state, error = None, ""
        try:
            self.scenario.act(store)
        except Exception as raised:
            error = type(raised).__name__
        try:
            state = self._observed(store)
        except Exception as raised:
            error = error or f"{type(raised).__name__} when read"
        return Performance(flash.entries, state, error)

    def record(self) -> Recording:
        """The command's journal."""
        return Recording(self.start, self.perform().entries)

    def boot(
        self, image: Image, make_flash: Callable[[Image], RecordingFlash] = RecordingFlash
    ) -> Boot:
        """Mount and look at everything. `make_flash`: makes the flash under the mount."""
        flash = make_flash(image)
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
        erases = tuple(
            log.erase_count(sector) if log.is_good(sector) else RETIRED
            for sector in range(log.sectors)
        )
        return StoreState(store.state, Contents(there, tries, uses), store.capacity()[1], erases)
