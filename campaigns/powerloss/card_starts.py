# SPDX-License-Identifier: GPL-2.0-or-later
"""Starts that are a command away from a compaction or a full bit field.

Found by trying: the next command is run and undone until it does more to the flash than usual. So
nothing here knows when the store compacts, or how long a field is.
"""

from __future__ import annotations

import lzma
from collections.abc import Callable
from typing import Protocol

from campaigns.powerloss import card_scenarios, service_scenarios
from campaigns.powerloss.card_scenarios import (
    NEW_FILE,
    PIN,
    SetUpError,
    after_a_wrong_pin,
    logged_in,
)
from sim.flash import SECTOR_BYTES
from sim.flash.cells import ERASED_SECTOR
from sim.life import services
from sim.life.card import Card
from tools.paths import PROJECT

# What a bench makes with a card alone.
STARTS = card_scenarios.STARTS | service_scenarios.STARTS
EARLIER = "earlier firmware"
EARLIER_REGIONS = PROJECT / "tests" / "vectors" / "flash"
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


def nearly_full_use_counter(bench: TryingBench) -> None:
    """The next use of a key makes its counter be written anew."""
    card, key = bench.card, service_scenarios.KEY_AES_COUNTED
    logged_in(card)
    _until_unusual(
        bench,
        lambda: services.encrypt_block(card, key),
        lambda step: services.encrypt_block(card, key),
    )


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


def earlier_region(board: str, sectors: int) -> bytes:
    """The data region as the first firmware with this format left it; what came later is erased."""
    region = lzma.decompress((EARLIER_REGIONS / f"format2-{board}.bin.xz").read_bytes())
    return region + ERASED_SECTOR * (sectors - len(region) // SECTOR_BYTES)


# By name: the start that it goes on from, and how.
DERIVED: dict[str, tuple[str, Callable[[TryingBench], None]]] = {
    "nearly compacting": ("personalised", nearly_compacting),
    "retry field nearly full": ("personalised", nearly_full_retry_field),
    "use counter nearly full": ("equipped", nearly_full_use_counter),
}
