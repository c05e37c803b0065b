# SPDX-License-Identifier: GPL-2.0-or-later
"""The owner of a card that wears out: uses it by chance, checks all that it holds.

LIFE-1: all committed data are there, a refusal has one of two status words, and nothing is
half-written: the card is as before the command or as after it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field

from campaigns.signature import is_of
from campaigns.wear.subject import PowerFailed, Subject
from sim.apdu import SW_SUCCESS, Response, command
from sim.entropy import Entropy
from sim.life import card as hsm
from sim.life.card import Card, CardError
from sim.life.cvc import find

SW_MEMORY_FAILURE, SW_NOT_ENOUGH_SPACE = 0x6581, 0x6A84
REFUSALS = (SW_MEMORY_FAILURE, SW_NOT_ENOUGH_SPACE)
SW_BLOCKED = 0x6983
PIN, WRONG_PIN, SO_PIN = b"648219", b"000000", b"57621880"
TRIES = 10
COUNTED_KEY, USES = 1, 10_000
STATIC_FILES = 3
LOGINS_MAX = 2
# File identifiers: those that never change, and those that do.
STATIC, HOT = 0xCF80, 0xCF01
MESSAGE = b"still here"
# What LIST names of a key ([SCHSM] 8.1).
KEY_PARTS = (hsm.KEY_PREFIX, hsm.DESCRIPTION_PREFIX)


@dataclass(frozen=True)
class Done:
    """How a command went. `sw`: 0 for a power cut. `writes`: it needs room in the log."""

    sw: int
    writes: bool


class Violation(Exception):
    """Something that LIFE-1 promises is not so; one line."""


def require(holds: bool, text: str) -> None:
    """Violation unless `holds`."""
    if not holds:
        raise Violation(text)


@dataclass
class Held:
    """What the card holds, as far as its owner was told."""

    pin: bytes = PIN
    tries: int = TRIES
    files: dict[int, bytes] = field(default_factory=dict)
    # Key id -> public point.
    keys: dict[int, bytes] = field(default_factory=dict)
    uses: int = USES


@dataclass
class Tally:
    """What an owner did and saw."""

    commands: int = 0
    committed_bytes: int = 0
    refusals: dict[int, int] = field(default_factory=dict)
    cuts: int = 0
    checks: int = 0
    looked_at: int = 0
    logins_refused: int = 0


@dataclass(frozen=True)
class Habits:
    """What an owner writes: so many files that change, so long at most.

    `commands_per_look`: after so many granted commands he looks at all that he has, before that at
    the files that a command changed.
    """

    hot_files: int = 6
    file_bytes_max: int = 1400
    commands_per_look: int = 1


class Owner:
    """Chooses commands from the seed; `held` is what must be there."""

    def __init__(self, subject: Subject, seed: int, habits: Habits) -> None:
        self.habits = habits
        self.subject = subject
        self.card = Card(subject.transmit)
        self.held = Held()
        self.tally = Tally()
        self._granted_since_look = 0
        self._chance = Entropy(seed, "owner of a card")

    def draw(self, count: int) -> int:
        """A number below `count`."""
        return self._chance.bits(32) % count

    # --- the card in use ------------------------------------------------------------------------

    def personalise(self) -> None:
        """A card with a counted key, a second key, and files that will never change."""
        self.card.select()
        self.card.initialize(PIN, SO_PIN, TRIES, hsm.PIN_ITERATIONS_MIN)
        self.card.verify(PIN)
        for key_id, uses in ((COUNTED_KEY, USES), (2, None)):
            request = self.card.generate_key_pair(
                key_id, hsm.ec_key_template("secp256r1"), uses=uses
            )
            self._remember_key(self.held, key_id, request)
        for number in range(STATIC_FILES):
            content = self._content(500)
            self.card.write_file(STATIC + number, content)
            self.held.files[STATIC + number] = content
        self.check()

    def _remember_key(self, held: Held, key_id: int, request: bytes) -> None:
        value = request
        for tag in (0x67, 0x7F21, 0x7F4E, 0x7F49):
            value, _ = find(value, tag)
        held.keys[key_id], _ = find(value, 0x86)
        held.files[hsm.CERTIFICATE_PREFIX | key_id] = request

    def _content(self, length: int) -> bytes:
        return hashlib.shake_128(self._chance.data(8)).digest(length)

    def act(self) -> Done:
        """One command. What a power cut leaves is found out and remembered."""
        self.tally.commands += 1
        action, after = self._choose()
        writes = (after.files, after.keys, after.pin) != (
            self.held.files,
            self.held.keys,
            self.held.pin,
        )
        try:
            sw = action()
        except PowerFailed:
            self._find_out(after)
            return Done(0, writes)
        self.subject.forget_plans()
        if sw == SW_SUCCESS:
            self._count_committed(after)
            before, self.held = self.held, after
            self._look_at_changes(before)
        elif sw in REFUSALS:
            self._count_refusal(sw)
            self._after_refusal(after)
        else:
            raise Violation(f"a command answered {sw:04X}")
        return Done(sw, writes)

    def _look_at_changes(self, before: Held) -> None:
        self._granted_since_look += 1
        if self._granted_since_look >= self.habits.commands_per_look:
            self.check()
            return
        files = self.held.files
        changed = [id for id in {*files, *before.files} if files.get(id) != before.files.get(id)]
        problems = (self._file_difference(id, files.get(id)) for id in sorted(changed))
        require(not (problem := next(filter(None, problems), "")), f"after a command: {problem}")

    def _count_committed(self, after: Held) -> None:
        for file_id, content in after.files.items():
            if self.held.files.get(file_id) != content:
                self.tally.committed_bytes += len(content)

    def _count_refusal(self, sw: int) -> None:
        self.tally.refusals[sw] = self.tally.refusals.get(sw, 0) + 1

    def _choose(self) -> tuple[Callable[[], int], Held]:
        """A command, and what the card holds when it is done."""
        after = deepcopy(self.held)
        kind = self.draw(100)
        if kind < 60:
            return self._write(after)
        if kind < 68:
            return self._delete(after)
        if kind < 76:
            after.tries = TRIES
            return lambda: self.card.try_pin(self.held.pin), after
        if kind < 82:
            return self._change_pin(after)
        if kind < 90:
            return self._use(after)
        return self._generate(after)

    def _write(self, after: Held) -> tuple[Callable[[], int], Held]:
        file_id = HOT + self.draw(self.habits.hot_files)
        content = self._content(1 + self.draw(self.habits.file_bytes_max))
        after.files[file_id] = content
        return lambda: self.card.update_binary(file_id, 0, content), after

    def _delete(self, after: Held) -> tuple[Callable[[], int], Held]:
        hot = [file_id for file_id in after.files if file_id < STATIC and file_id >= HOT]
        if not hot:
            return self._write(after)
        file_id = hot[self.draw(len(hot))]
        del after.files[file_id]
        apdu = command(0x00, 0xE4, 0x02, 0x00, file_id.to_bytes(2, "big"))
        return lambda: self.card.send(apdu).sw, after

    def _change_pin(self, after: Held) -> tuple[Callable[[], int], Held]:
        old = after.pin
        after.pin = b"%06d" % (100_000 + self.draw(900_000))
        after.tries = TRIES
        apdu = command(0x00, 0x24, 0x00, hsm.USER_PIN_REFERENCE, old + after.pin)
        return lambda: self.card.send(apdu).sw, after

    def _use(self, after: Held) -> tuple[Callable[[], int], Held]:
        after.uses -= 1
        return lambda: self._sign(COUNTED_KEY).sw, after

    def _generate(self, after: Held) -> tuple[Callable[[], int], Held]:
        key_id = 2 + self.draw(2)
        # Known when it is made; a cut leaves the old key, or one that nobody has seen.
        after.keys[key_id] = b""

        def act() -> int:
            try:
                request = self.card.generate_key_pair(key_id, hsm.ec_key_template("secp256r1"))
            except CardError as error:
                return error.sw
            self._remember_key(after, key_id, request)
            return SW_SUCCESS

        return act, after

    def wrong_pin(self) -> None:
        """A wrong PIN costs a try, or is refused; it never gains one."""
        sw = self.card.try_pin(WRONG_PIN)
        if sw in REFUSALS:
            self._count_refusal(sw)
            left = self._tries()
            require(left <= self.held.tries, f"a refused VERIFY gained a try: {left}")
            self.held.tries = left
            return
        left = self.held.tries - 1
        require(sw == (0x63C0 | left if left else SW_BLOCKED), f"a wrong PIN answered {sw:04X}")
        self.held.tries = left
        require(self._tries() == left, "a wrong PIN did not cost a try")

    # --- what is there --------------------------------------------------------------------------

    def _sign(self, key_id: int) -> Response:
        apdu = command(0x80, 0x68, key_id, hsm.SIGN_ECDSA_SHA256, MESSAGE, 512, extended=True)
        return self.card.send(apdu)

    def _tries(self) -> int:
        sw = self.card.pin_status()
        if sw == SW_BLOCKED:
            return 0
        require(sw >> 4 == 0x63C, f"VERIFY without data answered {sw:04X}")
        return sw & 0xF

    def check(self) -> None:
        """All that is held is there, and nothing else."""
        self._granted_since_look = 0
        require(not (problem := self._difference(self.held)), f"after a command: {problem}")

    def _difference(self, held: Held) -> str:
        """What is not as `held` says; empty if all is."""
        self.tally.checks += 1
        listed = set(self.card.list_objects())
        hot = range(HOT, HOT + self.habits.hot_files)
        for file_id in dict.fromkeys((*held.files, *hot)):
            if problem := self._file_difference(file_id, held.files.get(file_id)):
                return problem
        for key_id in (1, 2, 3):
            parts = {prefix | key_id for prefix in KEY_PARTS}
            due = parts if key_id in held.keys else set()
            if listed & parts != due:
                return f"key {key_id} is listed with {len(listed & parts)} parts"
        return self._key_difference(held)

    def _file_difference(self, file_id: int, content: bytes | None) -> str:
        """What is not as it should be with a file; `content` None: it should not be there."""
        if content is None:
            return f"file {file_id:04X} is there" if self._exists(file_id) else ""
        self.tally.looked_at += 1
        try:
            same = self.card.read_file(file_id) == content
        except CardError as error:
            return f"file {file_id:04X} cannot be read: {error}"
        return "" if same else f"file {file_id:04X} has other contents"

    def _key_difference(self, held: Held) -> str:
        if self.card.uses_left(COUNTED_KEY) != held.uses:
            return f"the use counter stands at {self.card.uses_left(COUNTED_KEY)}, not {held.uses}"
        for key_id, point in held.keys.items():
            if key_id == COUNTED_KEY:
                continue
            self.tally.looked_at += 1
            response = self._sign(key_id)
            if not response.ok:
                return f"key {key_id} answers {response.sw:04X}"
            if not point:
                return f"key {key_id} is new"
            if not is_of(point, response.data, MESSAGE):
                return f"key {key_id} is another one"
        return ""

    def _exists(self, file_id: int) -> bool:
        apdu = command(0x00, 0xA4, 0x00, 0x00, file_id.to_bytes(2, "big"), 256)
        return self.card.send(apdu).ok

    # --- after something went wrong ---------------------------------------------------------------

    def _after_refusal(self, after: Held) -> None:
        """A refused command changed nothing, but for tries and uses, which may have been spent."""
        if not self.is_logged_in():
            left = self._tries()
            spent = self.held.tries - left
            require(0 <= spent <= 1 or left == TRIES, f"a refused command left {left} tries")
            self.held.tries = left
            self.log_in()
        left = self.card.uses_left(COUNTED_KEY)
        if left == after.uses:
            self.held.uses = after.uses

    def is_logged_in(self) -> bool:
        """True while the user's session is open."""
        return self.card.pin_status() == SW_SUCCESS

    def log_in(self) -> None:
        """Open the card. The flash may refuse it once: then a sector failed, and was left."""
        for _ in range(LOGINS_MAX):
            sw = self.card.try_pin(self.held.pin)
            if sw == SW_SUCCESS:
                self.held.tries = TRIES
                return
            require(sw in REFUSALS, f"the right PIN answered {sw:04X}")
            self._count_refusal(sw)
            self.tally.logins_refused += 1
            self.held.tries = self._tries()
        raise Violation(f"the right PIN is refused {LOGINS_MAX} times: {sw:04X}")

    def power_cycle(self) -> None:
        """Off and on, and everything is there."""
        self.subject.power_cycle()
        self.card.select()
        self.log_in()
        self.check()

    def _find_out(self, after: Held) -> None:
        """After a power cut: the card is as before the command, or as after it."""
        self.tally.cuts += 1
        self.subject.forget_plans()
        self.subject.power_cycle()
        self.card.select()
        left = self._tries()
        before = deepcopy(self.held)
        require(left <= max(before.tries, after.tries), f"a cut gained tries: {left}")
        before.tries = after.tries = left
        if after.pin != before.pin:
            # The new PIN first: it opens nothing unless the change is complete.
            sw = self.card.try_pin(after.pin)
            if sw == SW_SUCCESS:
                self.held = after
                after.tries = TRIES
                self.check()
                return
        self.held = before
        self.log_in()
        if not self._difference(before):
            return
        after.tries = TRIES
        self._learn_new_keys(after)
        if problem := self._difference(after):
            was = self._difference(before)
            raise Violation(f"half of a command: not before ({was}), not after ({problem})")
        self.held = after

    def _learn_new_keys(self, held: Held) -> None:
        """A key whose answer was lost: its request is in a file."""
        for key_id, point in list(held.keys.items()):
            if not point:
                try:
                    request = self.card.read_file(hsm.CERTIFICATE_PREFIX | key_id)
                    self._remember_key(held, key_id, request)
                except (CardError, ValueError):
                    return
