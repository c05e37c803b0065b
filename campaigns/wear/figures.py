# SPDX-License-Identifier: GPL-2.0-or-later
"""What commands cost the flash, on the image: erases, programs, bytes changed.

From the journal of the chip model. Averages over many of a kind: a sector is erased when the log
comes to it, whichever command that is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sim.device import Device
from sim.flash.journal import Entry, Operation
from sim.life import card as hsm
from sim.life.card import Card

PIN, OTHER_PIN, WRONG_PIN, SO_PIN = b"648219", b"112358", b"000000", b"57621880"
TEMPLATE = hsm.ec_key_template("secp256r1")
SEED = 1
VERIFIES, TURNS = 2000, 600
KEYS, WRITES, CHANGES, USES, INITIALIZES = 40, 60, 60, 400, 10
# The third wrong one would block the PIN.
WRONG_IN_A_ROW = 2
FILE, COUNTED_KEY = 0xCF01, 1


@dataclass(frozen=True)
class Figure:
    """Cost per unit ("1,000 VERIFY", "file of 100 bytes written")."""

    erases: float
    page_programs: float
    changed_bytes: float


@dataclass(frozen=True)
class Figures:
    """All figures of a board. `erasing`: how many of a few single VERIFYs erased a sector."""

    board: str
    by_unit: dict[str, Figure]
    erasing: int


class Meter:
    """A device whose journal is read after each round."""

    def __init__(self, board: str, image: Path) -> None:
        self.device = Device.from_uf2(board, image, seed=SEED)
        self.device.power_on(seed=SEED)
        self.card = Card(self.device.transmit)
        self.card.select()
        self.card.initialize(PIN, SO_PIN, pin_iterations=hsm.PIN_ITERATIONS_MIN)

    def measure(self, act: Callable[[int], object], rounds: int, units: float) -> Figure:
        """The cost of `rounds` calls, divided by `units`."""
        costs = [0, 0, 0]
        for number in range(rounds):
            for i, cost in enumerate(self.cost(lambda number=number: act(number))):
                costs[i] += cost
        return Figure(*(round(cost / units, 3) for cost in costs))

    def cost(self, act: Callable[[], object]) -> tuple[int, int, int]:
        """Erases, page programs and changed bytes of one call."""
        self.device.journal.clear()
        act()
        journal = self.device.journal
        erases = sum(entry.operation is Operation.ERASE for entry in journal)
        return erases, len(journal) - erases, changed_bytes(journal)


def changed_bytes(entries: list[Entry]) -> int:
    """Bytes in which a program changed a cell."""
    return sum(
        sum(old != new for old, new in zip(entry.before, entry.after, strict=True))
        for entry in entries
        if entry.operation is Operation.PROGRAM
    )


def measure(board: str, image: Path, advance: Callable[[str], None] = lambda name: None) -> Figures:
    """All figures of a board. `advance` hears the name of each unit that was measured."""
    meter = Meter(board, image)
    card = meter.card
    erasing = _erasing(meter)
    found: dict[str, Figure] = {}

    def take(unit: str, act: Callable[[int], object], rounds: int, per: float = 1) -> None:
        found[unit] = meter.measure(act, rounds, rounds / per)
        advance(unit)

    take("1,000 VERIFY, right PIN", lambda _: card.verify(PIN), VERIFIES, 1000)
    take("1,000 VERIFY, two wrong and one right in turn", lambda n: _turn(card, n), TURNS, 1000)
    card.verify(PIN)
    take("key pair P-256 generated", lambda n: card.generate_key_pair(2 + n % 8, TEMPLATE), KEYS)
    for length in (100, 1024, 4000):
        content = bytes(range(250)) * (length // 250) + bytes(length % 250)
        take(
            f"file of {length:,} bytes written",
            lambda n, content=content: card.update_binary(FILE, 0, bytes((n,)) + content[1:]),
            WRITES,
        )
    take("100 bytes changed in a file of 4,000", lambda n: _change(card, n), WRITES)
    pins = (PIN, OTHER_PIN)
    take("PIN changed", lambda n: card.change_pin(pins[n % 2], pins[(n + 1) % 2]), CHANGES)
    card.generate_key_pair(COUNTED_KEY, TEMPLATE, uses=10_000)
    sign = hsm.SIGN_ECDSA_SHA256
    take("1,000 uses of a counted key", lambda _: card.sign(COUNTED_KEY, sign, b"m"), USES, 1000)
    found["used card initialised"] = _initialize(meter)
    advance("used card initialised")
    return Figures(board, found, erasing)


def _erasing(meter: Meter) -> int:
    """Of a right, a wrong and a right VERIFY, one by one: how many erase."""
    card = meter.card
    acts = (
        lambda: card.verify(PIN),
        lambda: card.try_pin(WRONG_PIN),
        lambda: card.verify(PIN),
    )
    return sum(meter.cost(act)[0] > 0 for act in acts)


def _turn(card: Card, number: int) -> None:
    wrong = number % (WRONG_IN_A_ROW + 1) < WRONG_IN_A_ROW
    card.try_pin(WRONG_PIN if wrong else PIN)


def _change(card: Card, number: int) -> None:
    card.update_binary(FILE, 100 * (number % 39), bytes((number,)) * 100)


def _initialize(meter: Meter) -> Figure:
    """INITIALIZE alone, of cards with three keys and three files."""
    total = [0, 0, 0]
    card = meter.card
    for number in range(INITIALIZES):
        for key_id in (1, 2, 3):
            card.generate_key_pair(key_id, TEMPLATE)
            card.update_binary(0xCF00 | key_id, 0, bytes((number,)) * 1000)
        cost = meter.cost(
            lambda: card.initialize(PIN, SO_PIN, pin_iterations=hsm.PIN_ITERATIONS_MIN)
        )
        total = [old + new for old, new in zip(total, cost, strict=True)]
    return Figure(*(round(cost / INITIALIZES, 3) for cost in total))
