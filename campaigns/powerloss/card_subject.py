# SPDX-License-Identifier: GPL-2.0-or-later
"""A whole card under power cuts: the real image in a chip model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from campaigns.powerloss.card_scenarios import CardScenario
from campaigns.powerloss.host_view import HostView, glance, look
from campaigns.powerloss.layout import field_boundaries
from campaigns.powerloss.proof import unproven
from sim.flash.journal import Entry
from sim.life.card import Card, CardError
from sim.scenario.image_bench import FAILURES, Booted
from sim.scenario.images import Image
from sim.scenario.subject import Boot, Recording

TWO_JOURNALS = "two runs of the command left two journals"


class CardBench(Protocol):
    """A device that a campaign works with, in a chip model or on the desktop."""

    board: str
    geometry: str
    card: Card

    def start(self, name: str, opening: Callable[[Card], object]) -> None:
        """Bring the card to the start called `name`, then open the session."""
        ...

    def record(self, command: Callable[[Card], object]) -> tuple[Recording, list[bytes]]:
        """Run the command; its journal, and the secrets that the card held meanwhile."""
        ...

    def boot(self, image: Image) -> Booted:
        """Boot `image`; the card then answers."""
        ...

    def shortcut_problem(self, image: Image) -> str:
        """What `boot` does otherwise than a boot from power-on; "" if nothing."""
        ...

    def undone(self, ask: Callable[[], None]) -> None:
        """Run `ask`, then put the device back to where it was."""
        ...


class CardSubject:
    """One scenario on one bench. `unsound`: why nothing that is found can be trusted, or ""."""

    def __init__(self, bench: CardBench, scenario: CardScenario) -> None:
        self.bench = bench
        self.scenario = scenario
        # Views by the image that a boot left; few of them differ.
        self._by_image: dict[bytes, HostView] = {}
        self._views: list[HostView] = []
        self.recording, self.secrets = self._recorded()
        again, _ = self._recorded()
        self.before = self._viewed(self.recording.start)
        self.end = self.recording.start.replay(self.recording.entries)
        self.unsound = bench.shortcut_problem(self.end)
        if again.entries != self.recording.entries:
            self.unsound = TWO_JOURNALS
        self.after = self._viewed(self.end)
        self.spent = scenario.spent(self.before)
        self.restored = scenario.restored(self.before)

    def _recorded(self) -> tuple[Recording, list[bytes]]:
        self.bench.start(self.scenario.start, self.scenario.opening)
        return self.bench.record(self.scenario.command)

    def record(self) -> Recording:
        """The command's journal."""
        return self.recording

    def boot(self, image: Image) -> Boot:
        """Boot to the ATR and look at the card as a host does."""
        booted = self.bench.boot(image)
        if booted.failure:
            return Boot(booted.entries, booted.end, None, booted.instructions, booted.failure)
        view, failure = None, ""
        try:
            view = self._look(booted.end)
            failure = self._prove(view)
        except (*FAILURES, CardError) as error:
            failure = f"{type(error).__name__}: {error}"
        return Boot(booted.entries, booted.end, view, booted.instructions, failure)

    def _look(self, end: Image) -> HostView:
        """What the host sees: all of it where the image is a new one, else whether it is the same.

        The quick look is at another boot's RAM, the flash below it is the same.
        """
        known = self._by_image.get(end.digest)
        if known is not None and glance(self.bench.card).items() <= known.answers.items():
            return known
        view = self._look_anew()
        view = next((other for other in self._views if same(other, view)), view)
        self._by_image[end.digest] = view
        return view

    def _look_anew(self) -> HostView:
        scenario = self.scenario
        asked = scenario.in_services, scenario.attested
        return look(self.bench, scenario.user_pins, scenario.so_pins, *asked)

    def _prove(self, view: HostView) -> str:
        """Sign with every key, once for each distinct view; "" or what is wrong."""
        if any(view is other for other in self._views):
            return ""
        self._views.append(view)
        return unproven(self.bench, view, self.scenario.user_pins)

    def _viewed(self, image: Image) -> HostView:
        boot = self.boot(image)
        if boot.observation is None or boot.failure:
            raise CardError(f"{self.scenario.name}: {boot.failure}", 0)
        return boot.observation

    def boundaries(self, entry: Entry) -> Sequence[int]:
        """Fields of the record that the operation begins."""
        return field_boundaries(entry)

    def outcome(self, boot: Boot) -> str:
        """Before, after, or between."""
        if boot.observation == self.after:
            return "after"
        return "before" if boot.observation == self.before else "between"


def same(left: HostView, right: HostView) -> bool:
    """Equal in all, the free capacity included."""
    return left == right and left.free_bytes == right.free_bytes
