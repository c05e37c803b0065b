# SPDX-License-Identifier: GPL-2.0-or-later
"""Faults made by hand: those that people make in a store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from unittest.mock import patch

from campaigns import twins
from campaigns.powerloss import operations
from campaigns.powerloss.card_invariants import CardInvariants
from campaigns.powerloss.card_scenarios import SCENARIOS as CARD_SCENARIOS
from campaigns.powerloss.card_subject import CardSubject
from campaigns.powerloss.desktop_bench import DesktopBench
from campaigns.powerloss.desktop_store import StoreSubject
from campaigns.powerloss.mutant_flash import DeafFlash
from campaigns.powerloss.store_invariants import StoreInvariants
from campaigns.powerloss.store_scenarios import SCENARIOS
from campaigns.powerloss.trial import failure_violation, first_violation, store_violation
from sim.flash.journal import Entry
from sim.scenario.cut import Cut
from sim.scenario.images import cut_image
from sim.scenario.subject import Recording, Recovery

# ruff: isort: split
from hsm.security.reference_data import AuthenticationFailed, ReferenceData
from hsm.store import counters

assert twins.FOLDERS


def _store(name: str) -> StoreSubject:
    return StoreSubject(next(one for one in SCENARIOS if one.name == name))


def _reordered(recording: Recording, first: Callable[[str], bool]) -> Recording:
    """The same operations, those of a kind before all others."""
    named = list(zip(operations.names(recording.entries), recording.entries, strict=True))
    moved = [entry for name, entry in named if first(name)]
    rest = [entry for name, entry in named if not first(name)]
    return Recording(recording.start, (*moved, *rest), recording.compared_at)


def commit_marker_first() -> str:
    """The commit record is written before the records that it commits."""
    subject = _store("change_several")
    marked = _reordered(subject.record(), lambda name: name.endswith("commit"))
    return store_violation(subject, marked)


def erase_before_copy() -> str:
    """Compaction destroys a sector's records before their copies are committed."""
    subject = _store("compact_and_put")
    recording = subject.record()
    entries = recording.entries
    names = operations.names(entries)
    committed = max(i for i, name in enumerate(names[: names.index("contents zeroed")]))
    end = _run_of_destruction(names, committed + 1)
    destroyed = entries[committed + 1 : end]
    moved = (*destroyed, *entries[: committed + 1], *entries[end:])
    return store_violation(subject, Recording(recording.start, moved))


def _run_of_destruction(names: Sequence[str], start: int) -> int:
    destroying = ("contents zeroed", "destroyed mark", "sector given back")
    end = start
    while end < len(names) and names[end] in destroying:
        end += 1
    return end


def decrement_after_compare() -> str:
    """VERIFY compares the PIN, then spends the try."""

    def verify(self, pin, transport_ok=False):
        secret = self._open(pin)
        counters.spend_try(self._store, self.id)
        if secret is None:
            raise AuthenticationFailed(self.tries_left())
        self.restore_tries()
        return secret

    with patch.object(ReferenceData, "verify", verify):
        scenario = next(one for one in CARD_SCENARIOS if one.name == "verify_wrong")
        subject = CardSubject(DesktopBench(0), scenario)
        return first_violation(subject, CardInvariants(subject).all(), subject.recording)


def no_read_back() -> str:
    """The driver does not look at what the flash made of a program or an erase."""
    subject = StoreSubject(next(one for one in SCENARIOS if one.name == "put"), DeafFlash)
    return failure_violation(subject, subject.record())


def wipe_order_reversed() -> str:
    """A mount zeroes a torn header first, then what stands behind it."""

    def reversed_wipe(entries: Sequence[Entry]) -> Sequence[Entry]:
        assert operations.names(entries)[-2] == operations.TORN_HEADER
        return entries[::-1]

    return _mount_in_another_order(_store("put"), Cut(0, "butBitFirst"), reversed_wipe)


def torn_commit_destroyed_last() -> str:
    """A mount destroys the records of a torn commit before the commit itself."""

    def commit_last(entries: Sequence[Entry]) -> Sequence[Entry]:
        assert operations.names(entries)[0] == operations.MARK
        return (*entries[1:], entries[0])

    subject = _store("change_several")
    names = operations.names(subject.record().entries)
    # Its header is whole, its MAC is missing.
    cut = Cut(names.index("commit"), "prefix@24")
    return _mount_in_another_order(subject, cut, commit_last)


def _mount_in_another_order(
    subject: StoreSubject, cut: Cut, order: Callable[[Sequence[Entry]], Sequence[Entry]]
) -> str:
    recording = subject.record()
    image = cut_image(recording.start, recording.entries, cut, 0)
    flash = DeafFlash(image)
    for entry in order(subject.boot(image).entries):
        flash.program(entry.offset, entry.after)
    recovery = Recovery(image, flash.entries, known=recording.phase(cut.operation))
    return first_violation(subject, StoreInvariants(subject).all(), recovery, (cut,))


ALL = {
    "commit marker first": commit_marker_first,
    "erase before copy": erase_before_copy,
    "decrement after compare": decrement_after_compare,
    "no read-back": no_read_back,
    "wipe order reversed": wipe_order_reversed,
    "torn commit destroyed last": torn_commit_destroyed_last,
}
