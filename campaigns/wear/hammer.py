# SPDX-License-Identifier: GPL-2.0-or-later
"""A retry counter hammered: the hot spot of an HSM's flash, on the whole firmware.

Two wrong PINs and the right one in turn, a hundred thousand times; every status word is looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from campaigns.wear.owner import PIN, TRIES, WRONG_PIN, Habits, Owner, Violation
from campaigns.wear.subject import DesktopCard
from sim.apdu import SW_SUCCESS

SECTORS = 32
VERIFIES = 100_000
SEED = 1
PROGRESS_VERIFIES = 2_000
DUE = (0x63C0 | TRIES - 1, 0x63C0 | TRIES - 2, SW_SUCCESS)


@dataclass(frozen=True)
class Hammered:
    """What it cost. `violation`: what went wrong, empty if nothing did."""

    verifies: int
    erases: int
    erases_max: int
    violation: str = ""


def hammer(
    verifies: int = VERIFIES, advance: Callable[[int], None] = lambda done: None
) -> Hammered:
    """VERIFY so many times; then everything is still there."""
    card = DesktopCard(SECTORS, SEED)
    owner = Owner(card, SEED, Habits())
    owner.personalise()
    before = list(card.erase_counts)
    violation = ""
    try:
        for number in range(verifies):
            due = DUE[number % len(DUE)]
            sw = owner.card.try_pin(PIN if due == SW_SUCCESS else WRONG_PIN)
            if sw != due:
                raise Violation(f"VERIFY {number} answered {sw:04X}, {due:04X} is due")
            if number % PROGRESS_VERIFIES == 0:
                advance(PROGRESS_VERIFIES)
        owner.power_cycle()
    except Violation as error:
        violation = str(error)
    erases = [new - old for old, new in zip(before, card.erase_counts, strict=True)]
    return Hammered(verifies, sum(erases), max(erases), violation)
