# SPDX-License-Identifier: GPL-2.0-or-later
"""Bad input to the commands of trust and key domains: 22, 2A, 52, 54, 82, 86."""

from __future__ import annotations

from collections.abc import Iterator

from sim.apdu import command
from sim.life import cvc
from sim.life.card import tlv
from tests.refusals.cards import (
    CUSTODIAN,
    DEVICE_ROLE,
    DOMAINS,
    MEMBER,
    NEWCOMER,
    ROOT,
    ROOT_ROLE,
    SELECT_ROOT,
    SHARE,
    STRANGER,
)
from tests.refusals.table import (
    ABSENT,
    LENGTH,
    MISSING,
    NOBODY,
    NOT_LOGGED_IN,
    OFFICER,
    P1_P2,
    REPEATED,
    STATE,
    USER,
    VALUE,
    Objects,
    Refusal,
    join,
    refused,
)

# --- 22: security environments --------------------------------------------------------------------

CHIP_AUTHENTICATION = tlv(0x80, bytes.fromhex("04007F00070202030202"))
_CUSTODIAN = tlv(0x83, CUSTODIAN.name)

ENVIRONMENT: list[Refusal] = [
    *(
        refused(f"0022{p1_p2}", 0x6A86, P1_P2, tlv(0x83, ROOT.name))
        for p1_p2 in ("0000", "81AA", "81B8", "41A6", "C1A4", "01B6")
    ),
    refused("002281B6", 0x6A88, ABSENT, tlv(0x83, b"UTNOBODY00001")),
    refused("002281A4", 0x6A88, ABSENT, _CUSTODIAN),
    refused("002241A4", 0x6A88, ABSENT, tlv(0x80, bytes(10))),
    *(
        row
        for p1_p2, right in (
            ("81B6", (0x83, ROOT.name)),
            ("81A4", (0x83, CUSTODIAN.name)),
            ("41A4", (0x80, bytes.fromhex("04007F00070202030202"))),
        )
        for row in (
            refused(f"0022{p1_p2}", 0x6700, LENGTH),
            refused(f"0022{p1_p2}", 0x6700, MISSING, tlv(right[0], b"")),
            refused(f"0022{p1_p2}", 0x6700, MISSING, tlv(0x84, right[1])),
            *Objects(f"0022{p1_p2}", (right,), (right[0],), 0x6700, 0x6700, 0x6700).rows(),
        )
    ),
]

# --- 2A: certificates ([SCHSM] 20.3) --------------------------------------------------------------


def _parts(contents: bytes) -> tuple[tuple[int, bytes], ...]:
    return tuple((tag, value) for tag, _, value in cvc.parse_tlv(contents))


def _rebuilt(body: list[tuple[int, bytes]], signature: bytes) -> bytes:
    return tlv(0x7F4E, join(body)) + tlv(0x5F37, signature)


def _body_rows(contents: bytes) -> Iterator[Refusal]:
    # An object of the body that is not there, or there twice.
    (_, inner), (_, signature) = _parts(contents)
    body = list(_parts(inner))
    for place, (tag, value) in enumerate(body):
        if tag in (0x42, 0x7F49, 0x5F20):
            without = _rebuilt(body[:place] + body[place + 1 :], signature)
            yield refused("002A00BE", 0x6984, MISSING, without, before=_ROOT_SELECTED)
            twice = _rebuilt([*body, (tag, value)], signature)
            yield refused("002A00BE", 0x6984, REPEATED, twice, before=_ROOT_SELECTED)


_ROOT_SELECTED = (*USER, SELECT_ROOT)
_RIGHT = NEWCOMER.certificate(ROOT, DEVICE_ROLE)

CERTIFICATES: list[Refusal] = [
    refused("002A0000", 0x6A86, P1_P2, _RIGHT, before=_ROOT_SELECTED),
    refused("002A01BE", 0x6A86, P1_P2, _RIGHT, before=_ROOT_SELECTED),
    refused("002A00BE", 0x6700, LENGTH, before=_ROOT_SELECTED),
    refused("002A00BE", 0x6985, STATE, _RIGHT),
    refused("002A00BE", 0x6985, STATE, NEWCOMER.certificate(MEMBER, DEVICE_ROLE)),
    refused("002A00BE", 0x6984, VALUE, b"\x7f", before=_ROOT_SELECTED),
    refused("002A00BE", 0x6984, VALUE, tlv(0x7F21, _RIGHT), before=_ROOT_SELECTED),
    refused(
        "002A00BE", 0x6985, VALUE, _RIGHT[:-1] + bytes([_RIGHT[-1] ^ 1]), before=_ROOT_SELECTED
    ),
    # A root of one's own: for the user only.
    *(
        refused("002A00BE", 0x6982, NOT_LOGGED_IN, STRANGER.certificate(STRANGER, 0xC0), before=on)
        for on in (NOBODY, OFFICER)
    ),
    refused(
        "002A00BE",
        0x6985,
        VALUE,
        STRANGER.certificate(STRANGER, ROOT_ROLE)[:-1] + b"\0",
    ),
    *_body_rows(_RIGHT),
    *Objects(
        "002A00BE", _parts(_RIGHT), (0x7F4E, 0x5F37), 0x6984, 0x6984, 0x6984, _ROOT_SELECTED
    ).rows(),
]

# --- 52: key domains ([SCHSM] 11) -----------------------------------------------------------------


def _domain(p1: int, number: int, status_word: int, why: str, data: bytes = b"") -> Refusal:
    return refused(f"8052{p1:02X}{number:02X}", status_word, why, data)


KEY_DOMAINS: list[Refusal] = [
    *(
        refused(f"8052{p1:02X}{number:02X}", 0x6985, NOT_LOGGED_IN, data, before=before)
        for p1, number, data in ((1, 2, b"\1"), (2, 2, b"\0"), (3, 1, b""), (4, 0, b""))
        for before in (NOBODY, OFFICER)
    ),
    *(_domain(p1, 0, 0x6A86, P1_P2) for p1 in (0x05, 0x80, 0xFF)),
    *(_domain(p1, DOMAINS, 0x6A86, P1_P2) for p1 in range(5)),
    *(_domain(p1, 16, 0x6B00, P1_P2) for p1 in range(5)),
    refused("80520000", 0x6B00, STATE, card="blank", before=()),
    refused("80520000", 0x6B00, STATE, SHARE, card="blank", before=()),
    _domain(0, 2, 0x6A88, ABSENT),
    _domain(0, 2, 0x6986, ABSENT, SHARE),
    _domain(0, 0, 0x6986, STATE, SHARE),
    _domain(0, 1, 0x6700, LENGTH, SHARE[1:]),
    _domain(0, 1, 0x6700, LENGTH, SHARE + b"\0"),
    _domain(1, 2, 0x6700, LENGTH),
    _domain(1, 2, 0x6700, LENGTH, b"\1\1"),
    _domain(1, 0, 0x6A86, STATE, b"\1"),
    _domain(2, 2, 0x6700, LENGTH),
    _domain(2, 0, 0x6A86, STATE, _RIGHT),
    _domain(2, 2, 0x6700, MISSING, STRANGER.signed(STRANGER)),
    _domain(2, 2, 0x6984, REPEATED, _RIGHT + 2 * tlv(0x54, bytes(64))),
    _domain(2, 2, 0x6985, VALUE, STRANGER.signed(STRANGER) + tlv(0x54, bytes(64))),
    *(_domain(p1, 2, 0x6A86, ABSENT) for p1 in (3, 4)),
    *(_domain(p1, 1, 0x6700, LENGTH, b"\0") for p1 in (3, 4)),
    _domain(3, 1, 0x6A89, STATE),
]

# --- 54, 82: public key authentication ([SCHSM] 20) -----------------------------------------------

_REQUEST = NEWCOMER.request(MEMBER)
_PKA = "custodians"


def _register(status_word: int, why: str, data: bytes, header: str = "80540000") -> Refusal:
    return refused(header, status_word, why, data, card=_PKA, before=NOBODY)


CUSTODIANS: list[Refusal] = [
    refused("80540000", 0x6A86, STATE),
    refused("80540200", 0x6A86, STATE),
    refused("80540000", 0x6A82, STATE, _REQUEST),
    refused("80540100", 0x6982, NOT_LOGGED_IN, _REQUEST, card=_PKA, before=NOBODY),
    refused("80540100", 0x6985, STATE, _REQUEST, card="all custodians"),
    refused("80540000", 0x6A84, STATE, _REQUEST, card="all custodians", before=NOBODY),
    refused("80540001", 0x6A86, P1_P2, card=_PKA, before=NOBODY),
    refused("80540300", 0x6A86, P1_P2, card=_PKA, before=NOBODY),
    refused("80540202", 0x6A86, P1_P2, card=_PKA, before=NOBODY),
    refused("80540102", 0x6A86, P1_P2, _REQUEST, card=_PKA),
    refused("80540200", 0x6700, LENGTH, b"\0", card=_PKA, before=NOBODY),
    refused("80540201", 0x6A88, ABSENT, card=_PKA, before=NOBODY),
    refused("80540101", 0x6A88, ABSENT, _REQUEST, card=_PKA),
    refused("80540100", 0x6700, LENGTH, card=_PKA),
    _register(0x6A88, ABSENT, NEWCOMER.request(STRANGER)),
    _register(0x6985, VALUE, _REQUEST[:-1] + bytes([_REQUEST[-1] ^ 1])),
    _register(0x6985, VALUE, CUSTODIAN.request(MEMBER)),
    _register(0x6984, VALUE, tlv(0x67, _REQUEST)),
    _register(0x6984, VALUE, _RIGHT),
    _register(0x6984, VALUE, b"\x7f"),
    *Objects(
        "80540000",
        _parts(_REQUEST),
        (0x7F21, 0x42, 0x5F37),
        0x6984,
        0x6984,
        0x6984,
        before=NOBODY,
        card=_PKA,
    ).rows(),
]

_SELECT_CUSTODIAN = (*NOBODY, command(0x00, 0x22, 0x81, 0xA4, _CUSTODIAN))
_CHALLENGED = (*_SELECT_CUSTODIAN, command(0x00, 0x84, ne=8))
EXTERNAL: list[Refusal] = [
    refused("00820100", 0x6A86, P1_P2, bytes(64), card=_PKA, before=_CHALLENGED),
    refused("00820001", 0x6A86, P1_P2, bytes(64), card=_PKA, before=_CHALLENGED),
    refused("00820000", 0x6A88, STATE, bytes(64)),
    refused("00820000", 0x6A88, STATE, bytes(64), card=_PKA, before=NOBODY),
    refused("00820000", 0x6985, STATE, bytes(64), card=_PKA, before=_SELECT_CUSTODIAN),
    refused("00820000", 0x6985, LENGTH, card=_PKA, before=_CHALLENGED),
    refused("00820000", 0x6985, LENGTH, bytes(63), card=_PKA, before=_CHALLENGED),
    refused("00820000", 0x6985, VALUE, bytes(64), card=_PKA, before=_CHALLENGED),
    refused("00820000", 0x6985, VALUE, b"\xff" * 64, card=_PKA, before=_CHALLENGED),
]

# --- 86: chip authentication ([SCHSM] 21) ---------------------------------------------------------

_CHIP = (*NOBODY, command(0x00, 0x22, 0x41, 0xA4, CHIP_AUTHENTICATION))
_OFF_THE_CURVE = tlv(0x80, b"\4" + bytes(64))

CHIP: list[Refusal] = [
    refused("00860100", 0x6A86, P1_P2, tlv(0x7C, _OFF_THE_CURVE), before=_CHIP),
    refused("00860001", 0x6A86, P1_P2, tlv(0x7C, _OFF_THE_CURVE), before=_CHIP),
    refused("00860000", 0x6985, STATE, tlv(0x7C, _OFF_THE_CURVE), before=NOBODY),
    refused("00860000", 0x6700, LENGTH, before=_CHIP),
    refused("00860000", 0x6984, VALUE, tlv(0x7C, _OFF_THE_CURVE), before=_CHIP),
    refused("00860000", 0x6984, LENGTH, tlv(0x7C, tlv(0x80, b"\4" + bytes(63))), before=_CHIP),
    refused("00860000", 0x6700, MISSING, tlv(0x7C, b""), before=_CHIP),
    refused("00860000", 0x6700, MISSING, tlv(0x7C, tlv(0x81, bytes(65))), before=_CHIP),
    refused("00860000", 0x6700, REPEATED, tlv(0x7C, 2 * _OFF_THE_CURVE), before=_CHIP),
    *Objects("00860000", ((0x7C, _OFF_THE_CURVE),), (0x7C,), 0x6700, 0x6700, 0x6700, _CHIP).rows(),
]
