# SPDX-License-Identifier: GPL-2.0-or-later
"""Hashes, HMAC, HKDF, PBKDF2 and the PIN stretch against published vectors."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tests.crypto import nist
from tests.crypto.selftest import Hash, Operation, Refused, Result, SelfTest

# [RFC7914] 11: PBKDF2-HMAC-SHA-256, first 32 bytes.
PBKDF2 = [
    (
        (b"passwd", b"salt", 1),
        "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc",
    ),
    (
        (b"Password", b"NaCl", 80000),
        "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56",
    ),
]


def _digest_file(hash_: Hash, kind: str) -> str:
    folder = "SHA1" if hash_ is Hash.SHA1 else "SHA2"
    return f"hashes/{folder}/{hash_.name}{kind}Msg.rsp"


@pytest.mark.parametrize("hash_", Hash)
@pytest.mark.parametrize("kind", ["Short", "Long"])
def test_digest(target: SelfTest, hash_: Hash, kind: str):
    found = list(nist.records(_digest_file(hash_, kind), "Len", "Msg", "MD"))
    assert len(found) > 60
    for record in found:
        message = record.hex("Msg")[: int(record["Len"]) // 8]
        assert target.one(Operation.DIGEST, hash_, message) == record.hex("MD"), record["Len"]


@pytest.mark.parametrize("hash_", [Hash.SHA1, Hash.SHA224, Hash.SHA256, Hash.SHA384, Hash.SHA512])
def test_hmac(target: SelfTest, hash_: Hash):
    rfc = "2202" if hash_ is Hash.SHA1 else "4231"
    found = list(nist.records(f"HMAC/rfc-{rfc}-{hash_.name.lower()}.txt", "Key", "Msg", "MD"))
    assert len(found) >= 5
    for record in found:
        tag = target.one(Operation.HMAC, hash_, record.hex("Key"), record.hex("Msg"))
        assert tag.startswith(record.hex("MD")), record.fields


def test_hkdf(target: SelfTest):
    path = "KDF/rfc-5869-HKDF-SHA256.txt"
    found = list(nist.records(path, "IKM", "OKM", cut=nist.FROM_COUNT_TO_COUNT))
    assert len(found) == 3
    for record in found:
        key = target.one(
            Operation.HKDF,
            Hash.SHA256,
            record.hex("IKM"),
            record.hex("salt"),
            record.hex("info"),
            int(record["L"]),
        )
        assert key == record.hex("OKM")


@pytest.mark.parametrize("parts, expected", PBKDF2, ids=["1", "80000"])
def test_pbkdf2(target: SelfTest, parts: tuple[bytes, bytes, int], expected: str):
    assert target.one(Operation.PBKDF2, Hash.SHA256, *parts, 32).hex() == expected


@pytest.mark.parametrize("length", [0, 1, 6, 63, 64])
def test_stretch_is_hkdf_over_pbkdf2(target: SelfTest, length: int):
    pin, salt, pepper = b"7" * length, bytes(range(16)), bytes(range(100, 132))
    slow = hashlib.pbkdf2_hmac("sha256", pin, salt, 10)
    expected = HKDF(hashes.SHA256(), 32, salt=pepper, info=b"pin").derive(slow)
    assert target.one(Operation.STRETCH, pin, salt, 10, pepper) == expected


def test_stretch_refuses_a_pin_that_is_too_long(target: SelfTest):
    with pytest.raises(Refused) as refused:
        target.call(Operation.STRETCH, bytes(65), bytes(16), 1, bytes(32))
    assert refused.value.result == Result.ARGUMENT


def test_an_unknown_hash_is_refused(target: SelfTest):
    for number in (0, 6, 255):
        with pytest.raises(Refused) as refused:
            target.call(Operation.DIGEST, number, b"")
        assert refused.value.result == Result.ARGUMENT
