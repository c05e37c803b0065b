# SPDX-License-Identifier: GPL-2.0-or-later
"""Planted faults in recovery: a mount that leaves an operation out, or swaps two.

A mount that has nothing to do shows nothing. So mounts are taken after cuts of each operation of
each scenario, torn in ways that leave it half or all; of those that do the same kinds of things
after a cut of the same kind of operation, the shortest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from campaigns.powerloss import operations
from campaigns.powerloss.desktop_store import StoreScenario, StoreSubject
from campaigns.powerloss.mutant_flash import DroppingFlash, SwappingFlash
from campaigns.powerloss.recording_flash import RecordingFlash
from campaigns.powerloss.store_scenarios import SCENARIOS
from campaigns.powerloss.trial import Mutant, mount_violation
from sim.flash import SECTOR_BYTES
from sim.flash.journal import Entry
from sim.scenario.cut import Cut
from sim.scenario.explorer import Node
from sim.scenario.images import Image, cut_image, cuts_of

TEARS = ("full", "prefixHalf", "evenBits", "butBitFirst", "preprogrammed", "marginal")


@dataclass(frozen=True)
class Mount:
    """What finishes a command after `cut`; `names`: of its flash operations `entries`."""

    scenario: StoreScenario
    cut: Cut
    entries: tuple[Entry, ...]
    names: list[str]

    def is_given_back(self, number: int) -> bool:
        """Whether the operation is in a sector that the mount gives back in the end."""
        sectors = [entry.offset // SECTOR_BYTES for entry in self.entries]
        later = zip(self.names[number + 1 :], sectors[number + 1 :], strict=True)
        return (operations.GIVEN_BACK, sectors[number]) in later


def all_mutants() -> Iterator[Mutant]:
    """Every mutant of every mount."""
    for mount in mounts():
        # What changes nothing, and is done for safety's sake, is not missed by anybody.
        changing = [number for number, entry in enumerate(mount.entries) if entry.changed]
        for number in changing:
            kind = f"drop {mount.names[number]}"
            if mount.is_given_back(number):
                kind += " in a sector given back"
            make_flash = partial(DroppingFlash, dropped=number)
            # What follows is not as usual either.
            yield _mutant(mount, f"drop {number}", kind, make_flash, slice(number, None))
        for number in changing:
            # Of more than two equal ones each pair is like the first.
            repeated = len({*mount.names[max(0, number - 1) : number + 2]}) == 1 and number
            if number + 1 in changing and not repeated:
                kind = f"swap {mount.names[number]}, {mount.names[number + 1]}"
                make_flash = partial(SwappingFlash, first=number)
                # Before and after these two all is as usual.
                cut = slice(number, number + 2)
                yield _mutant(mount, f"swap {number}", kind, make_flash, cut)


def mounts() -> list[Mount]:
    """One mount for each thing that recovery does."""
    found: dict[tuple[str, ...], Mount] = {}
    for scenario in SCENARIOS:
        subject = StoreSubject(scenario)
        entries = subject.record().entries
        names = operations.names(entries)
        for cut, image in cuts_of(subject.start, entries, subject.boundaries, 0, TEARS):
            done = subject.boot(image).entries
            mount = Mount(scenario, cut, done, operations.names(done))
            # Garbage is another one after each tear.
            tear = cut.tear if operations.TORN_HEADER in mount.names else ""
            what = (names[cut.operation], tear, *dict.fromkeys(mount.names))
            known = found.setdefault(what, mount)
            if len(mount.names) < len(known.names):
                found[what] = mount
    return list(found.values())


def _mutant(
    mount: Mount,
    mutation: str,
    kind: str,
    make_flash: Callable[[Image], RecordingFlash],
    cut: slice,
) -> Mutant:
    place = f"{mount.scenario.name} {mount.cut}"
    trial = partial(_try_out, mount, make_flash, cut)
    return Mutant(f"mount after {place}", mutation, f"mount: {kind}", trial)


def _try_out(mount: Mount, make_flash: Callable[[Image], RecordingFlash], cut: slice) -> str:
    subject = StoreSubject(mount.scenario)
    recording = subject.record()
    image = cut_image(recording.start, recording.entries, mount.cut, 0)
    boot = subject.boot(image, make_flash)
    phase = recording.phase(mount.cut.operation)
    node = Node((mount.cut,), phase, image, boot, subject.boot(boot.end))
    return mount_violation(subject, node, cut)
