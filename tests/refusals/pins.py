# SPDX-License-Identifier: GPL-2.0-or-later
"""Bad input to commands of PINs and of the device: 20, 24, 2C, 50, 5A, 64."""

from __future__ import annotations

from sim.life.card import tlv
from tests.refusals.table import (
    LENGTH,
    MISSING,
    NOBODY,
    NOT_LOGGED_IN,
    OFFICER,
    P1_P2,
    PIN,
    REPEATED,
    SO_PIN,
    STATE,
    VALUE,
    Refusal,
    join,
    refused,
)

NEW_PIN = b"111111"
WRONG_PIN, WRONG_SO_PIN = b"000000", b"00000000"

# [SCHSM] 9.1: hosts ask for templates that no card of this kind has.
VERIFY: list[Refusal] = [
    refused("00200181", 0x6B00, P1_P2, PIN),
    refused("002000E1", 0x6B00, P1_P2, PIN),
    refused("00200080", 0x6A88, P1_P2, PIN),
    refused("00200085", 0x6A88, P1_P2),
    refused("00200086", 0x6A88, P1_P2),
    refused("00200081", 0x6700, LENGTH, b"12345"),
    refused("00200081", 0x6700, LENGTH, bytes(17)),
    refused("00200088", 0x6700, LENGTH, bytes(7)),
    refused("00200088", 0x6700, LENGTH, bytes(9)),
    refused("00200081", 0x6A88, STATE, PIN, card="blank", before=()),
    refused("00200088", 0x6A88, STATE, SO_PIN, card="blank", before=()),
    refused("00200081", 0x6984, STATE, PIN, card="transport PIN", before=NOBODY),
    refused("00200081", 0x63C2, VALUE, WRONG_PIN, costs_a_try=True),
    # HMAC takes a key and the same key with zeros behind for one; the card must not.
    refused("00200081", 0x63C2, VALUE, PIN + b"\0", costs_a_try=True),
    refused("00200088", 0x63CE, VALUE, WRONG_SO_PIN, costs_a_try=True),
]

CHANGE: list[Refusal] = [
    refused("00240181", 0x6B00, P1_P2, PIN + NEW_PIN),
    refused("00240080", 0x6A88, P1_P2, PIN + NEW_PIN),
    refused("00240081", 0x6700, LENGTH),
    refused("00240081", 0x6700, LENGTH, PIN),
    refused("00240081", 0x6700, LENGTH, PIN + NEW_PIN[:5]),
    refused("00240081", 0x6700, LENGTH, PIN + bytes(17)),
    refused("00240088", 0x6700, LENGTH, SO_PIN + bytes(7)),
    refused("00240081", 0x6A88, STATE, PIN + NEW_PIN, card="blank", before=()),
    refused("00240081", 0x63C2, VALUE, WRONG_PIN + NEW_PIN, costs_a_try=True),
    refused("00240088", 0x63CE, VALUE, WRONG_SO_PIN + SO_PIN, costs_a_try=True),
]

RESET: list[Refusal] = [
    refused("002C0088", 0x6A88, P1_P2, SO_PIN + NEW_PIN),
    refused("002C0481", 0x6A86, P1_P2, SO_PIN + NEW_PIN),
    refused("002C0081", 0x6700, LENGTH),
    refused("002C0081", 0x6700, LENGTH, SO_PIN[:7]),
    refused("002C0081", 0x6700, LENGTH, SO_PIN),
    refused("002C0081", 0x6700, LENGTH, SO_PIN + NEW_PIN[:5]),
    refused("002C0081", 0x6700, LENGTH, SO_PIN + bytes(17)),
    refused("002C0181", 0x6700, LENGTH, SO_PIN + b"\0"),
    refused("002C0281", 0x6700, LENGTH, before=OFFICER),
    refused("002C0381", 0x6700, LENGTH, b"\0", before=OFFICER),
    # The user's session is not the officer's.
    refused("002C0281", 0x6985, NOT_LOGGED_IN, NEW_PIN),
    refused("002C0381", 0x6985, NOT_LOGGED_IN),
    refused("002C0081", 0x63CE, VALUE, WRONG_SO_PIN + NEW_PIN, costs_a_try=True),
    refused("002C0181", 0x63CE, VALUE, WRONG_SO_PIN, costs_a_try=True),
    refused("002C0081", 0x6986, STATE, SO_PIN + NEW_PIN, card="no reset"),
    refused("002C0181", 0x6986, STATE, SO_PIN, card="no reset"),
    refused("002C0081", 0x6986, STATE, SO_PIN + NEW_PIN, card="reset only"),
    refused("002C0281", 0x6986, STATE, NEW_PIN, card="reset only", before=OFFICER),
]

_RIGHT = ((0x80, b"\0\1"), (0x81, PIN), (0x82, SO_PIN), (0x91, b"\3"))


def _initialize(
    why: str, status_word: int, *objects: tuple[int, bytes], costs_a_try: bool = False
) -> Refusal:
    # What comes later replaces the right value of the same tag.
    given = dict(objects)
    right = [(tag, given.pop(tag, value)) for tag, value in _RIGHT]
    data = join([*right, *given.items()])
    return refused("80500000", status_word, why, data, costs_a_try=costs_a_try)


# [SCHSM] 10.2: what is wrong with the data is 6400, what no card has is 6A81.
INITIALIZE: list[Refusal] = [
    refused("80500100", 0x6A86, P1_P2, join(_RIGHT)),
    refused("80500001", 0x6A86, P1_P2, join(_RIGHT)),
    refused("80500000", 0x6400, MISSING, tlv(0x80, b"\0\1")),
    refused("80500000", 0x6400, MISSING, tlv(0x81, PIN)),
    refused("80500000", 0x6400, MISSING, tlv(0x82, SO_PIN)),
    refused("80500000", 0x6400, LENGTH, join(_RIGHT)[:-1]),
    *(
        refused("80500000", 0x6400, REPEATED, join([*_RIGHT, one]), card=card, before=before)
        for one in _RIGHT
        for card, before in (("used", NOBODY), ("blank", ()))
    ),
    _initialize(LENGTH, 0x6400, (0x80, b"\1")),
    _initialize(LENGTH, 0x6400, (0x81, b"12345")),
    _initialize(LENGTH, 0x6400, (0x81, bytes(17))),
    _initialize(LENGTH, 0x6400, (0x82, bytes(7))),
    _initialize(LENGTH, 0x6400, (0x92, b"\1\1")),
    _initialize(VALUE, 0x6400, (0x91, b"\0")),
    _initialize(VALUE, 0x6400, (0x91, b"\x0b")),
    _initialize(VALUE, 0x6400, (0x93, b"\1\2")),
    _initialize(VALUE, 0x6400, (0x93, b"\2\0")),
    _initialize(VALUE, 0x6400, (0x97, b"\0")),
    _initialize(VALUE, 0x6400, (0x97, b"\x11")),
    _initialize(VALUE, 0x6400, (0x92, b"\1"), (0x97, b"\2")),
    _initialize(VALUE, 0x6400, (0x9E, b"\0\1")),
    _initialize(VALUE, 0x6A81, (0x80, b"\x80\1")),
    _initialize(VALUE, 0x6A81, (0x80, b"\4\1")),
    _initialize(VALUE, 0x6A81, (0x95, b"biometrics")),
    _initialize(VALUE, 0x63CE, (0x82, WRONG_SO_PIN), costs_a_try=True),
]

SESSION_PIN: list[Refusal] = [
    refused("805A0281", 0x6A86, P1_P2),
    refused("805A0182", 0x6A86, P1_P2),
    refused("805A0181", 0x6700, LENGTH, b"\0", card="session PINs"),
    refused("805A0181", 0x6A81, STATE),
    refused("805A0181", 0x6985, STATE, card="session PINs"),
]

# [SCHSM] 23
EXTRAS: list[Refusal] = [
    refused("80640600", 0x6982, NOT_LOGGED_IN, before=NOBODY),
    refused("80640600", 0x6982, NOT_LOGGED_IN, b"\1", before=NOBODY),
    refused("80640600", 0x6982, NOT_LOGGED_IN, b"\1", before=OFFICER),
    refused("80643A01", 0x6982, NOT_LOGGED_IN, bytes(65), before=NOBODY),
    refused("80643A02", 0x6982, NOT_LOGGED_IN, bytes(48), before=OFFICER),
    refused("80640601", 0x6A86, P1_P2),
    *(refused(f"8064{p1}00", 0x6A86, P1_P2) for p1 in ("00", "05", "0A", "1B", "4C", "FB")),
    refused("80643A00", 0x6A86, P1_P2),
    refused("80643A05", 0x6A86, P1_P2),
    refused("80640600", 0x6700, LENGTH, b"\1\1"),
    refused("80640600", 0x6A81, VALUE, b"\x80"),
    refused("80640600", 0x6986, VALUE, b"\4"),
    refused("80643A01", 0x6700, LENGTH),
    refused("80643A01", 0x6700, LENGTH, b"\4" + bytes(63)),
    refused("80643A01", 0x6984, VALUE, b"\4" + bytes(64)),
    refused("80643A02", 0x6700, LENGTH, bytes(47)),
    refused("80643A02", 0x6986, STATE, bytes(48)),
    refused("80643A03", 0x6986, STATE, bytes(48)),
    refused("80643A04", 0x6986, STATE, bytes(48)),
]
