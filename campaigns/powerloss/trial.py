# SPDX-License-Identifier: GPL-2.0-or-later
"""One trial of a mutant: which invariant it violates first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from campaigns.powerloss import failures
from campaigns.powerloss.desktop_store import StoreSubject
from campaigns.powerloss.store_invariants import StoreInvariants
from sim.scenario.cut import Path
from sim.scenario.explorer import Explorer, Node, Place
from sim.scenario.invariants import Invariant, Ledger
from sim.scenario.subject import Recording, Recovery, Subject


@dataclass(frozen=True)
class Mutant:
    """`kind`: what is done to which operations; `try_out()`: the invariant that catches it."""

    scenario: str
    mutation: str
    kind: str
    try_out: Callable[[], str]


class _Caught(Exception):
    """The first violation is enough."""


def first_violation(
    subject: Subject,
    invariants: Sequence[Invariant[Node]],
    recording: Recording,
    path: Path = (),
) -> str:
    """The invariant that a recording's cuts violate first, or "". `path`: the cuts before it."""
    ledger = Ledger()

    def stop(cuts: int, images: int) -> None:
        if ledger.violations:
            raise _Caught

    place = Place("trial", "mutant", "small", 0)
    try:
        Explorer(subject, invariants, place, ledger, on_node=stop).run(recording, path)
    except _Caught:
        pass
    return ledger.violations[0].invariant if ledger.violations else ""


def store_violation(subject: StoreSubject, recording: Recording) -> str:
    """The same for the store, its state in RAM after the command included."""
    invariants = StoreInvariants(subject)
    if invariants.final().problem:
        return "DONE-1"
    return first_violation(subject, invariants.all(), recording)


def mount_violation(subject: StoreSubject, node: Node, cut: slice) -> str:
    """The same for a mount: what it left in flash and RAM, then its operations `cut` are cut."""
    invariants = StoreInvariants(subject).all()
    ledger = Ledger()
    if not ledger.judge(invariants, node, lambda: ""):
        return ledger.violations[0].invariant
    done = node.boot.entries
    recovery = Recovery(node.image.replay(done[: cut.start]), done[cut], known=node.phase)
    return first_violation(subject, invariants, recovery, node.path)


def failure_violation(subject: StoreSubject, recording: Recording) -> str:
    """FAIL-1 if an operation that fails is not noticed, or ""."""
    found = failures.verdicts(subject, len(recording.entries))
    return "FAIL-1" if any(verdict.problem for verdict in found) else ""
