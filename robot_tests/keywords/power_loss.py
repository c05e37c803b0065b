# SPDX-License-Identifier: GPL-2.0-or-later
"""Power that fails in the middle of a command, and what the card is afterwards."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace

from robot.api import logger
from robot.api.deco import keyword, library

from robot_tests.backends.backend import Capability, PowerLost
from robot_tests.keywords import changes
from robot_tests.keywords.bench import Bench, bench, value
from robot_tests.keywords.changes import CHANGES, Change
from robot_tests.keywords.observation import SW_BLOCKED, Observation, observe
from sim.life.card import CardError

# What an interrupted operation leaves, by the names of `sim.flash.faults`.
TEARS = {
    "before each": "none",
    "halfway through each": "prefixHalf",
    "in scattered bits of each": "evenBits",
    "after the last": "full",
}
OPERATION_OF = " flash operation of"
NEEDED = (
    Capability.SNAPSHOTS,
    Capability.FLASH_CONTENTS,
    Capability.FLASH_OPERATIONS,
    Capability.POWER_CUTS,
)


@library(scope="GLOBAL", auto_keywords=False)
class PowerLoss:
    """A cut card must be as it was before the command or as it is after it, and stay so."""

    @keyword
    def card_is_as_before_or_after_when_power_fails(self, moment: str, command: str) -> None:
        """Cut the power at the moments, boot, look at everything; a repair must not be repeated.

        ``moment``: before each, halfway through each, in scattered bits of each, or after the last
        flash operation of. ``command``: a change that the library knows, e.g. making a key.
        """
        cuts = _Cuts(bench(), CHANGES[command])
        for operation in cuts.operations(moment):
            cuts.cut(operation, _tear(moment))
            cuts.check_recovered(f"{moment} {operation}")
        logger.info(cuts.summary())

    @keyword
    def card_is_as_before_or_after_when_power_fails_twice(self, moment: str, command: str) -> None:
        """As once, and cut the power again halfway through each operation of the recovery."""
        cuts = _Cuts(bench(), CHANGES[command])
        second_cuts = 0
        for operation in cuts.operations(moment):
            cuts.cut(operation, _tear(moment))
            for again in cuts.cuts_of_recovery():
                cuts.check_recovered(f"{moment} {operation}, then recovery's {again}")
                second_cuts += 1
        logger.info(f"{cuts.summary()}; {second_cuts} cuts of recovery")
        if not second_cuts:
            raise AssertionError("no recovery wrote anything: nothing was cut twice")

    @keyword
    def guess_a_wrong_pin_and_cut_the_power_once_the_try_is_spent(self) -> None:
        """What a thief does who hopes that a cut undoes the count of a wrong guess."""
        bench().need(Capability.POWER_CUTS)
        bench().backend.cut_power_at(0, "full")
        try:
            bench().card.try_pin(value("WRONG_PIN"))
        except PowerLost:
            bench().power_on()
            return
        raise AssertionError("the card answered before it had spent the try")


def _tear(moment: str) -> str:
    return TEARS[moment.removesuffix(OPERATION_OF)]


class _Cuts:
    """One command: its states before and after, and the cuts between them."""

    def __init__(self, on: Bench, change: Change) -> None:
        for capability in NEEDED:
            on.need(capability)
        self._bench = on
        self._change = change
        self._known: dict[bytes, Observation] = {}
        self._found = {"before": 0, "after": 0}
        if change.on_blank_device:
            on.start_blank()
        else:
            changes.used_card(on)
            change.prepare(on.card)
        self._start = on.backend.snapshot()
        self._boot()
        self._before = self._observed()
        on.backend.restore(self._start)
        first = len(on.operations())
        self._act()
        self._count = len(on.operations()) - first
        self._boot()
        self._after = self._observed()
        if not self._count or self._before == self._after:
            raise AssertionError("the command changes nothing: there is nothing to cut")

    def operations(self, moment: str) -> Iterator[int]:
        """The flash operations that a moment means, counted from the command's begin."""
        last = self._count - 1
        yield from (last,) if moment.startswith("after the last") else range(self._count)

    def cut(self, operation: int, tear: str) -> None:
        """Do the command and let the power fail; the device is off then."""
        self._bench.backend.restore(self._start)
        self._bench.backend.cut_power_at(operation, tear)
        try:
            self._act()
        except PowerLost:
            return
        raise AssertionError(f"the power did not fail at flash operation {operation}")

    def cuts_of_recovery(self) -> Iterator[int]:
        """After `cut`: the operations of the next boot, with the power failing halfway at each."""
        backend = self._bench.backend
        cut = backend.flash_contents()
        first = len(self._bench.operations())
        self._bench.power_on()
        count = len(self._bench.operations()) - first
        for again in range(count):
            backend.power_off()
            backend.replace_flash(cut)
            backend.cut_power_at(again, TEARS["halfway through each"])
            try:
                self._bench.power_on()
            except PowerLost:
                yield again
            else:
                raise AssertionError(f"the power did not fail at recovery's operation {again}")

    def check_recovered(self, where: str) -> None:
        """Boot: the state is one that the command allows; what was repaired stays repaired."""
        recovery = self._boot()
        if recovery and self._boot():
            raise AssertionError(f"{where}: the second boot wrote to the flash")
        found = self._observed()
        if found == self._after:
            self._found["after"] += 1
        elif found in (self._before, self._with_a_try_spent()):
            self._found["before"] += 1
        else:
            raise AssertionError(
                f"{where}: neither as before ({found.difference(self._before)}) "
                f"nor as after ({found.difference(self._after)})"
            )

    def summary(self) -> str:
        """How often which state was found."""
        found = self._found
        return f"{self._count} operations: as before {found['before']}, as after {found['after']}"

    def _boot(self) -> int:
        """Off and on; the number of flash operations that the boot made."""
        first = len(self._bench.operations())
        self._bench.power_cycle()
        return len(self._bench.operations()) - first

    def _act(self) -> None:
        try:
            self._change.act(self._bench.card)
        except CardError as error:
            raise AssertionError(f"the command is refused: {error}") from None

    def _observed(self) -> Observation:
        """What the host sees, looked at once for each contents of the flash."""
        digest = hashlib.sha256(self._bench.backend.flash_contents()).digest()
        if digest not in self._known:
            pins, so_pins = (value("PIN"), value("NEW_PIN")), (value("SO_PIN"), value("NEW_SO_PIN"))
            self._known[digest] = observe(self._bench.card, pins, so_pins, changes.FILES)
        return self._known[digest]

    def _with_a_try_spent(self) -> Observation:
        """A cut may cost the try that the command had begun with; it never gives one."""
        if self._change.spends == "user":
            state = _one_try_less(self._before.pin_state)
            if state == SW_BLOCKED:
                return self._before.with_blocked_pin()
            return replace(self._before, pin_state=state)
        if self._change.spends == "so":
            return replace(self._before, so_pin_state=_one_try_less(self._before.so_pin_state))
        return self._before


def _one_try_less(state: int) -> int:
    return state - 1 if state & 0xF > 1 else SW_BLOCKED
