# SPDX-License-Identifier: GPL-2.0-or-later
"""AES-SIV: published vectors, another implementation, what must not open."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tests.crypto import nist
from tests.crypto.selftest import Operation, Refused, Result, SelfTest

# The core takes one component of associated data and keys of 128 and 256 bits.
KEY_BYTES = (32, 64)
LENGTHS = [1, 15, 16, 17, 31, 32, 33, 255, 256, 1000, 4096]


def test_published_vectors(target: SelfTest):
    found = [
        record
        for record in nist.records("ciphers/AES/SIV/openssl.txt", "Key", "AAD", "Tag", "Plaintext")
        if len(record.hex("Key")) in KEY_BYTES and "AAD2" not in record
    ]
    assert len(found) == 2
    for record in found:
        key, associated = record.hex("Key"), record.hex("AAD")
        sealed = target.one(Operation.SIV_ENCRYPT, key, associated, record.hex("Plaintext"))
        assert sealed == record.hex("Tag") + record.hex("Ciphertext")
        opened = target.one(Operation.SIV_DECRYPT, key, associated, sealed)
        assert opened == record.hex("Plaintext")


@pytest.mark.parametrize("length", LENGTHS)
def test_agrees_with_another_implementation(target: SelfTest, length: int):
    key, associated = bytes(range(64)), bytes(range(length % 40))
    plain = bytes(index * 7 & 0xFF for index in range(length))
    expected = AESSIV(key).encrypt(plain, [associated])
    assert target.one(Operation.SIV_ENCRYPT, key, associated, plain) == expected
    assert target.one(Operation.SIV_DECRYPT, key, associated, expected) == plain


def test_seal_derives_its_keys(target: SelfTest):
    secret = bytes(range(32))
    keys = HKDF(hashes.SHA256(), 64, salt=None, info=b"siv").derive(secret)
    sealed = target.one(Operation.SEAL, secret, b"record 1", b"contents")
    assert sealed == AESSIV(keys).encrypt(b"contents", [b"record 1"])
    assert target.one(Operation.OPEN, secret, b"record 1", sealed) == b"contents"


def test_an_empty_text_is_sealed_too(target: SelfTest):
    sealed = target.one(Operation.SEAL, bytes(32), b"record 1", b"")
    assert len(sealed) == 16
    assert target.one(Operation.OPEN, bytes(32), b"record 1", sealed) == b""
    assert not target.accepts(Operation.OPEN, bytes(32), b"record 2", sealed)


def test_every_flipped_bit_is_found(target: SelfTest):
    secret, associated, plain = bytes(range(32)), b"id 4711", bytes(range(20))
    sealed = target.one(Operation.SEAL, secret, associated, plain)
    for bit in range(8 * len(sealed)):
        damaged = bytearray(sealed)
        damaged[bit // 8] ^= 1 << bit % 8
        assert not target.accepts(Operation.OPEN, secret, associated, bytes(damaged)), bit


def test_another_key_or_association_does_not_open(target: SelfTest):
    sealed = target.one(Operation.SEAL, bytes(32), b"a", bytes(40))
    assert not target.accepts(Operation.OPEN, bytes(31) + b"\1", b"a", sealed)
    assert not target.accepts(Operation.OPEN, bytes(32), b"b", sealed)
    assert not target.accepts(Operation.OPEN, bytes(32), b"", sealed)
    assert not target.accepts(Operation.OPEN, bytes(32), b"a", sealed[:-1])


@pytest.mark.parametrize("length", [0, 16, 31, 33, 48, 65])
def test_a_key_of_another_length_is_refused(target: SelfTest, length: int):
    with pytest.raises(Refused) as refused:
        target.call(Operation.SIV_ENCRYPT, bytes(length), b"", b"text")
    assert refused.value.result == Result.ARGUMENT
