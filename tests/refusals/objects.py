# SPDX-License-Identifier: GPL-2.0-or-later
"""Bad input to commands of files and random numbers: 58, 84, A4, B0, B1, D7, E4."""

from __future__ import annotations

from sim.apdu import command
from sim.life.card import APPLET_AID, tlv
from tests.refusals.cards import CONTENTS, EMPTY_FILE, PRIVATE_FILE, PUBLIC_FILE
from tests.refusals.table import (
    ABSENT,
    LENGTH,
    NOBODY,
    NOT_LOGGED_IN,
    OFFICER,
    P1_P2,
    STATE,
    USER,
    VALUE,
    Objects,
    Refusal,
    refused,
)

ABSENT_FILE = 0xCF77
# A key, the device's key, a PIN, a physical container: nobody reads or writes them.
_CLOSED = (0xCC01, 0xCC00, 0x1081, 0xC701)
_COMPUTED = (0x2F00, 0x2F01)


def _fid(ins: int, fid: int) -> str:
    return f"00{ins:02X}{fid:04X}"


def _offset(value: bytes = b"\0\0") -> bytes:
    return tlv(0x54, value)


LISTED: list[Refusal] = [
    refused("80580100", 0x6A86, P1_P2, before=NOBODY),
    refused("80580001", 0x6A86, P1_P2, before=NOBODY),
    refused("80580000", 0x6700, LENGTH, b"\0", before=NOBODY),
]

CHALLENGE: list[Refusal] = [
    refused("00840100", 0x6A86, P1_P2, before=NOBODY),
    refused("00840001", 0x6A86, P1_P2, before=NOBODY),
    refused("00840000", 0x6700, LENGTH, ne=None),
    refused("00840000", 0x6700, LENGTH, ne=1025),
    refused("00840000", 0x6700, LENGTH, b"\0", ne=8),
]

# [SCHSM] 3, 5.3
SELECTED: list[Refusal] = [
    refused("00A40100", 0x6A86, P1_P2, b"\xcf\1"),
    refused("00A4000C", 0x6A86, P1_P2, b"\xcf\1"),
    refused("00A40400", 0x6A82, ABSENT),
    refused("00A40400", 0x6A82, ABSENT, APPLET_AID[:-1]),
    refused("00A40400", 0x6A82, ABSENT, "A00000000101"),
    refused("00A40000", 0x6A82, LENGTH, b"\xcf"),
    refused("00A40000", 0x6A82, LENGTH, b"\xcf\1\0"),
    refused("00A40800", 0x6A82, ABSENT, "50154946"),
    refused("00A40000", 0x6A82, ABSENT, ABSENT_FILE.to_bytes(2)),
    *(refused("00A40000", 0x6A82, ABSENT, fid.to_bytes(2)) for fid in (0x1081, 0xC701, 0x3F00)),
]

_CURRENT = (*USER, command(0x00, 0xA4, 0, 0, PUBLIC_FILE.to_bytes(2), 256))
_CURRENT_PRIVATE = (*NOBODY, command(0x00, 0xA4, 0, 0, PRIVATE_FILE.to_bytes(2), 256))
READ_EVEN: list[Refusal] = [
    refused("00B00000", 0x6A82, STATE),
    refused("00B00000", 0x6700, LENGTH, b"\0", before=_CURRENT),
    refused("00B09F00", 0x6A86, P1_P2, before=_CURRENT),
    refused("00B0C000", 0x6A86, P1_P2, before=_CURRENT),
    refused("00B09500", 0x6A82, ABSENT, before=_CURRENT),
    refused("00B08020", 0x6282, VALUE, before=_CURRENT),
    refused("00B00009", 0x6282, VALUE, before=_CURRENT),
    refused("00B00000", 0x6982, NOT_LOGGED_IN, before=_CURRENT_PRIVATE),
]

# [SCHSM] 8.2
READ_ODD: list[Refusal] = [
    refused(_fid(0xB1, PRIVATE_FILE), 0x6982, NOT_LOGGED_IN, _offset(), before=NOBODY),
    refused(_fid(0xB1, PRIVATE_FILE), 0x6982, NOT_LOGGED_IN, _offset(), before=OFFICER),
    *(refused(_fid(0xB1, fid), 0x6982, ABSENT, _offset()) for fid in _CLOSED),
    refused(_fid(0xB1, ABSENT_FILE), 0x6A82, ABSENT, _offset()),
    refused("00B10000", 0x6A82, STATE, _offset()),
    refused(_fid(0xB1, PUBLIC_FILE), 0x6700, LENGTH, _offset(bytes(5))),
    refused(_fid(0xB1, PUBLIC_FILE), 0x6700, VALUE, tlv(0x53, b"\0\0")),
    refused(_fid(0xB1, PUBLIC_FILE), 0x6282, VALUE, _offset(b"\0\x09")),
    refused("00B12F00", 0x6B00, VALUE, _offset(b"\1\0")),
    *Objects(_fid(0xB1, PUBLIC_FILE), ((0x54, b"\0\0"),), (0x54,), 0x6700, 0x6700, 0x6700).rows(),
]

# [SCHSM] 8.4
_WRITE = ((0x54, b"\0\0"), (0x53, b"new"))
WRITTEN: list[Refusal] = [
    *(
        refused(
            _fid(0xD7, fid), 0x6982, NOT_LOGGED_IN, _offset() + tlv(0x53, b"new"), before=before
        )
        for fid in (PUBLIC_FILE, PRIVATE_FILE, 0xC401, 0xCE01, 0xCA01, 0xC801, 0xC901, 0x2F02)
        for before in (NOBODY, OFFICER)
    ),
    *(
        refused(_fid(0xD7, fid), 0x6982, ABSENT, _offset() + tlv(0x53, b"new"))
        for fid in (*_CLOSED, *_COMPUTED)
    ),
    refused("00D70000", 0x6A82, STATE, _offset() + tlv(0x53, b"new")),
    refused(_fid(0xD7, PUBLIC_FILE), 0x6700, LENGTH, _offset(bytes(5)) + tlv(0x53, b"new")),
    refused(_fid(0xD7, PUBLIC_FILE), 0x6700, VALUE, tlv(0x53, b"new") + _offset()),
    refused(
        _fid(0xD7, PUBLIC_FILE),
        0x6581,
        VALUE,
        _offset((len(CONTENTS) + 1).to_bytes(2)) + tlv(0x53, b"gap"),
    ),
    refused(_fid(0xD7, EMPTY_FILE), 0x6984, VALUE, _offset(b"\0\1") + tlv(0x53, b"gap")),
    refused(_fid(0xD7, ABSENT_FILE), 0x6984, ABSENT, _offset(b"\0\1") + tlv(0x53, b"gap")),
    refused("00D72F10", 0x6A84, LENGTH, _offset() + tlv(0x53, bytes(2049))),
    refused("00D72F03", 0x6A84, LENGTH, _offset() + tlv(0x53, bytes(256))),
    *Objects(_fid(0xD7, PUBLIC_FILE), _WRITE, (0x54, 0x53), 0x6700, 0x6700, 0x6700).rows(),
]

# [SCHSM] 8.5
DELETED: list[Refusal] = [
    *(
        refused("00E40200", 0x6982, NOT_LOGGED_IN, fid.to_bytes(2), before=before)
        for fid in (PUBLIC_FILE, PRIVATE_FILE, 0xCC01, 0xC401, 0xCE01)
        for before in (NOBODY, OFFICER)
    ),
    refused("00E40200", 0x6A82, ABSENT, ABSENT_FILE.to_bytes(2)),
    refused("00E40200", 0x6A82, ABSENT, "C701"),
    refused("00E40200", 0x6A82, STATE),
    refused("00E40200", 0x6986, VALUE, "2F00"),
    refused("00E40200", 0x6986, VALUE, "2F03"),
    refused("00E40200", 0x6982, VALUE, "CC00"),
    refused("00E40200", 0x6982, VALUE, "1081"),
    refused("00E40200", 0x6700, LENGTH, b"\xcf"),
    refused("00E40200", 0x6700, LENGTH, b"\xcf\1\0"),
]
