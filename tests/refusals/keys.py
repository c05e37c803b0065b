# SPDX-License-Identifier: GPL-2.0-or-later
"""Bad input to the commands of keys: 46, 48, 4A, 62, 68, 72, 74, 76, 78."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from sim.life.card import ec_key_template, rsa_key_template, tlv
from tests.refusals.cards import (
    ABSENT_KEY,
    AES,
    AES_EXHAUSTED,
    AES_RESTRICTED,
    DOMAINS,
    EC,
    EC_EXHAUSTED,
    EC_IN_DOMAIN_1,
    EC_RESTRICTED,
    EC_SEED,
    EDWARDS,
    MONTGOMERY,
    P256,
    RSA,
    RSA_BYTES,
    SHARE,
    STRANGER,
    SYMMETRIC_SEED,
    generation,
)
from tests.refusals.table import (
    ABSENT,
    EXHAUSTED,
    KEY_KIND,
    LENGTH,
    MISSING,
    NOBODY,
    NOT_ALLOWED,
    NOT_LOGGED_IN,
    OFFICER,
    P1_P2,
    REPEATED,
    STATE,
    VALUE,
    Objects,
    Refusal,
    join,
    refused,
)

HASH = bytes(range(32))
_FREE = 0x20


def _use(ins: int, p2: int, data: bytes, wrong: dict[int, tuple[int, str]]) -> Iterator[Refusal]:
    """A use of a key that is wrong only for the key: `wrong` has status word and why by key id.

    The absent key and the device key, and who may not use any, are common to all.
    """
    for before in (NOBODY, OFFICER):
        header = f"80{ins:02X}{next(iter(wrong)):02X}{p2:02X}"
        yield refused(header, 0x6982, NOT_LOGGED_IN, data, before=before)
    for key_id in (ABSENT_KEY, 0x00):
        yield refused(f"80{ins:02X}{key_id:02X}{p2:02X}", 0x6A82, ABSENT, data)
    for key_id, (status_word, why) in wrong.items():
        yield refused(f"80{ins:02X}{key_id:02X}{p2:02X}", status_word, why, data)


# --- 46, 48: generation ([SCHSM] 13) --------------------------------------------------------------


def _generate(status_word: int, why: str, data: bytes) -> Refusal:
    return refused(f"0046{_FREE:02X}00", status_word, why, data)


_METADATA: tuple[tuple[int, str, bytes], ...] = (
    (0x6700, LENGTH, tlv(0x90, b"\0\0\1")),
    (0x6700, LENGTH, tlv(0x91, b"")),
    (0x6700, LENGTH, tlv(0x91, bytes(33))),
    (0x6700, LENGTH, tlv(0x92, b"")),
    (0x6700, LENGTH, tlv(0x92, b"\0\0")),
    (0x6700, LENGTH, tlv(0x93, b"\0\0")),
    (0x6700, REPEATED, 2 * tlv(0x90, b"\0\0\0\1")),
    (0x6700, REPEATED, 2 * tlv(0x91, b"\x70")),
    (0x6700, REPEATED, 2 * tlv(0x92, b"\0")),
    (0x6700, REPEATED, 2 * tlv(0x93, b"\0")),
    (0x6A86, ABSENT, tlv(0x92, bytes([DOMAINS]))),
    (0x6A88, ABSENT, tlv(0x92, b"\2")),
)
_RSA_OID, _EC_OID = rsa_key_template(2048)[:12], P256[:12]
_WRONG_PRIME = tlv(0x81, b"\xff" * 32)

GENERATE_PAIR: list[Refusal] = [
    *(
        refused("00462000", 0x6982, NOT_LOGGED_IN, generation(P256), before=before)
        for before in (NOBODY, OFFICER)
    ),
    refused("00460000", 0x6A86, P1_P2, generation(P256)),
    refused("00462001", 0x6A86, P1_P2, generation(P256)),
    _generate(0x6700, LENGTH, b""),
    _generate(0x6700, MISSING, tlv(0x5F29, b"\0") + tlv(0x42, b"UTCA00001")),
    _generate(0x6700, MISSING, generation(b"")),
    _generate(0x6700, MISSING, generation(_EC_OID)),
    _generate(0x6700, MISSING, generation(P256[12:])),
    _generate(0x6A81, VALUE, generation(tlv(0x06, b""))),
    _generate(0x6A81, VALUE, generation(tlv(0x06, bytes(10)) + P256[12:])),
    _generate(0x6A81, VALUE, generation(_EC_OID + _WRONG_PRIME)),
    _generate(0x6A81, VALUE, generation(_EC_OID + tlv(0x81, b""))),
    _generate(0x6400, VALUE, generation(rsa_key_template(512))),
    _generate(0x6400, VALUE, generation(rsa_key_template(2047))),
    _generate(0x6400, VALUE, generation(_RSA_OID + tlv(0x02, bytes(5)))),
    _generate(0x6400, VALUE, generation(_RSA_OID + tlv(0x82, b"\2"))),
    _generate(0x6400, VALUE, generation(_RSA_OID + tlv(0x82, b"\1"))),
    _generate(0x6400, VALUE, generation(_RSA_OID + tlv(0x82, b"\3"))),
    _generate(0x6700, REPEATED, generation(P256 + tlv(0x81, P256[14:46]))),
    _generate(0x6700, LENGTH, generation(P256, tlv(0x5F20, bytes(17)))),
    _generate(0x6700, VALUE, generation(P256, tlv(0x91, b"\x84"), tlv(0x92, b"\0"))),
    _generate(0x6A81, VALUE, generation(ec_key_template("secp384r1"), tlv(0x91, b"\x84"))),
    *(_generate(sw, why, generation(P256, metadata)) for sw, why, metadata in _METADATA),
    *Objects(
        "00462000",
        ((0x5F29, b"\0"), (0x42, b"UTCA00001"), (0x7F49, P256), (0x5F20, b"UT00001")),
        (0x7F49,),
        0x6700,
        0x6700,
        0x6700,
    ).rows(),
]

GENERATE_SECRET: list[Refusal] = [
    *(refused("004820B2", 0x6982, NOT_LOGGED_IN, before=before) for before in (NOBODY, OFFICER)),
    refused("004800B2", 0x6A86, P1_P2),
    refused("004820AF", 0x6A86, P1_P2),
    refused("004820B4", 0x6A86, P1_P2),
    *(refused("004820B2", sw, why, metadata) for sw, why, metadata in _METADATA),
    refused("004820B2", 0x6700, LENGTH, "9104"),
]

# --- 4A: trees of keys ([SCHSM] 22) ---------------------------------------------------------------

_PATH = tlv(0x02, bytes([EC_SEED]))
_LEVEL = tlv(0x02, b"\x80\0\0\0")
_LABEL = tlv(0x04, b"label")
_SYMMETRIC = tlv(0x02, bytes([SYMMETRIC_SEED]))

TREES: list[Refusal] = [
    *(
        refused(f"804A{p1}00", 0x6982, NOT_LOGGED_IN, data, before=before)
        for p1, data in (("01", HASH), ("03", HASH), ("10", _PATH))
        for before in (NOBODY, OFFICER)
    ),
    # [SCHSM] 22: no session is answered as an absent seed is.
    refused("804A0A00", 0x6400, NOT_LOGGED_IN, _PATH, before=NOBODY),
    refused("804A0A00", 0x6400, ABSENT, tlv(0x02, b"\5")),
    refused("804A1000", 0x6400, ABSENT, tlv(0x02, b"\5")),
    *(refused(f"804A{p1}00", 0x6A86, P1_P2, HASH) for p1 in ("00", "04", "09", "0B", "11")),
    refused("804A010A", 0x6A86, P1_P2, HASH),
    refused("804A0100", 0x6700, LENGTH, bytes(65)),
    *(
        refused(f"804A{p1}00", status_word, why, data)
        for p1 in ("0A", "10")
        for status_word, why, data in (
            (0x6700, LENGTH, b""),
            (0x6700, LENGTH, _PATH[:-1]),
            (0x6700, MISSING, _LEVEL),
            (0x6700, LENGTH, _PATH + tlv(0x02, b"\0\0\0")),
            (0x6700, VALUE, _PATH + tlv(0x05, b"")),
            (0x6700, LENGTH, _PATH + 33 * _LEVEL),
            (0x6A80, KEY_KIND, _PATH + _LABEL),
            (0x6A80, KEY_KIND, _SYMMETRIC + _LEVEL),
        )
    ),
]

# --- 68, 62: signatures, decryption, agreement ([SCHSM] 16, 17) -----------------------------------

_MD5_INFO = bytes.fromhex("3020300C06082A864886F70D020505000410") + bytes(16)
_UNKNOWN_INFO = b"\x30\x20" + bytes(32)

SIGNED: list[Refusal] = [
    *_use(
        0x68,
        0x70,
        HASH,
        {
            RSA: (0x6400, KEY_KIND),
            AES: (0x6400, KEY_KIND),
            MONTGOMERY: (0x6400, KEY_KIND),
            EC_EXHAUSTED: (0x6A84, EXHAUSTED),
            EC_RESTRICTED: (0x6985, NOT_ALLOWED),
        },
    ),
    *_use(0x68, 0x31, HASH, {EC: (0x6400, KEY_KIND), AES_RESTRICTED: (0x6985, NOT_ALLOWED)}),
    refused(f"8068{EDWARDS:02X}73", 0x6400, KEY_KIND, HASH),
    *(refused(f"8068{EC:02X}{p2}", 0x6A86, P1_P2, HASH) for p2 in ("00", "21", "36", "76", "80")),
    refused("806801A0", 0x6A86, P1_P2, HASH),
    refused("806800A0", 0x6985, STATE, HASH),
    refused("806800A0", 0x6700, LENGTH, HASH[1:]),
    refused(f"8068{EC:02X}70", 0x6700, LENGTH),
    refused(f"8068{RSA:02X}20", 0x6700, LENGTH, bytes(RSA_BYTES - 1)),
    refused(f"8068{RSA:02X}20", 0x6700, LENGTH, bytes(RSA_BYTES + 1)),
    refused(f"8068{RSA:02X}20", 0x6400, VALUE, b"\xff" * RSA_BYTES),
    refused(f"8068{RSA:02X}30", 0x6400, VALUE),
    refused(f"8068{RSA:02X}30", 0x6400, VALUE, _UNKNOWN_INFO),
    refused(f"8068{RSA:02X}40", 0x6400, VALUE, HASH[1:]),
    refused(f"8068{RSA:02X}40", 0x6400, VALUE, _MD5_INFO),
    # A salt of 64 bytes has no room in the modulus.
    refused(f"8068{RSA:02X}45", 0x6400, VALUE, HASH),
]

DECIPHERED: list[Refusal] = [
    *_use(
        0x62,
        0x80,
        b"\4" + bytes(64),
        {
            RSA: (0x6400, KEY_KIND),
            EDWARDS: (0x6400, KEY_KIND),
            EC_EXHAUSTED: (0x6A84, EXHAUSTED),
            EC_RESTRICTED: (0x6985, NOT_ALLOWED),
            EC: (0x6984, VALUE),
        },
    ),
    *_use(0x62, 0x21, bytes(RSA_BYTES), {EC: (0x6400, KEY_KIND), AES: (0x6400, KEY_KIND)}),
    *(refused(f"8062{EC:02X}{p2}", 0x6A86, P1_P2, HASH) for p2 in ("00", "20", "24", "81", "99")),
    *(
        refused(f"8062{RSA:02X}{p2}", status_word, why, data)
        for p2 in ("21", "22", "23")
        for status_word, why, data in (
            (0x6700, LENGTH, b""),
            (0x6700, LENGTH, bytes(RSA_BYTES - 1)),
            (0x6700, LENGTH, bytes(RSA_BYTES + 1)),
            (0x6400, VALUE, b"\xff" * RSA_BYTES),
        )
    ),
    *(refused(f"8062{RSA:02X}{p2}", 0x6400, VALUE, HASH * 4) for p2 in ("22", "23")),
    refused(f"8062{EC:02X}80", 0x6700, LENGTH),
    refused(f"8062{EC:02X}80", 0x6700, LENGTH, b"\4" + bytes(63)),
    refused(f"8062{MONTGOMERY:02X}80", 0x6700, LENGTH, bytes(31)),
    refused(f"8062{MONTGOMERY:02X}80", 0x6984, VALUE, bytes(32)),
    # 84: a peer whom nobody knows, or who belongs to no group.
    refused(f"8062{EC:02X}84", 0x6982, NOT_LOGGED_IN, STRANGER.signed(STRANGER), before=NOBODY),
    refused(f"8062{EC:02X}84", 0x6A88, ABSENT, STRANGER.signed(STRANGER)),
    refused(f"8062{EC:02X}84", 0x6700, LENGTH),
    refused(f"8062{EC:02X}84", 0x6984, MISSING, STRANGER.signed(STRANGER)[:-67]),
]

# --- 72, 74: backup ([SCHSM] 12) ------------------------------------------------------------------


def _blob(kind: int = 0x0F, ciphertext: bytes = bytes(48), share: bytes = SHARE) -> bytes:
    # No key has made its MAC.
    lengths = tlv(0x06, bytes.fromhex("6086480165030401"))[1:] + bytes(6)
    check_value = hashlib.sha256(share).digest()[:8]
    return check_value + bytes([kind]) + b"\0" + lengths + ciphertext + bytes(16)


WRAPPED: list[Refusal] = [
    *_use(
        0x72,
        0x92,
        b"",
        {
            EC_EXHAUSTED: (0x6A84, EXHAUSTED),
            EC_RESTRICTED: (0x6985, NOT_ALLOWED),
            EC_IN_DOMAIN_1: (0x6A88, STATE),
        },
    ),
    refused("80720191", 0x6B00, P1_P2),
    refused("80720192", 0x6700, LENGTH, b"\0"),
]

UNWRAPPED: list[Refusal] = [
    *(refused("80742093", 0x6982, NOT_LOGGED_IN, _blob(), before=on) for on in (NOBODY, OFFICER)),
    refused("80740093", 0x6A86, P1_P2, _blob()),
    refused("80742092", 0x6B00, P1_P2, _blob()),
    refused("80742093", 0x6A82, ABSENT),
    refused("80742093", 0x6984, LENGTH, _blob()[:40]),
    refused("80742093", 0x6984, VALUE, _blob(kind=0x01)),
    refused("80742093", 0x6A80, ABSENT, _blob(share=bytes(32))),
    # One answer to whatever is behind a known check value.
    refused("80742093", 0x6A80, VALUE, _blob()),
    refused("80742093", 0x6A80, VALUE, _blob(kind=0x0C)),
    refused("80742093", 0x6A80, LENGTH, _blob(ciphertext=bytes(47))),
    refused("80742093", 0x6A80, LENGTH, _blob() + b"\0"),
]

# --- 76: derivation ([SCHSM] 18) ------------------------------------------------------------------

DERIVED: list[Refusal] = [
    *_use(
        0x76,
        _FREE,
        b"\x98" + HASH,
        {
            RSA: (0x6400, KEY_KIND),
            EDWARDS: (0x6400, KEY_KIND),
            EC_EXHAUSTED: (0x6A84, EXHAUSTED),
            EC_RESTRICTED: (0x6985, NOT_ALLOWED),
        },
    ),
    refused("80760100", 0x6A86, P1_P2, b"\x98" + HASH),
    refused("80760101", 0x6A86, P1_P2, b"\x98" + HASH),
    refused("80760120", 0x6700, LENGTH),
    refused("80760120", 0x6700, LENGTH, b"\x98"),
    refused("80760120", 0x6700, LENGTH, b"\x98" + bytes(33)),
    refused("80760120", 0x6700, VALUE, b"\x99" + HASH),
]

# --- 78: ciphers ([SCHSM] 19) ---------------------------------------------------------------------

_AES_OID = "6086480165030401"
ECB, CBC, GCM, CCM = (bytes.fromhex(_AES_OID + last) for last in ("29", "2A", "2E", "2F"))
ECB_128 = bytes.fromhex(_AES_OID + "01")
CHACHA = bytes.fromhex("2A864886F70D0109100312")
HMAC = bytes.fromhex("2A864886F70D0209")
HKDF = bytes.fromhex("2A864886F70D010910031D")
PBKDF2 = bytes.fromhex("2A864886F70D01050C")
PBES2 = bytes.fromhex("2A864886F70D01050D")
X963 = bytes.fromhex("2B81051086483F")
NODE = bytes.fromhex("2B0601040183A878058D6B")
_SALT = tlv(0x04, b"salt")


def _cipher(status_word: int, why: str, p2: int, *objects: tuple[int, bytes]) -> Refusal:
    return refused(f"8078{AES:02X}{p2:02X}", status_word, why, join(objects))


CIPHERED: list[Refusal] = [
    *_use(
        0x78,
        0x10,
        HASH,
        {
            EC: (0x6400, KEY_KIND),
            RSA: (0x6400, KEY_KIND),
            AES_EXHAUSTED: (0x6A84, EXHAUSTED),
            AES_RESTRICTED: (0x6985, NOT_ALLOWED),
        },
    ),
    *_use(0x78, 0x51, join([(0x06, HMAC), (0x81, HASH)]), {EC: (0x6400, KEY_KIND)}),
    *(refused(f"8078{AES:02X}{p2}", 0x6A86, P1_P2, HASH) for p2 in ("00", "12", "50", "53", "92")),
    *(refused(f"8078{AES:02X}{p2}", 0x6700, LENGTH) for p2 in ("10", "11", "99", "51", "52")),
    *(refused(f"8078{AES:02X}{p2}", 0x6700, LENGTH, HASH[1:]) for p2 in ("10", "11")),
    _cipher(0x6700, VALUE, 0x51, (0x06, bytes(9)), (0x81, HASH)),
    _cipher(0x6700, KEY_KIND, 0x51, (0x06, ECB_128), (0x81, bytes(16))),
    _cipher(0x6700, LENGTH, 0x51, (0x06, ECB), (0x81, HASH)),
    _cipher(0x6700, LENGTH, 0x51, (0x06, CBC), (0x81, HASH), (0x82, bytes(15))),
    _cipher(0x6700, MISSING, 0x51, (0x06, GCM), (0x81, HASH)),
    _cipher(0x6700, LENGTH, 0x51, (0x06, CCM), (0x81, HASH), (0x82, bytes(6))),
    _cipher(0x6700, LENGTH, 0x51, (0x06, CHACHA), (0x81, HASH), (0x82, bytes(11))),
    *(
        _cipher(status_word, why, 0x52, (0x06, oid), (0x81, data), (0x82, bytes(12)))
        for oid in (GCM, CCM, CHACHA)
        for status_word, why, data in ((0x6400, VALUE, HASH), (0x6700, LENGTH, bytes(15)))
    ),
    *(
        _cipher(0x6A86, P1_P2, 0x52, (0x06, oid), (0x81, data))
        for oid, data in ((HMAC, HASH), (HKDF, b""), (PBKDF2, _SALT + tlv(2, b"\1")), (X963, HMAC))
    ),
    _cipher(0x6700, VALUE, 0x51, (0x06, X963), (0x81, ECB)),
    _cipher(0x6700, MISSING, 0x51, (0x06, PBKDF2), (0x81, _SALT)),
    _cipher(0x6700, VALUE, 0x51, (0x06, PBKDF2), (0x81, _SALT + tlv(2, b"\0"))),
    _cipher(0x6700, VALUE, 0x51, (0x06, PBKDF2), (0x81, _SALT + tlv(2, b"\x0f\x42\x41"))),
    _cipher(0x6700, MISSING, 0x51, (0x06, PBES2), (0x81, HASH)),
    _cipher(0x6985, STATE, 0x51, (0x06, NODE), (0x81, HASH), (0x83, b"label")),
    _cipher(0x6700, LENGTH, 0x51, (0x06, NODE), (0x81, HASH[1:]), (0x83, b"label")),
    *Objects(
        f"8078{AES:02X}51",
        ((0x06, CBC), (0x81, HASH), (0x82, bytes(16))),
        (0x06, 0x81),
        0x6700,
        0x6700,
        0x6700,
    ).rows(),
]
