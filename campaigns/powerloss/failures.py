# SPDX-License-Identifier: GPL-2.0-or-later
"""Operations of the flash that fail once, with the power on: FAIL-1."""

from __future__ import annotations

from collections.abc import Iterator

from campaigns import twins
from campaigns.powerloss.desktop_store import StoreSubject
from sim.flash.endurance import OperationFault
from sim.scenario.invariants import Verdict

# ruff: isort: split
from hsm.store import READY

assert twins.FOLDERS

EFFECTS = ("none", "half", "full")


def verdicts(subject: StoreSubject, operations: int) -> Iterator[Verdict]:
    """FAIL-1 for each operation of the command, and each thing that a failure leaves."""
    for operation in range(operations):
        for effect in EFFECTS:
            problem = _problem(subject, OperationFault(operation, effect))
            text = f"operation {operation} failed ({effect}): {problem}" if problem else ""
            yield Verdict(len(subject.after.objects), text)


def _problem(subject: StoreSubject, fault: OperationFault) -> str:
    """What is wrong after the command met `fault`; "" if it is as FAIL-1 has it."""
    done = subject.perform([fault])
    booted = subject.boot(subject.start.replay(done.entries)).observation
    # A command that failed may have cost a try or a use; it never gives one back.
    expected = [subject.before.contents, subject.counted] if done.error else [subject.after]
    outcome = f"raised {done.error}" if done.error else "succeeded"
    shown = done.state
    # A flash that fails once is no reason to call the store damaged.
    if shown is None or shown.state not in (READY, subject.before.state):
        return f"the command {outcome}, and the store is not to be used"
    if shown.contents not in expected:
        return f"the command {outcome}, and the store shows something else"
    if booted is None or booted.contents not in expected:
        return f"the command {outcome}, and after a boot something else is there"
    return ""
