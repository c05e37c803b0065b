# SPDX-License-Identifier: GPL-2.0-or-later
"""The invariants of a card: what a host sees, and the raw flash."""

from __future__ import annotations

import hashlib

from campaigns.powerloss import card_hosts as host
from campaigns.powerloss import remains
from campaigns.powerloss.card_scenarios import (
    NEW_PIN,
    NEW_SO_PIN,
    PIN,
    PRIVATE,
    SO_PIN,
)
from campaigns.powerloss.card_subject import CardSubject
from campaigns.powerloss.host_view import HostView
from campaigns.powerloss.remains import Remains
from campaigns.powerloss.store_invariants import PAGE_PROGRAMS_MAX
from sim.flash.cells import ERASED_SECTOR
from sim.life import card as hsm
from sim.scenario.explorer import Node
from sim.scenario.images import Sector
from sim.scenario.invariants import Invariant, Verdict
from sim.scenario.subject import Phase

# The mount of a full store is the longest boot there is.
BOOT_INSTRUCTIONS_MAX = 60_000_000
BOOT_OPERATIONS_MAX = 400
NOT_SET_UP, SW_NOT_LOGGED_IN = 0x6A88, 0x6982
# Answers that only the user gets, and the PINs that a scenario tries.
USERS = ("use of key", "seed", "file CD")
LOGINS_MAX = 2
NO_DKEK = bytes(8)
SECRET_BYTES = 16
KNOWN_SECRETS = (
    *(PIN, NEW_PIN, SO_PIN, NEW_SO_PIN),
    *(host.DKEK, *host.SHARES, host.MASK, host.SEED, PRIVATE[:SECRET_BYTES]),
    *(key[:SECRET_BYTES] for key in (host.AES_SECRET, host.EC_SECRET, host.RSA_SECRET)),
)


class CardInvariants:
    """The invariants for one scenario."""

    def __init__(self, subject: CardSubject) -> None:
        self._subject = subject
        self._before, self._after = subject.before, subject.after
        self._possible = (subject.before, subject.after, subject.spent, subject.restored)
        self._start, self._end = subject.recording.start, subject.end
        self._old = Remains(remains.destroyed(self._start, self._end))
        self._new = Remains(self._written())
        self._secrets = [*KNOWN_SECRETS, *subject.secrets]
        # Sectors known to hold no secret, by digest.
        self._clean: set[bytes] = set()
        self._has_lock = self._before.is_locked() or self._after.is_locked()

    def all(self) -> list[Invariant[Node]]:
        """In the order in which a person wants to hear of them."""
        return [
            Invariant("BOOT-1", "every image boots to a card that answers, in time", self._boots),
            Invariant("ATOM-1", "a host sees before or after, never a mix", self._atomic),
            Invariant("ATOM-2", "what the host was told stays", self._durable),
            Invariant("BOOT-2", "a second boot does nothing and shows the same", self._settled),
            Invariant("PIN-1", "a try is never gained", self._tries),
            Invariant("PIN-2", "a try is spent before the comparison", self._spent_first),
            Invariant("KEY-1", "what is not alive is not in the flash", self._gone),
            Invariant("KEY-2", "no secret is in the flash in the clear", self._sealed),
            Invariant("CTR-1", "a use is never gained", self._uses),
            Invariant("DOM-1", "a domain is absent, collecting, or whole", self._domains),
            Invariant("LOCK-1", "PIN and mask open all that is the user's", self._opens),
            Invariant("CAP-1", "the free capacity follows from the contents", self._capacity),
            Invariant("WEAR-1", "no page is programmed too often", self._wear),
        ]

    def final(self) -> Verdict:
        """DONE-1: without a cut, the command did what it is for."""
        problem = self._subject.scenario.expects(self._before, self._after)
        return Verdict(len(self._after.answers), problem)

    # --- booting --------------------------------------------------------------------------------

    def _boots(self, node: Node) -> Verdict:
        boot = node.boot
        written = sum(1 for sector in node.image.sectors if not _is_erased(sector))
        if boot.failure or boot.observation is None:
            return Verdict(written, boot.failure or "no answer")
        if boot.observation.status("SELECT") != hsm.SW_SUCCESS:
            return Verdict(written, f"SELECT: {boot.observation.status('SELECT'):04X}")
        if boot.instructions > BOOT_INSTRUCTIONS_MAX:
            return Verdict(written, f"{boot.instructions:,} instructions")
        if len(boot.entries) > BOOT_OPERATIONS_MAX:
            return Verdict(written, f"{len(boot.entries)} flash operations")
        return Verdict(written)

    def _settled(self, node: Node) -> Verdict:
        # A boot that did nothing is its own second one.
        looked_at = len(node.boot.entries)
        if node.again.entries:
            return Verdict(looked_at, f"{len(node.again.entries)} operations in the second boot")
        if node.again.observation != node.boot.observation:
            return Verdict(looked_at, "the second boot shows something else")
        return Verdict(looked_at)

    # --- what a host sees -----------------------------------------------------------------------

    def _atomic(self, node: Node) -> Verdict | None:
        view = self._view(node)
        if view is None:
            return None
        if view in self._possible:
            return Verdict(len(view.answers))
        return Verdict(len(view.answers), f"against before: {view.difference(self._before)}")

    def _durable(self, node: Node) -> Verdict | None:
        view = self._view(node)
        if node.phase is not Phase.ACKNOWLEDGED or view is None:
            return None
        problem = "" if view == self._after else f"not after: {view.difference(self._after)}"
        return Verdict(len(view.answers), problem)

    def _tries(self, node: Node) -> Verdict | None:
        """Never more tries than before, but for the command that gives them back as a whole."""
        view = self._view(node)
        if view is None:
            return None
        looked_at, problem = 0, ""
        for question in ("user PIN", "SO-PIN"):
            found, before = view.tries(question), self._before.tries(question)
            if found is None or before is None:
                continue
            looked_at += 1
            if found > before and not self._succeeded(view):
                problem = f"{question}: {found} tries left, {before} before"
        return Verdict(looked_at, problem)

    def _spent_first(self, node: Node) -> Verdict | None:
        question = self._subject.scenario.tries
        view = self._view(node)
        if not question or node.phase < Phase.COMPARED or view is None:
            return None
        found, before = view.tries(question), self._before.tries(question)
        if before is None or found is None:
            return None
        good = found < before or self._succeeded(view)
        problem = "" if good else "compared, and the try is still there after a cut"
        return Verdict(1, problem)

    def _succeeded(self, view: HostView) -> bool:
        """The reference data were right, and the card has noted it."""
        return view in (self._after, self._subject.restored)

    def _uses(self, node: Node) -> Verdict | None:
        view = self._view(node)
        if view is None:
            return None
        looked_at, problem = 0, ""
        for name, answer in view.answers.items():
            left, before = _uses_left(answer), _uses_left(self._before.answers.get(name, b""))
            if not name.startswith("key ") or left is None or before is None:
                continue
            looked_at += 1
            if left > before:
                problem = f"{name}: {left} uses left, {before} before"
        return Verdict(looked_at, problem)

    def _domains(self, node: Node) -> Verdict | None:
        view = self._view(node)
        if view is None:
            return None
        there = [
            (name, answer[:-2])
            for name, answer in view.answers.items()
            if name.startswith("domain") and answer[-2:] == b"\x90\x00"
        ]
        for name, (shares, missing, *check) in there:
            due = self._check_values(name, shares, missing)
            if missing > shares or bytes(check) not in due:
                return Verdict(len(there), f"{name}: {missing} of {shares} missing, {bytes(check)}")
        return Verdict(len(there))

    def _opens(self, node: Node) -> Verdict | None:
        """Under the lock, and while it comes and goes: no key, seed or file is lost to the user."""
        view = self._view(node)
        if view is None or not self._has_lock or not any(map(view.logs_in, range(LOGINS_MAX))):
            return None
        names = [name for name in view.answers if name.startswith(USERS)]
        shut = [name for name in names if view.status(name) == SW_NOT_LOGGED_IN]
        return Verdict(len(names), f"shut for good: {', '.join(shut)}" if shut else "")

    def _check_values(self, name: str, shares: int, missing: int) -> tuple[bytes, ...]:
        """What the check value of the domain called `name` may be."""
        if missing:
            return (NO_DKEK,)
        if shares:
            return tuple(map(_check_value, host.DKEKS[shares]))
        # None, or a random one, of which nobody knows more than the check value.
        views = (self._before, self._after)
        return NO_DKEK, *(view.answers.get(name, b"")[2:10] for view in views)

    def _capacity(self, node: Node) -> Verdict | None:
        view = self._view(node)
        if view not in self._possible:
            # Of other contents ATOM-1 speaks.
            return None
        # A host need not see that a command went on after that: what it did is between the two.
        due = [one.free_bytes for one in self._possible if one is not None and one == view]
        problem = ""
        if not min(due) <= view.free_bytes <= max(due):
            problem = f"{view.free_bytes} bytes free, not {min(due)} to {max(due)}"
        return Verdict(len(view.answers), problem)

    # --- the raw flash --------------------------------------------------------------------------

    def _gone(self, node: Node) -> Verdict | None:
        """After: nothing of what was destroyed; before: nothing of what was never committed."""
        view = self._view(node)
        if view is None:
            return None
        gone = self._old if view == self._after else self._new
        if not gone.wanted or (view == self._after and self._more_to_come(node)):
            return None
        left = sorted(gone.in_image(node.boot.end))
        problem = f"{left[0].to_bytes(8, 'little').hex()} is still there" if left else ""
        return Verdict(len(gone.wanted), problem)

    def _more_to_come(self, node: Node) -> bool:
        """Tries that are back are all that a host sees; what follows may not have happened."""
        question = self._subject.scenario.tries
        tries = self._after.tries(question) if question else None
        if node.phase is Phase.ACKNOWLEDGED or tries is None:
            return False
        return self._after == self._before.with_tries(question, tries)

    def _written(self) -> set[int]:
        """Payloads of the command's new records, where all of them are of one transaction.

        Before the first one of a card nothing is settled: the next INITIALIZE erases all.
        """
        if self._subject.scenario.separate or self._before.status("user PIN") == NOT_SET_UP:
            return set()
        return remains.written(self._start, self._subject.recording.entries)

    def _sealed(self, node: Node) -> Verdict:
        written = [sector for sector in node.image.sectors if not _is_erased(sector)]
        looked_at = len(self._secrets) if written else 0
        for sector in written:
            if sector.digest in self._clean:
                continue
            for secret in self._secrets:
                if secret in sector.cells:
                    return Verdict(looked_at, f"{secret[:4].hex()}... stands in the flash")
            self._clean.add(sector.digest)
        return Verdict(looked_at)

    def _wear(self, node: Node) -> Verdict:
        programs = [max(sector.page_programs) for sector in node.boot.end.sectors]
        worst = max(programs)
        problem = f"a page programmed {worst} times" if worst > PAGE_PROGRAMS_MAX else ""
        return Verdict(sum(1 for count in programs if count), problem)

    def _view(self, node: Node) -> HostView | None:
        return node.boot.observation


def _is_erased(sector: Sector) -> bool:
    return sector.cells == ERASED_SECTOR


def _uses_left(control: bytes) -> int | None:
    at = control.find(bytes((hsm.TAG_USE_COUNTER, 4)), control.find(b"\xa5"))
    return None if at < 0 else int.from_bytes(control[at + 2 : at + 6], "big")


def _check_value(dkek: bytes) -> bytes:
    return hashlib.sha256(dkek).digest()[:8]
