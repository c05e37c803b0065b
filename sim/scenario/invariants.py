# SPDX-License-Identifier: GPL-2.0-or-later
"""Named invariants, and the ledger that counts where they were shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Verdict:
    """`looked_at`: how many things the invariant speaks of were there; `problem`: "" if it held."""

    looked_at: int
    problem: str = ""


@dataclass(frozen=True)
class Invariant(Generic[T]):
    """`check` judges one subject of type T; None: the invariant says nothing about it."""

    name: str
    statement: str
    check: Callable[[T], Verdict | None]


@dataclass(frozen=True)
class Violation:
    """`id`: the line that makes it again."""

    invariant: str
    id: str
    problem: str


@dataclass
class Tally:
    """Evaluations of one invariant; `non_empty`: those that had something to look at."""

    evaluations: int = 0
    non_empty: int = 0
    looked_at: int = 0
    violations: int = 0

    def add(self, other: Tally) -> None:
        """Count another tally in."""
        self.evaluations += other.evaluations
        self.non_empty += other.non_empty
        self.looked_at += other.looked_at
        self.violations += other.violations


@dataclass
class Ledger:
    """Tallies by invariant's name, and the first violations of each in full."""

    tallies: dict[str, Tally] = field(default_factory=dict)
    violations: list[Violation] = field(default_factory=list)
    # A broken store breaks everywhere: the first few are enough to work with.
    kept_max: int = 20

    def declare(self, names: Iterable[str]) -> None:
        """Invariants that must be evaluated before the ledger is worth anything."""
        for name in names:
            self.tallies.setdefault(name, Tally())

    def judge(self, invariants: Sequence[Invariant[T]], subject: T, id: Callable[[], str]) -> bool:
        """Evaluate all `invariants` on one subject; True if all held."""
        good = True
        for invariant in invariants:
            verdict = invariant.check(subject)
            if verdict is not None:
                good &= self.enter(invariant.name, verdict, id)
        return good

    def enter(self, name: str, verdict: Verdict, id: Callable[[], str]) -> bool:
        """Write one verdict down; True if the invariant held."""
        tally = self.tallies.setdefault(name, Tally())
        tally.evaluations += 1
        tally.looked_at += verdict.looked_at
        tally.non_empty += verdict.looked_at > 0
        if not verdict.problem:
            return True
        tally.violations += 1
        if tally.violations <= self.kept_max:
            self.violations.append(Violation(name, id(), verdict.problem))
        return False

    def merge(self, other: Ledger) -> None:
        """Add what another ledger holds."""
        for name, tally in other.tallies.items():
            self.tallies.setdefault(name, Tally()).add(tally)
        self.violations += other.violations

    def violation_count(self) -> int:
        """All violations, those that were not kept included."""
        return sum(tally.violations for tally in self.tallies.values())

    def never_shown(self) -> list[str]:
        """Names of invariants that were never evaluated on a non-empty state."""
        return sorted(name for name, tally in self.tallies.items() if not tally.non_empty)
