# SPDX-License-Identifier: GPL-2.0-or-later
"""INITIALIZE DEVICE, GET CHALLENGE, EXTRAS ([SCHSM] 8.6, 10, 23)."""

from __future__ import annotations

from fuzz.model import pins
from fuzz.model.apdu import Command, once
from fuzz.model.expectation import (
    Check,
    Effect,
    Expectation,
    exactly,
    expect,
    refused,
)
from fuzz.model.state import (
    KEY_DOMAINS_MAX,
    OPTION_RESET_ONLY,
    OPTION_RESET_RETRY,
    Domain,
    Reference,
    Session,
    State,
    Store,
)

OPTIONS, PIN, SO_PIN, TRIES, SHARES, DOMAINS = 0x80, 0x81, 0x82, 0x91, 0x92, 0x97
ITERATIONS = 0x9E
TRIES_MAX, TRIES_DEFAULT, SO_TRIES = 10, 3, 15
# What tests may ask for; real cards are slower by intent.
ITERATIONS_PREDICTED = range(16, 33)
OPTIONS_PREDICTED = OPTION_RESET_RETRY | OPTION_RESET_ONLY
CHALLENGE_BYTES_MAX = 1024
DYNAMIC_OPTIONS = 0x06
SECURE_LOCK = 0x3A


# --- 50 -------------------------------------------------------------------------------------------


def initialize(state: State, command: Command) -> Expectation | None:
    """INITIALIZE DEVICE, or its query."""
    words = {0x6A86} if command.fid else set()
    if not command.data:
        return expect(words, _version)
    found = once(command.data)
    if found is None:
        # An unknown object may be found before the one that comes twice, or is cut off.
        return refused(words | {0x6400, 0x6A81})
    words |= _defects(found)
    if words:
        # Unknown objects may be found before or after what is wrong with the known ones.
        return refused(words)
    if not _is_predicted(found):
        return None
    effect = _made(found)
    if state.store is None:
        return expect([], effect=effect)
    # What was selected is forgotten, too, whether the code is right or wrong.
    return pins.compare(pins.OFFICER, found[SO_PIN], state.store, effect, State.end_session)


def _version(data: bytes) -> str:
    right = len(data) == 7 and data[4] == 0
    return "" if right else f"{data.hex()} is not free memory, 00 and a version"


def _defects(found: dict[int, bytes]) -> set[int]:
    words = set()
    lengths = {OPTIONS: 2, SO_PIN: 8, TRIES: 1, 0x93: 2, SHARES: 1, DOMAINS: 1, ITERATIONS: 4}
    if any(len(found[tag]) != length for tag, length in lengths.items() if tag in found):
        words.add(0x6400)
    if SO_PIN not in found or len(found.get(PIN, b"")) not in pins.PIN_BYTES:
        words.add(0x6400)
    if SHARES in found and DOMAINS in found:
        words.add(0x6400)
    for tag, allowed in ((TRIES, TRIES_MAX), (DOMAINS, KEY_DOMAINS_MAX)):
        if tag in found and not 1 <= int.from_bytes(found[tag]) <= allowed:
            words.add(0x6400)
    if found.keys() - lengths.keys() - {PIN}:
        words.add(0x6A81)
    return words


def _is_predicted(found: dict[int, bytes]) -> bool:
    """False for what would take long, or for parts of the card that are not modelled."""
    iterations = int.from_bytes(found.get(ITERATIONS, b""))
    options = int.from_bytes(found.get(OPTIONS, b"\0\1"))
    shares = found.get(SHARES)
    return (
        OPTIONS in found
        and iterations in ITERATIONS_PREDICTED
        and not options & ~OPTIONS_PREDICTED
        and 0x93 not in found
        and shares != b"\0"
    )


def _made(found: dict[int, bytes]) -> Effect:
    tries = found.get(TRIES, bytes([TRIES_DEFAULT]))[0]
    domains: list[Domain | None] = [None] * found.get(DOMAINS, b"\1")[0]
    if SHARES in found:
        domains = [Domain(found[SHARES][0])]

    def effect(state: State, data: bytes | None) -> None:
        state.store = Store(
            int.from_bytes(found[OPTIONS]),
            Reference(found[PIN], tries, tries),
            Reference(found[SO_PIN], SO_TRIES, SO_TRIES),
            list(domains),
        )
        # [SCHSM] 9.7: whoever initialises is logged in.
        state.session = Session(user=True, officer=True)

    return effect


# --- 84, 64, C0 -----------------------------------------------------------------------------------


def challenge(state: State, command: Command) -> Expectation:
    """GET CHALLENGE."""
    words = {0x6A86} if command.fid else set()
    length = command.ne or 0
    if command.data or not 1 <= length <= CHALLENGE_BYTES_MAX:
        words.add(0x6700)
    return expect(words, _random(length))


def _random(length: int) -> Check:
    # Sixteen equal bytes in a row are no random number.
    def check(data: bytes) -> str:
        right = len(data) == length and (length < 16 or len(set(data)) > 1)
        return "" if right else f"{data.hex()} are not {length} random bytes"

    return check


def extras(state: State, command: Command) -> Expectation | None:
    """EXTRAS: the options can be read; what sets them is not predicted."""
    words = set() if state.user else {0x6982}
    if command.p1 not in (DYNAMIC_OPTIONS, SECURE_LOCK) or command.p1 == 0x06 and command.p2:
        return refused(words | {0x6A86})
    if command.p1 == SECURE_LOCK and not 1 <= command.p2 <= 4:
        return refused(words | {0x6A86})
    if words or state.store is None:
        return refused(words | ({0x6700} if len(command.data) > 1 else set()))
    if command.p1 == SECURE_LOCK:
        return None
    if len(command.data) == 1:
        return None
    if command.data:
        return refused([0x6700])
    return expect([], exactly(state.store.options.to_bytes(2)))


def get_response(state: State, command: Command) -> Expectation:
    """GET RESPONSE when nothing is left to fetch ([7816-4] 11.7.1)."""
    del state
    return refused({0x6985, 0x6A86, 0x6700} if command.fid or command.data else {0x6985})
