# SPDX-License-Identifier: GPL-2.0-or-later
"""Known answers of CIPHER's key derivation: X9.63, HKDF, PBKDF2, PBES2, DERIVE.

Only X9.63 has published answers whose secrets are as long as keys of the card.
"""

from __future__ import annotations

import itertools

import pytest
from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from sim.life.card import tlv
from tests.crypto import mac_cases
from tests.crypto.mac_cases import DerivationCase
from tests.crypto.selftest import Hash
from tests.image.vector_card import (
    EXTENDED_DECRYPT,
    EXTENDED_ENCRYPT,
    HMAC_NUMBERS,
    INS_CIPHER,
    OID_AES,
    OID_HMAC,
    OID_PKCS5,
    OID_SMIME,
    OID_X963,
    SECRET_KEY_BYTES,
    VectorCard,
    made_up,
    number,
)
from tests.vector_counts import HOST, Taker, VectorSet

DERIVE = 0x99
HKDF_NUMBERS = {Hash.SHA256: 0x1D, Hash.SHA384: 0x1E, Hash.SHA512: 0x1F}
PBKDF2, PBES2 = OID_PKCS5 + b"\x0c", OID_PKCS5 + b"\x0d"
CBC_NUMBERS = {128: 2, 192: 22, 256: 42}
ITERATIONS = 20


def host_hash(hash_: Hash) -> hashes.HashAlgorithm:
    return getattr(hashes, hash_.name)()


def hmac_oid(hash_: Hash) -> bytes:
    return OID_HMAC + bytes([HMAC_NUMBERS[hash_]])


@pytest.mark.parametrize("hash_", Hash)
def test_x963(card: VectorCard, vectors: Taker, hash_: Hash) -> None:
    found = mac_cases.x963(hash_)
    for case in vectors.take(found, 5, lambda case: len(case.secret) in SECRET_KEY_BYTES):
        card.set_secret(case.secret)
        parameters = {"data": hmac_oid(hash_), "info": case.info, "ne": len(case.key)}
        response = card.extended(EXTENDED_ENCRYPT, OID_X963, **parameters)
        assert response.ok and response.data == case.key, case


def made_hkdf(hash_: Hash) -> VectorSet[DerivationCase]:
    """With and without salt and info, shorter than a hash and longer."""
    cases = []
    uses = itertools.product((b"", b"salt"), (b"", b"info"), (20, 100))
    for size, (salt, info, length) in zip(itertools.cycle(SECRET_KEY_BYTES), uses, strict=False):
        secret = made_up("HKDF", size)
        key = HKDF(host_hash(hash_), length, salt or None, info).derive(secret)
        cases.append(DerivationCase(secret, salt, info, key))
    return VectorSet(HOST, "HKDF", hash_.name, cases)


@pytest.mark.parametrize("hash_", HKDF_NUMBERS)
def test_hkdf(card: VectorCard, vectors: Taker, hash_: Hash) -> None:
    oid = OID_SMIME + bytes([HKDF_NUMBERS[hash_]])
    for case in vectors.take(made_hkdf(hash_)):
        card.set_secret(case.secret)
        parameters = {"data": case.info or None, "iv": case.salt, "ne": len(case.key)}
        response = card.extended(EXTENDED_ENCRYPT, oid, **parameters)
        assert response.ok and response.data == case.key, case


def test_derive(card: VectorCard, vectors: Taker) -> None:
    """HKDF with SHA-256: as many bytes as the data has, which is the info."""
    cases = []
    for size, length in zip(SECRET_KEY_BYTES, (1, 16, 32, 100), strict=True):
        secret, info = made_up("DERIVE", size), bytes(range(length))
        key = HKDF(hashes.SHA256(), length, None, info).derive(secret)
        cases.append(DerivationCase(secret, b"", info, key))
    for case in vectors.take(VectorSet(HOST, "HKDF", "DERIVE SYMMETRIC", cases)):
        card.set_secret(case.secret)
        response = card.use(INS_CIPHER, DERIVE, case.info)
        assert response.ok and response.data == case.key, case


def pbkdf2_parameters(case: DerivationCase, hash_: Hash) -> bytes:
    """PBKDF2-params of [RFC8018] A.2, without the SEQUENCE around them."""
    algorithm = tlv(0x30, tlv(0x06, hmac_oid(hash_)) + tlv(0x05, b""))
    return tlv(0x04, case.salt) + tlv(0x02, number(case.iterations)) + algorithm


def made_pbkdf2(hash_: Hash, length: int) -> list[DerivationCase]:
    cases = []
    for size in SECRET_KEY_BYTES:
        secret, salt = made_up("PBKDF2", size), bytes(range(size // 2))
        key = PBKDF2HMAC(host_hash(hash_), length, salt, ITERATIONS).derive(secret)
        cases.append(DerivationCase(secret, salt, b"", key, ITERATIONS))
    return cases


@pytest.mark.parametrize("hash_", Hash)
def test_pbkdf2(card: VectorCard, vectors: Taker, hash_: Hash) -> None:
    for case in vectors.take(VectorSet(HOST, "PBKDF2", hash_.name, made_pbkdf2(hash_, 70))):
        card.set_secret(case.secret)
        parameters = {"data": pbkdf2_parameters(case, hash_), "ne": len(case.key)}
        response = card.extended(EXTENDED_ENCRYPT, PBKDF2, **parameters)
        assert response.ok and response.data == case.key, case


@pytest.mark.parametrize("bits", CBC_NUMBERS)
def test_pbes2(card: VectorCard, vectors: Taker, bits: int) -> None:
    """AES-CBC with padding under the derived key."""
    iv = bytes(range(16))
    cases = made_pbkdf2(Hash.SHA256, bits // 8)
    for case, length in zip(
        vectors.take(VectorSet(HOST, "PBES2", f"{bits} bits", cases)), (0, 1, 16, 100), strict=True
    ):
        message = bytes(range(length))
        padder = padding.PKCS7(128).padder()
        cipher = Cipher(algorithms.AES(case.key), modes.CBC(iv)).encryptor()
        sealed = cipher.update(padder.update(message) + padder.finalize())
        derivation = tlv(0x06, PBKDF2) + tlv(0x30, pbkdf2_parameters(case, Hash.SHA256))
        scheme = tlv(0x06, OID_AES + bytes([CBC_NUMBERS[bits]])) + tlv(0x04, iv)
        info = tlv(0x30, derivation) + tlv(0x30, scheme)
        card.set_secret(case.secret)
        response = card.extended(EXTENDED_ENCRYPT, PBES2, data=message, info=info)
        assert response.ok and response.data == sealed, case
        response = card.extended(EXTENDED_DECRYPT, PBES2, data=sealed, info=info)
        assert response.ok and response.data == message, case
