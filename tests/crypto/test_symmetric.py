# SPDX-License-Identifier: GPL-2.0-or-later
"""Hashes, HMAC, HKDF, PBKDF2 and the PIN stretch against published vectors."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tests.crypto import mac_cases, nist
from tests.crypto.selftest import Hash, Operation, Refused, Result, SelfTest
from tests.vector_counts import Taker

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


@pytest.mark.parametrize("hash_", Hash)
def test_digest(target: SelfTest, hash_: Hash, vectors: Taker):
    for kind in mac_cases.KINDS:
        for case in vectors.take(mac_cases.nist_digest(hash_, kind)):
            assert case.judge(target.one(Operation.DIGEST, hash_, case.message)), case


@pytest.mark.parametrize("hash_", Hash)
def test_hmac(target: SelfTest, hash_: Hash, vectors: Taker):
    cases = [*vectors.take(mac_cases.rfc_hmac(hash_))]
    if hash_ is not Hash.SHA1:
        cases += vectors.take(mac_cases.wycheproof_hmac(hash_), 60)
    for case in cases:
        assert case.judge(target.one(Operation.HMAC, hash_, case.key, case.message)), case


@pytest.mark.parametrize("hash_", [Hash.SHA1, Hash.SHA256])
def test_hkdf(target: SelfTest, hash_: Hash, vectors: Taker):
    for case in vectors.take(mac_cases.hkdf(hash_)):
        parts = (case.secret, case.salt, case.info, len(case.key))
        assert target.one(Operation.HKDF, hash_, *parts) == case.key


def test_hkdf_of_other_hashes(target: SelfTest):
    """Against the host; and 1200 bytes."""
    (record,) = nist.records("KDF/hkdf-generated.txt", "IKM", cut=nist.FROM_COUNT_TO_COUNT)
    parts = (record.hex("IKM"), b"", b"", int(record["L"]))
    assert target.one(Operation.HKDF, Hash.SHA256, *parts) == record.hex("OKM")
    for hash_ in (Hash.SHA224, Hash.SHA384, Hash.SHA512):
        chosen = getattr(hashes, hash_.name)()
        expected = HKDF(chosen, 100, salt=b"salt", info=b"info").derive(b"key")
        assert target.one(Operation.HKDF, hash_, b"key", b"salt", b"info", 100) == expected


def test_hkdf_refuses_more_than_255_hashes(target: SelfTest):
    with pytest.raises(Refused) as refused:
        target.call(Operation.HKDF, Hash.SHA1, b"key", b"", b"", 255 * 20 + 1)
    assert refused.value.result == Result.ARGUMENT


@pytest.mark.parametrize("hash_", Hash)
def test_x963(target: SelfTest, hash_: Hash, vectors: Taker):
    for case in vectors.take(mac_cases.x963(hash_), 15):
        parts = (case.secret, case.info, len(case.key))
        assert target.one(Operation.X963, hash_, *parts) == case.key


def test_pbkdf2_sha1(target: SelfTest, vectors: Taker):
    for case in vectors.take(mac_cases.pbkdf2_sha1()):
        parts = (case.secret, case.salt, case.iterations, len(case.key))
        assert target.one(Operation.PBKDF2, Hash.SHA1, *parts) == case.key


@pytest.mark.parametrize("hash_", Hash)
def test_pbkdf2_of_many_blocks(target: SelfTest, hash_: Hash):
    expected = hashlib.pbkdf2_hmac(hash_.name, b"password", b"salt", 70, 200)
    assert target.one(Operation.PBKDF2, hash_, b"password", b"salt", 70, 200) == expected


def test_pbkdf2_can_be_cancelled(target: SelfTest):
    """Every 64 iterations it asks whether the host has had enough; a PIN's does not."""
    pepper = bytes(32)
    for polls, iterations, ends in ((1, 65, True), (2, 65, False), (3, 200, True)):
        target.call(Operation.CANCEL, polls)
        try:
            target.call(Operation.PBKDF2, Hash.SHA256, b"p", b"s", iterations, 32)
            assert not ends
        except Refused as refused:
            assert ends and refused.result == Result.CANCELLED
        target.call(Operation.CANCEL, 0)
        target.call(Operation.STRETCH, b"1234", bytes(16), 200, pepper)
        target.call(Operation.CANCEL, 0xFFFFFFFF)


@pytest.mark.parametrize("bits", [128, 192, 256])
def test_pbes2(target: SelfTest, bits: int):
    """AES-CBC-PAD under PBKDF2; all lengths of padding, and wrong ones."""
    password, iv = bytes(range(32)), bytes(range(16))
    key = hashlib.pbkdf2_hmac("sha256", password, b"salt", 5, bits // 8)
    use = (password, Hash.SHA256, b"salt", 5, bits // 8, iv)
    cipher = Cipher(algorithms.AES(key), modes.CBC(iv))
    for length in range(0, 33, 1 if bits == 128 else 11):
        data = bytes(range(length))
        padder = padding.PKCS7(128).padder()
        sealed = cipher.encryptor().update(padder.update(data) + padder.finalize())
        assert target.one(Operation.PBES2_ENCRYPT, *use, data) == sealed
        assert target.one(Operation.PBES2_DECRYPT, *use, sealed) == data
    wrong = [bytes(15) + b"\x00", b"\x02" * 14 + b"\x01\x02", bytes(15) + b"\x11", b"\xff" * 16]
    wrong += [b"\x00" + b"\x10" * 15]
    sealed = [cipher.encryptor().update(block) for block in wrong]
    for data in (*sealed, b"", bytes(17)):
        with pytest.raises(Refused) as refused:
            target.call(Operation.PBES2_DECRYPT, *use, data)
        assert refused.value.result == Result.AUTHENTICATION


def test_fresh_symmetric_keys(target: SelfTest):
    for length in (16, 24, 32, 64):
        keys = {target.one(Operation.AES_GENERATE, length) for _ in range(3)}
        assert len(keys) == 3 and {len(key) for key in keys} == {length}
    for length in (0, 15, 48, 65):
        with pytest.raises(Refused) as refused:
            target.call(Operation.AES_GENERATE, length)
        assert refused.value.result == Result.ARGUMENT


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
