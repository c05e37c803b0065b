# SPDX-License-Identifier: GPL-2.0-or-later
"""The table: rows by command, and what the commands answer to any other P1 P2."""

from __future__ import annotations

from collections.abc import Callable

from tests.refusals import keys, objects, pins, rescue, trust
from tests.refusals.cards import DOMAINS
from tests.refusals.table import PIN, SO_PIN, Refusal

ROWS: dict[int, list[Refusal]] = {
    0x20: pins.VERIFY,
    0x22: trust.ENVIRONMENT,
    0x24: pins.CHANGE,
    0x2A: trust.CERTIFICATES,
    0x2C: pins.RESET,
    0x46: keys.GENERATE_PAIR,
    0x48: keys.GENERATE_SECRET,
    0x4A: keys.TREES,
    0x50: pins.INITIALIZE,
    0x52: trust.KEY_DOMAINS,
    0x54: trust.CUSTODIANS,
    0x58: objects.LISTED,
    0x5A: pins.SESSION_PIN,
    0x62: keys.DECIPHERED,
    0x64: pins.EXTRAS,
    0x68: keys.SIGNED,
    0x72: keys.WRAPPED,
    0x74: keys.UNWRAPPED,
    0x76: keys.DERIVED,
    0x78: keys.CIPHERED,
    0x82: trust.EXTERNAL,
    0x84: objects.CHALLENGE,
    0x86: trust.CHIP,
    0xA4: objects.SELECTED,
    0xB0: objects.READ_EVEN,
    0xB1: objects.READ_ODD,
    0xD7: objects.WRITTEN,
    0xE4: objects.DELETED,
}

# INS and P1; None: of all that have no entry of their own.
RESCUE_ROWS: dict[tuple[int, int | None], list[Refusal]] = {
    (0x10, None): rescue.ATTESTATION,
    (0x1C, 0x01): rescue.WRITE_SETTINGS,
    (0x1C, 0x02): rescue.SET_TIME,
    (0x1E, 0x01): rescue.READ_SETTINGS,
    (0x1E, 0x02): rescue.READ_FLASH,
    (0x1E, 0x03): rescue.SECURE_BOOT,
    (0x1E, 0x04): rescue.READ_TIME,
    (0x1F, None): rescue.REBOOT,
    (0xA4, None): rescue.SELECTED,
    (0x00, None): rescue.OTHERS,
}

# [SCHSM] 6: whoever reaches the card may send these. What some of them do only for the user is in
# their rows all the same.
FOR_EVERYBODY = {0x20, 0x22, 0x24, 0x50, 0x58, 0x5A, 0x82, 0x84, 0x86, 0xA4}

# --- All other P1 and P2 --------------------------------------------------------------------------
# (status word by P1 and P2, or None where these two are right; data that are right; right P1 P2)
Sweep = tuple[Callable[[int, int], int | None], bytes, int]

_SIGN = {0x20, 0x30, *range(0x31, 0x36), 0x40, *range(0x41, 0x46), *range(0x70, 0x76), 0xA0}
_DECIPHER = {0x21, 0x22, 0x23, 0x80, 0x84}
_CIPHER = {0x10, 0x11, 0x18, 0x51, 0x52, 0x99}


def _reference(p1: int, p2: int) -> int | None:
    if p1 or p2 & 0x60:
        return 0x6B00
    return None if p2 in (0x81, 0x88) else 0x6A88


def _reset(p1: int, p2: int) -> int | None:
    if p2 != 0x81:
        return 0x6A88
    return 0x6A86 if p1 > 3 else None


def _domain(p1: int, p2: int) -> int | None:
    if p1 > 4:
        return 0x6A86
    if p2 >= 16:
        return 0x6B00
    return 0x6A86 if p2 >= DOMAINS else None


def _tree(p1: int, p2: int) -> int | None:
    if p1 in (0x0A, 0x10):
        return None
    return None if p1 in (1, 2, 3) and p2 < 10 else 0x6A86


def _extras(p1: int, p2: int) -> int | None:
    right = p2 == 0 if p1 == 0x06 else p1 == 0x3A and 1 <= p2 <= 4
    return None if right else 0x6A86


def _select(p1: int, p2: int) -> int | None:
    return None if p1 in (0, 4, 8) and p2 & 0xFC in (0, 4) else 0x6A86


def _read_even(p1: int, p2: int) -> int | None:
    return 0x6A86 if p1 & 0x80 and p1 & 0x7F > 0x1E else None


def _only(*right: int) -> Callable[[int, int], int | None]:
    return lambda p1, p2: None if p1 << 8 | p2 in right else 0x6A86


def _algorithm(right: set[int]) -> Callable[[int, int], int | None]:
    return lambda p1, p2: None if p2 in right else 0x6A86


SWEEPS: dict[int, Sweep] = {
    0x20: (_reference, PIN, 0x0081),
    0x22: (_only(0x81A4, 0x81B6, 0x41A4), trust.CHIP_AUTHENTICATION, 0x41A4),
    0x24: (_reference, PIN + pins.NEW_PIN, 0x0081),
    0x2A: (_only(0x00BE), b"certificate", 0x00BE),
    0x2C: (_reset, SO_PIN + pins.NEW_PIN, 0x0081),
    0x46: (lambda p1, p2: 0x6A86 if p2 or not p1 else None, keys.generation(keys.P256), 0x2000),
    0x48: (lambda p1, p2: None if p1 and 0xB0 <= p2 <= 0xB3 else 0x6A86, b"", 0x20B2),
    0x4A: (_tree, bytes(32), 0x0100),
    0x50: (_only(0x0000), b"\x80\2\0\1", 0x0000),
    0x52: (_domain, b"\1", 0x0102),
    0x54: (_only(), b"", 0x0000),
    0x58: (_only(0x0000), b"", 0x0000),
    0x5A: (_only(0x0081, 0x0181), b"", 0x0181),
    0x62: (_algorithm(_DECIPHER), b"\4" + bytes(64), 0x0180),
    0x64: (_extras, b"", 0x0600),
    0x68: (_algorithm(_SIGN), keys.HASH, 0x0170),
    0x72: (lambda p1, p2: None if p2 == 0x92 else 0x6B00, b"", 0x0192),
    0x74: (
        lambda p1, p2: None if p2 == 0x93 and p1 else 0x6B00 if p2 != 0x93 else 0x6A86,
        b"",
        0x2093,
    ),
    0x76: (lambda p1, p2: None if p2 not in (0, p1) else 0x6A86, b"\x98" + keys.HASH, 0x0120),
    0x78: (_algorithm(_CIPHER), keys.HASH, 0x0310),
    0x82: (_only(0x0000), bytes(64), 0x0000),
    0x84: (_only(0x0000), b"", 0x0000),
    0x86: (_only(0x0000), b"\x7c\0", 0x0000),
    0xA4: (_select, b"\xcf\1", 0x0000),
    0xB0: (_read_even, b"", 0x0000),
}
# Their P1 and P2 are a file, or, of DELETE FILE, not looked at ([SCHSM] 7).
WITHOUT_SWEEP = {0xB1, 0xD7, 0xE4}
