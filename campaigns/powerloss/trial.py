# SPDX-License-Identifier: GPL-2.0-or-later
"""One trial of a mutant: which invariant it violates first."""

from __future__ import annotations

from collections.abc import Sequence

from campaigns.powerloss import failures
from campaigns.powerloss.desktop_store import StoreSubject
from campaigns.powerloss.store_invariants import StoreInvariants
from sim.scenario.explorer import Explorer, Node, Place
from sim.scenario.invariants import Invariant, Ledger
from sim.scenario.subject import Recording, Subject


class _Caught(Exception):
    """The first violation is enough."""


def first_violation(
    subject: Subject, invariants: Sequence[Invariant[Node]], recording: Recording
) -> str:
    """The invariant that a recording's cuts violate first, or ""."""
    ledger = Ledger()

    def stop(cuts: int, images: int) -> None:
        if ledger.violations:
            raise _Caught

    place = Place("trial", "mutant", "small", 0)
    try:
        Explorer(subject, invariants, place, ledger, on_node=stop).run(recording)
    except _Caught:
        pass
    return ledger.violations[0].invariant if ledger.violations else ""


def store_violation(subject: StoreSubject, recording: Recording) -> str:
    """The same for the store, its state in RAM after the command included."""
    invariants = StoreInvariants(subject)
    if invariants.final().problem:
        return "DONE-1"
    return first_violation(subject, invariants.all(), recording)


def failure_violation(subject: StoreSubject, recording: Recording) -> str:
    """FAIL-1 if an operation that fails is not noticed, or ""."""
    found = failures.verdicts(subject, len(recording.entries))
    return "FAIL-1" if any(verdict.problem for verdict in found) else ""
