# SPDX-License-Identifier: GPL-2.0-or-later
"""Hashes, HMAC, HKDF, PBKDF2 and the PIN stretch against published vectors."""

from __future__ import annotations

import hashlib
import re

import pytest
from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tests.crypto import nist
from tests.crypto.conftest import Pick
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


def test_hkdf_of_other_hashes(target: SelfTest):
    """[RFC5869] A.4 to A.7, and 1200 bytes."""
    found = list(nist.records("KDF/rfc-5869-HKDF-SHA1.txt", "IKM", cut=nist.FROM_COUNT_TO_COUNT))
    assert len(found) == 4
    for record in found:
        salt, info = (record.hex(name) if name in record else b"" for name in ("salt", "info"))
        parts = (record.hex("IKM"), salt, info, int(record["L"]))
        assert target.one(Operation.HKDF, Hash.SHA1, *parts) == record.hex("OKM")
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
def test_x963(target: SelfTest, hash_: Hash, pick: Pick):
    """CAVP, ANS X9.63-2001."""
    sections = re.split(r"(?m)^\[(SHA-\d+)\]", nist.text("KDF/ansx963_2001.txt"))
    wanted = hash_.name.replace("SHA", "SHA-")
    body = "".join(
        body for name, body in zip(sections[1::2], sections[2::2], strict=True) if name == wanted
    )
    columns = [
        [bytes.fromhex(value) for value in re.findall(rf"(?m)^{name} = (\w*)\s*$", body)]
        for name in ("Z", "SharedInfo", "key_data")
    ]
    found = list(zip(*columns, strict=True))
    assert len(found) == 20
    for secret, info, key in pick(found, 15):
        assert target.one(Operation.X963, hash_, secret, info, len(key)) == key


def test_pbkdf2_sha1(target: SelfTest):
    """[RFC6070], but for the one of 16,777,216 iterations."""
    path = "KDF/rfc-6070-PBKDF2-SHA1.txt"
    found = list(nist.records(path, "PASSWORD", "DERIVED_KEY", cut=nist.FROM_COUNT_TO_COUNT))
    found = [record for record in found if int(record["ITERATIONS"]) < 10000]
    assert len(found) >= 4
    for record in found:
        text = (record[name].replace("\\0", "\0").encode() for name in ("PASSWORD", "SALT"))
        parts = (*text, int(record["ITERATIONS"]), int(record["LENGTH"]))
        assert target.one(Operation.PBKDF2, Hash.SHA1, *parts) == record.hex("DERIVED_KEY")


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
