# SPDX-License-Identifier: GPL-2.0-or-later
"""Planted faults: a store that does less, or in another order, must be caught.

Made by hand: the faults that people make. Made automatically: each flash operation of each command
left out, and each two neighbours swapped; the rest of it goes on as if nothing was. The same with
the mounts after cuts. What survives is listed with its reason in survivors.toml, by what the
operations are for.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

from campaigns.powerloss import mount_mutants, operations, planted
from campaigns.powerloss.desktop_store import StoreScenario, StoreSubject
from campaigns.powerloss.mutant_flash import DroppingFlash, SwappingFlash
from campaigns.powerloss.recording_flash import RecordingFlash
from campaigns.powerloss.store_scenarios import SCENARIOS
from campaigns.powerloss.trial import Mutant, store_violation
from sim.scenario.images import Image

SURVIVORS = Path(__file__).with_name("survivors.toml")
BY_HAND = "by hand"


@dataclass
class Outcome:
    """Mutants caught, by invariant; survivors, by kind and scenario."""

    caught: Counter[str] = field(default_factory=Counter)
    survived: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def add(self, mutant: Mutant, caught_by: str) -> None:
        """Count one."""
        if caught_by:
            self.caught[caught_by] += 1
        else:
            self.survived.setdefault((mutant.kind, mutant.scenario), []).append(mutant.mutation)

    @property
    def survivor_count(self) -> int:
        """Mutants that no invariant caught."""
        return sum(len(names) for names in self.survived.values())


def all_mutants() -> list[Mutant]:
    """Every mutant of every scenario."""
    by_hand = [Mutant(BY_HAND, name, name, run) for name, run in planted.ALL.items()]
    scenarios = [scenario for scenario in SCENARIOS if not scenario.faults]
    of_commands = [mutant for scenario in scenarios for mutant in _automatic(scenario)]
    return by_hand + of_commands + list(mount_mutants.all_mutants())


def _automatic(scenario: StoreScenario) -> Iterator[Mutant]:
    names = operations.names(StoreSubject(scenario).record().entries)
    for number, name in enumerate(names):
        flash = partial(DroppingFlash, dropped=number)
        trial = partial(_try_out, scenario, flash)
        yield Mutant(scenario.name, f"drop {number}", f"drop {name}", trial)
    for number in range(len(names) - 1):
        flash = partial(SwappingFlash, first=number)
        kind = f"swap {names[number]}, {names[number + 1]}"
        yield Mutant(scenario.name, f"swap {number}", kind, partial(_try_out, scenario, flash))


def _try_out(scenario: StoreScenario, make_flash: Callable[[Image], RecordingFlash]) -> str:
    subject = StoreSubject(scenario, make_flash)
    return store_violation(subject, subject.record())


@dataclass(frozen=True)
class Justified:
    """An entry of the list: why a kind of mutant may survive in some scenarios.

    `scenarios`: their names, * for any part of one; None: in all.
    """

    mutation: str
    reason: str
    scenarios: list[str] | None = None

    def fits(self, kind: str, scenario: str) -> bool:
        """Whether the entry speaks of this kind in this scenario."""
        named = self.scenarios or ["*"]
        return kind == self.mutation and any(fnmatchcase(scenario, name) for name in named)


def listed() -> list[Justified]:
    """The list of survivors."""
    return [Justified(**one) for one in tomllib.loads(SURVIVORS.read_text())["survivor"]]


def problems(outcome: Outcome) -> Iterable[str]:
    """Survivors that nobody justified, and entries of the list that nothing needs any more."""
    entries = listed()
    for (kind, scenario), mutations in sorted(outcome.survived.items()):
        if not any(entry.fits(kind, scenario) for entry in entries):
            names = ", ".join(mutations)
            yield f"'{kind}' in {scenario} survived, not listed in {SURVIVORS.name}: {names}"
    for entry in entries:
        if not any(entry.fits(kind, scenario) for kind, scenario in outcome.survived):
            yield f"'{entry.mutation}' is listed in {SURVIVORS.name}, and is caught now"
