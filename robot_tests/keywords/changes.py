# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands that change the card, by name: what is there before, what is done.

The suite of power cuts names them; the host is logged in when one begins.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from robot_tests.keywords.bench import Bench, value
from robot_tests.keywords.files import contents
from sim.life import card as hsm
from sim.life.card import Card

OLD_KEY, NEW_KEY = 1, 2
USES = 50
KEPT_FILE, CHANGED_FILE, NEW_FILE = 0xCF01, 0xCD02, 0xCD03
EF_TOKEN_INFO = 0x2F03
TEMPLATE = hsm.ec_key_template("secp256r1")

# What a host can see of a card that any of the commands has changed.
FILES = (
    EF_TOKEN_INFO,
    hsm.EF_DEVICE_CERTIFICATE,
    *(hsm.CERTIFICATE_PREFIX | key for key in (OLD_KEY, NEW_KEY)),
    *(hsm.DESCRIPTION_PREFIX | key for key in (OLD_KEY, NEW_KEY)),
    *(KEPT_FILE, CHANGED_FILE, NEW_FILE),
)


@dataclass(frozen=True)
class Change:
    """One command. `act` does it; `spends`: whose PIN it verifies, so that a cut costs a try."""

    act: Callable[[Card], object]
    spends: str = ""
    prepare: Callable[[Card], object] = lambda card: None
    on_blank_device: bool = False


def pin() -> bytes:
    """The user PIN of the prepared card."""
    return value("PIN")


def used_card(bench: Bench) -> None:
    """A card with a key, files and a session: what most commands begin with."""

    def make() -> None:
        bench.start_initialised()
        card = bench.card
        card.verify(pin())
        card.generate_key_pair(OLD_KEY, TEMPLATE, uses=USES)
        card.write_file(KEPT_FILE, contents("kept", 700))
        card.write_file(CHANGED_FILE, contents("changed", 2500))

    bench.start("used", make)


def _write_in_the_middle(card: Card) -> None:
    card.update_binary(CHANGED_FILE, 900, contents("in the middle", 300))


def _spend_two_tries(card: Card) -> None:
    for _ in range(2):
        card.try_pin(value("WRONG_PIN"))


def _initialise(card: Card) -> None:
    card.initialize(value("NEW_PIN"), value("SO_PIN"), 3, hsm.PIN_ITERATIONS_MIN)


CHANGES = {
    "verifying a wrong PIN": Change(lambda card: card.try_pin(value("WRONG_PIN")), "user"),
    "verifying the right PIN after a wrong one": Change(
        lambda card: card.verify(pin()), "user", lambda card: card.try_pin(value("WRONG_PIN"))
    ),
    "verifying the right PIN on its last try": Change(
        lambda card: card.verify(pin()), "user", _spend_two_tries
    ),
    "changing the PIN": Change(lambda card: card.change_pin(pin(), value("NEW_PIN")), "user"),
    "resetting the PIN": Change(
        lambda card: card.reset_retry_counter(value("SO_PIN"), value("NEW_PIN")), "so"
    ),
    "changing the SO PIN": Change(
        lambda card: card.change_pin(value("SO_PIN"), value("NEW_SO_PIN"), hsm.SO_PIN_REFERENCE),
        "so",
    ),
    "making a key": Change(lambda card: card.generate_key_pair(NEW_KEY, TEMPLATE)),
    "replacing a key": Change(lambda card: card.generate_key_pair(OLD_KEY, TEMPLATE)),
    "deleting a key": Change(lambda card: card.delete_file(hsm.KEY_PREFIX | OLD_KEY)),
    "signing with a counted key": Change(
        lambda card: card.sign(OLD_KEY, hsm.SIGN_ECDSA_SHA256, b"message")
    ),
    "writing a file": Change(lambda card: card.write_file(NEW_FILE, contents("new", 1500))),
    "replacing a file": Change(lambda card: card.write_file(CHANGED_FILE, contents("other", 900))),
    "changing a file in its middle": Change(_write_in_the_middle),
    "deleting a file": Change(lambda card: card.delete_file(CHANGED_FILE)),
    "setting the label": Change(lambda card: card.write_file(EF_TOKEN_INFO, b"label")),
    "initialising a blank device": Change(_initialise, on_blank_device=True),
    "initialising a used device": Change(_initialise, "so"),
}
