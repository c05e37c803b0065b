# SPDX-License-Identifier: GPL-2.0-or-later
"""Bad input to the commands of the rescue application ([SCHSM] 24)."""

from __future__ import annotations

from sim.life.card import RESCUE_AID, tlv
from tests.refusals.table import (
    LENGTH,
    P1_P2,
    REPEATED,
    RESCUE,
    STATE,
    VALUE,
    Refusal,
    refused,
)

_HASH = bytes(range(32))


def _refused(
    header: str, status_word: int, why: str, data: bytes | str = b"", card: str = "used"
) -> Refusal:
    return refused(header, status_word, why, data, card=card, before=RESCUE)


ATTESTATION: list[Refusal] = [
    _refused("00100100", 0x6E00, VALUE, _HASH),
    _refused("80100000", 0x6A86, P1_P2, _HASH),
    _refused("80100400", 0x6A86, P1_P2, _HASH),
    _refused("80100101", 0x6A86, P1_P2, _HASH),
    _refused("80100100", 0x6700, LENGTH),
    _refused("80100100", 0x6700, LENGTH, _HASH[1:]),
    _refused("80100200", 0x6700, LENGTH, _HASH),
    _refused("80100300", 0x6700, LENGTH),
    _refused("80100100", 0x6985, STATE, _HASH, card="blank"),
    _refused("80100200", 0x6985, STATE, card="blank"),
]

WRITE_SETTINGS: list[Refusal] = [
    _refused("001C0100", 0x6E00, VALUE, tlv(0x08, b"\5")),
    _refused("801C0101", 0x6A86, P1_P2, tlv(0x08, b"\5")),
    *(
        _refused("801C0100", status_word, why, data, card=card)
        for card in ("used", "blank")
        for status_word, why, data in (
            (0x6700, LENGTH, tlv(0x08, b"\5")[:-1]),
            (0x6700, LENGTH, tlv(0x08, b"\5\5")),
            (0x6700, REPEATED, 2 * tlv(0x08, b"\5")),
            (0x6700, VALUE, tlv(0x7E, b"\0")),
            (0x6A80, VALUE, tlv(0x0B, b"\2")),
        )
    ),
]

SET_TIME: list[Refusal] = [
    _refused("001C0201", 0x6E00, VALUE, bytes(8)),
    _refused("801C0200", 0x6A86, P1_P2, bytes(8)),
    _refused("801C0203", 0x6A86, P1_P2, bytes(4)),
    _refused("801C0201", 0x6700, LENGTH, bytes(7)),
    _refused("801C0202", 0x6700, LENGTH, bytes(5)),
    _refused("801C0201", 0x6A80, VALUE, "07EA 0C 01 00 00 00 00"),
    _refused("801C0201", 0x6A80, VALUE, "07EA 01 1E 00 00 00 00"),
]

READ_SETTINGS: list[Refusal] = [
    _refused("001E0100", 0x6E00, VALUE),
    _refused("801E0101", 0x6A86, P1_P2),
    _refused("801E0100", 0x6700, LENGTH, b"\0"),
]

READ_FLASH: list[Refusal] = [
    _refused("001E0200", 0x6E00, VALUE),
    _refused("801E0202", 0x6A86, P1_P2),
    _refused("801E0200", 0x6700, LENGTH, b"\0"),
]

READ_TIME: list[Refusal] = [
    _refused("001E0401", 0x6E00, VALUE),
    _refused("801E0400", 0x6A86, P1_P2),
    _refused("801E0401", 0x6700, LENGTH, b"\0"),
    _refused("801E0401", 0x6985, STATE),
    _refused("801E0402", 0x6985, STATE),
]

# Secure boot is not built.
SECURE_BOOT: list[Refusal] = [_refused("801E0300", 0x6D00, VALUE)]

REBOOT: list[Refusal] = [
    _refused("001F0000", 0x6E00, VALUE),
    _refused("801F0200", 0x6A86, P1_P2),
    _refused("801F0001", 0x6A86, P1_P2),
    _refused("801F0000", 0x6700, LENGTH, b"\0"),
    _refused("801F0100", 0x6700, LENGTH, b"\0"),
]

SELECTED: list[Refusal] = [
    _refused("00A40000", 0x6A86, P1_P2, "2F02"),
    _refused("00A40800", 0x6A86, P1_P2, "2F02"),
    _refused("00A40400", 0x6A82, VALUE, RESCUE_AID[:-1]),
]

OTHERS: list[Refusal] = [
    _refused("801E0000", 0x6A86, P1_P2),
    _refused("801E0500", 0x6A86, P1_P2),
    _refused("801C0000", 0x6A86, P1_P2),
    _refused("801C0300", 0x6A86, P1_P2),
    _refused("801D0000", 0x6D00, VALUE),
    _refused("80580000", 0x6D00, VALUE),
    _refused("80500000", 0x6D00, VALUE),
]
