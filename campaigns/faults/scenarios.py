# SPDX-License-Identifier: GPL-2.0-or-later
"""What is struck: commands that must be refused, or counted, and what to gain.

Each scenario names the Python function whose window is struck ([SCHSM] 9, 10, 12, 13.4, 16).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from campaigns import twins
from sim.apdu import SW_SUCCESS, Response, command
from sim.life.card import (
    PIN_ITERATIONS_MIN,
    SO_PIN_REFERENCE,
    TAG_PIN_ITERATIONS,
    Card,
    ec_key_template,
    tlv,
)

# ruff: isort: split
import key_blob

assert twins.FOLDERS

PIN, WRONG_PIN, NEW_PIN = b"135790", b"097531", b"000000"
SO_PIN, WRONG_SO_PIN = b"30313233", b"33323130"
PIN_TRIES, SO_PIN_TRIES = 10, 15
SW_TRIES = 0x63C0
KEY_STORE = "hsm/keys/key_store.py"
WRAP_KEY = "hsm/commands/wrap_key.py"
KEY_DOMAINS = "hsm/security/key_domains.py"
CURVE = ec_key_template("secp256r1")
DIGEST = bytes(range(32))
ECDSA_PLAIN, ECDSA_SHA256, WRAP = 0x70, 0x73, 0x92
# One for each domain: the whole DKEK.
SHARES = (bytes(range(32)), bytes(range(32, 64)))

KEY, COUNTED, EXHAUSTED, RESTRICTED, IN_DOMAIN_1 = 1, 2, 3, 4, 5
USES = 100


def prepare(card: Card) -> None:
    """A card with a key of each sort; all modules of the commands are loaded; nobody logged in."""
    card.select()
    card.initialize(PIN, SO_PIN, tries=PIN_TRIES, pin_iterations=PIN_ITERATIONS_MIN, key_domains=2)
    for number, share in enumerate(SHARES):
        card.set_up_key_domain(number, 1)
        card.import_dkek_share(share, number)
    card.generate_key_pair(KEY, CURVE)
    card.generate_key_pair(COUNTED, CURVE, uses=USES)
    card.generate_key_pair(EXHAUSTED, CURVE, uses=1)
    card.generate_key_pair(RESTRICTED, CURVE, algorithms=bytes((ECDSA_PLAIN,)))
    card.generate_key_pair(IN_DOMAIN_1, CURVE, domain=1)
    for key_id in (KEY, COUNTED, EXHAUSTED):
        card.sign(key_id, ECDSA_PLAIN, DIGEST)
    card.wrap_key(KEY)
    for apdu in (sign(EXHAUSTED), wrap(RESTRICTED)):
        card.send(apdu)
    card.try_pin(WRONG_PIN)
    card.verify(PIN)
    card.try_pin(WRONG_SO_PIN, SO_PIN_REFERENCE)
    card.send(initialize(WRONG_SO_PIN))
    card.verify(SO_PIN, SO_PIN_REFERENCE)
    card.select()


def sign(key_id: int, algorithm: int = ECDSA_PLAIN) -> bytes:
    """SIGN."""
    return command(0x80, 0x68, key_id, algorithm, DIGEST, 256)


def wrap(key_id: int) -> bytes:
    """WRAP KEY."""
    return command(0x80, 0x72, key_id, WRAP, ne=65536, extended=True)


def verify(pin: bytes) -> bytes:
    """VERIFY the user PIN."""
    return command(0x00, 0x20, 0x00, 0x81, pin)


def initialize(so_pin: bytes) -> bytes:
    """INITIALIZE with an initialisation code."""
    iterations = tlv(TAG_PIN_ITERATIONS, PIN_ITERATIONS_MIN.to_bytes(4, "big"))
    return command(0x80, 0x50, 0x00, 0x00, tlv(0x81, NEW_PIN) + tlv(0x82, so_pin) + iterations)


# --- What an attacker gains -----------------------------------------------------------------------


@dataclass(frozen=True)
class Gain:
    """What a fault brought; `if_told`: only if the answer tells a right secret from a wrong one."""

    what: str
    if_told: bool = False


TOLD_AT_NO_COST = Gain("it tells at no cost whether the secret is right", if_told=True)
UNCOUNTED = Gain("a use was not counted")


def _pin_gain(card: Card, response: Response) -> Gain | None:
    if response.ok:
        return Gain("VERIFY accepted a wrong PIN")
    if card.send(sign(KEY)).ok:
        return Gain("a key signs after a wrong PIN")
    if SW_TRIES + PIN_TRIES <= card.pin_status() <= 0x63CF:
        return Gain("a wrong PIN cost no try", if_told=True)
    return None


def _code_gain(card: Card, response: Response) -> Gain | None:
    del response  # 9000 alone says nothing: a skip can turn it into the query of the version.
    # Keys that are lost to a damaged flash are no gain: there are easier ways to break a card.
    if card.pin_status() == SW_SUCCESS or card.try_pin(NEW_PIN) == SW_SUCCESS:
        return Gain("a wrong code initialised the card")
    if card.pin_status(SO_PIN_REFERENCE) == SW_TRIES + SO_PIN_TRIES:
        return Gain("a wrong code cost no try", if_told=True)
    return None


def _any_data(card: Card, response: Response) -> Gain | None:
    del card
    return Gain("the key was used") if response.data else None


def _export_gain(card: Card, response: Response) -> Gain | None:
    del card
    return Gain("the key was exported") if response.data else None


def _domain_gain(card: Card, response: Response) -> Gain | None:
    del card
    if not response.data or _opens(response.data, SHARES[1]):
        return None
    return Gain("the key was wrapped for another domain")


def _opens(blob: bytes, dkek: bytes) -> bool:
    try:
        key_blob.decode(blob, dkek)
    except (AssertionError, LookupError, ValueError):
        return False
    return True


def _counter_gain(card: Card, response: Response) -> Gain | None:
    left = card.uses_left(COUNTED)
    if response.data and (left is None or left > USES - 2):
        return UNCOUNTED
    return None


# --- The scenarios --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scenario:
    """One command, one window."""

    name: str
    what: str
    file: str
    function: str
    logged_in: bool
    apdu: bytes
    status_word: int
    gain: Callable[[Card, Response], Gain | None]
    granted: bytes
    """What is granted to whoever is logged in, and does what `apdu` is after."""
    parts: tuple[tuple[str, str], ...] = ()
    """File and name of functions that `function` calls: only they are struck."""
    at_no_cost: Gain | None = None
    """What an answer is that left nothing in the flash, whatever the card says of itself."""
    brief_share: int = 1
    """A brief run skips one kind of instruction in so many; 1 where that is cheap."""


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario(
            "pin",
            "PIN comparison and its counter",
            "hsm/security/reference_data.py",
            "ReferenceData_verify",
            False,
            verify(WRONG_PIN),
            SW_TRIES + PIN_TRIES - 1,
            _pin_gain,
            verify(PIN),
            at_no_cost=TOLD_AT_NO_COST,
        ),
        Scenario(
            "access",
            "access check before a key is used",
            KEY_STORE,
            "KeyStore_open_for_use",
            False,
            sign(KEY),
            0x6982,
            _any_data,
            sign(KEY),
        ),
        Scenario(
            "domain",
            "key domain before a key is exported",
            WRAP_KEY,
            "wrap_key",
            True,
            wrap(IN_DOMAIN_1),
            SW_SUCCESS,
            _domain_gain,
            wrap(IN_DOMAIN_1),
            parts=(
                (WRAP_KEY, "_domain"),
                (WRAP_KEY, "_check_domain"),
                (KEY_DOMAINS, "open_dkek"),
            ),
        ),
        Scenario(
            "export",
            "allowed algorithms before a key is exported",
            KEY_STORE,
            "KeyStore_open_for_use",
            True,
            wrap(RESTRICTED),
            0x6985,
            _export_gain,
            wrap(KEY),
        ),
        Scenario(
            "algorithm",
            "allowed algorithms before a key is used",
            KEY_STORE,
            "KeyStore_open_for_use",
            True,
            sign(RESTRICTED, ECDSA_SHA256),
            0x6985,
            _any_data,
            sign(KEY, ECDSA_SHA256),
        ),
        Scenario(
            "exhausted",
            "use counter at 0",
            KEY_STORE,
            "KeyStore_open_for_use",
            True,
            sign(EXHAUSTED),
            0x6A84,
            _any_data,
            sign(COUNTED),
        ),
        Scenario(
            "count",
            "use counter goes down",
            "hsm/commands/sign.py",
            "sign",
            True,
            sign(COUNTED),
            SW_SUCCESS,
            _counter_gain,
            sign(COUNTED),
            at_no_cost=UNCOUNTED,
            parts=((KEY_STORE, "KeyStore_count_use"), (KEY_STORE, "KeyStore_check_counted")),
        ),
        Scenario(
            "code",
            "initialisation code",
            "hsm/commands/initialize_device.py",
            "initialize_device",
            False,
            initialize(WRONG_SO_PIN),
            SW_TRIES + SO_PIN_TRIES - 1,
            _code_gain,
            initialize(SO_PIN),
            at_no_cost=TOLD_AT_NO_COST,
            brief_share=12,
        ),
    )
}
