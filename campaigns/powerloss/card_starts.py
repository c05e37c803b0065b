# SPDX-License-Identifier: GPL-2.0-or-later
"""Starts that are a command away from a compaction or a full bit field.

Found by trying: the next command is run and undone until it does more to the flash than usual. So
nothing here knows when the store compacts, or how long a field is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from campaigns.powerloss.card_scenarios import (
    NEW_FILE,
    PIN,
    SetUpError,
    after_a_wrong_pin,
    logged_in,
)
from sim.life.card import Card

CHURN_FILE = 0xCF7E
STEPS_MAX = 1500


class TryingBench(Protocol):
    """A bench that can try something out."""

    card: Card

    def operations(self, ask: Callable[[], object]) -> int:
        """Flash operations of `ask`, which is undone."""
        ...


def nearly_compacting(bench: TryingBench) -> None:
    """The next transaction moves a sector's live records first."""
    card = bench.card
    logged_in(card)
    _until_unusual(
        bench,
        lambda: card.update_binary(NEW_FILE, 0, b"small"),
        lambda step: card.update_binary(CHURN_FILE, 0, b"%04d" % step * 880),
    )


def nearly_full_retry_field(bench: TryingBench) -> None:
    """The next right PIN makes the reference data be written anew."""
    card = bench.card

    def wrong_then_right() -> None:
        after_a_wrong_pin(card)
        card.verify(PIN)

    _until_unusual(bench, wrong_then_right, lambda step: wrong_then_right())


def _until_unusual(
    bench: TryingBench, command: Callable[[], object], step: Callable[[int], object]
) -> None:
    # The second time: the first may open a sector.
    usual = min(bench.operations(command), _after(bench, command, step))
    for number in range(STEPS_MAX):
        if bench.operations(command) > 2 * usual + 4:
            return
        step(number)
    raise SetUpError(f"nothing unusual happened in {STEPS_MAX} steps")


def _after(bench: TryingBench, command: Callable[[], object], step: Callable[[int], object]) -> int:
    step(0)
    return bench.operations(command)


DERIVED: dict[str, Callable[[TryingBench], None]] = {
    "nearly compacting": nearly_compacting,
    "retry field nearly full": nearly_full_retry_field,
}
