# SPDX-License-Identifier: GPL-2.0-or-later
"""RSA: published signatures and keys, raw operations, refusals, key generation."""

from __future__ import annotations

import hashlib
import math

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils

from tests.crypto import rsa_cases
from tests.crypto.conftest import Pick
from tests.crypto.rsa_cases import SIZES, Key, SignatureCase, VerificationCase, published_keys
from tests.crypto.selftest import Hash, Operation, Refused, Result, SelfTest
from tests.vector_counts import Taker

KEY_OBJECT = 3  # crypto_object_kind_t


@pytest.mark.parametrize("bits", SIZES)
def test_raw(target: SelfTest, bits: int, pick: Pick, vectors: Taker):
    few = 1 if bits > 2048 else 2
    for key in vectors.take(rsa_cases.key_set(bits), few):
        numbers = [0x1234567890ABCDEF ** (bits // 64) % key.n, 2, key.n - 2]
        for number in pick(numbers, few):
            expected = key.block(pow(number, key.d, key.n))
            assert target.one(Operation.RSA_PRIVATE, *key.parts, key.block(number), 1) == expected
            public = (bits, key.block(key.n), key.e)
            assert target.one(Operation.RSA_PUBLIC, *public, expected) == key.block(number)


def test_the_blinding_pair_is_squared_along(target: SelfTest):
    key = published_keys(1024)[0]
    expected = key.block(pow(3, key.d, key.n))
    for count in (1, 2, 3, 10):
        result = target.one(Operation.RSA_PRIVATE, *key.parts, key.block(3), count)
        assert result == expected


@pytest.mark.parametrize("bits", SIZES)
def test_edge_blocks(target: SelfTest, bits: int, pick: Pick):
    key = published_keys(bits)[0]
    for number in pick([key.n - 1, 1, 0], 1 if bits > 2048 else 3):
        expected = key.block(pow(number, key.d, key.n))
        assert target.one(Operation.RSA_PRIVATE, *key.parts, key.block(number), 1) == expected
    for number in (key.n, key.n + 1, (1 << bits) - 1):
        with pytest.raises(Refused) as refused:
            target.call(Operation.RSA_PRIVATE, *key.parts, key.block(number), 1)
        assert refused.value.result == Result.ARGUMENT


def digest(case: SignatureCase | VerificationCase) -> bytes:
    return hashlib.new(case.hash_.name, case.message).digest()


@pytest.mark.parametrize("bits", [1024, 1536, 2048])
def test_laboratories_signatures(target: SelfTest, bits: int, vectors: Taker):
    for case in vectors.take(rsa_cases.laboratories_pkcs1(bits), 3):
        parts = (*case.key.parts, case.hash_, digest(case))
        assert target.one(Operation.RSA_PKCS1, *parts) == case.signature
    for case in vectors.take(rsa_cases.laboratories_pss(bits), 2):
        parts = (*case.key.parts, case.hash_, digest(case), case.salt)
        assert target.one(Operation.RSA_PSS, *parts) == case.signature


@pytest.mark.parametrize("bits", SIZES)
def test_nist_signatures(target: SelfTest, bits: int, vectors: Taker):
    """With every hash: signing, checking of valid ones and of others."""
    signing, checking = rsa_cases.nist_signatures(bits)
    for case in vectors.take(signing, 5 if bits < 2048 else 1):
        parts = (*case.key.parts, case.hash_, digest(case))
        assert target.one(Operation.RSA_PKCS1, *parts) == case.signature
    for case in vectors.take(checking, 18):
        check_signature(target, Operation.RSA_VERIFY_PKCS1, case)


def check_signature(target: SelfTest, operation: Operation, case: VerificationCase) -> None:
    """Only what is exactly as it is signed is accepted."""
    parts = (8 * len(case.n), case.n, case.e, case.hash_, digest(case), case.signature)
    assert target.accepts(operation, *parts) == case.valid, case


@pytest.mark.parametrize("name", rsa_cases.SIGNATURES)
def test_wycheproof_signatures(target: SelfTest, name: str, vectors: Taker):
    for case in vectors.take(rsa_cases.wycheproof_checking(name), 40):
        check_signature(target, Operation.RSA_VERIFY_PKCS1, case)


@pytest.mark.parametrize("name", rsa_cases.PSS)
def test_wycheproof_pss(target: SelfTest, name: str, vectors: Taker):
    for case in vectors.take(rsa_cases.wycheproof_checking(name), 40):
        check_signature(target, Operation.RSA_VERIFY_PSS, case)


@pytest.mark.parametrize("hash_", Hash)
def test_every_hash(target: SelfTest, hash_: Hash):
    """Against the host: DigestInfo's prefixes, and PSS with a random salt."""
    key = published_keys(1536)[0]
    public = rsa.RSAPublicNumbers(key.e, key.n).public_key()
    algorithm = getattr(hashes, hash_.name)()
    digest = hashlib.new(hash_.name, b"message").digest()
    how = utils.Prehashed(algorithm)
    signature = target.one(Operation.RSA_PKCS1, *key.parts, hash_, digest)
    public.verify(signature, digest, padding.PKCS1v15(), how)
    signature = target.one(Operation.RSA_PSS, *key.parts, hash_, digest, b"")
    public.verify(signature, digest, padding.PSS(padding.MGF1(algorithm), len(digest)), how)
    assert target.one(Operation.RSA_PSS, *key.parts, hash_, digest, b"") != signature


def test_a_complete_digest_info(target: SelfTest):
    key = published_keys(1024)[0]
    info = bytes(range(117))
    padded = b"\x00\x01" + b"\xff" * 8 + b"\x00" + info
    expected = key.block(pow(int.from_bytes(padded, "big"), key.d, key.n))
    assert target.one(Operation.RSA_PKCS1, *key.parts, 0, info) == expected


@pytest.mark.parametrize(
    "operation, hash_, length",
    [
        (Operation.RSA_PKCS1, 0, 0),
        (Operation.RSA_PKCS1, 0, 118),
        (Operation.RSA_PKCS1, Hash.SHA256, 31),
        (Operation.RSA_PKCS1, Hash.SHA256, 0),
        (Operation.RSA_PKCS1, 6, 32),
        (Operation.RSA_PSS, Hash.SHA512, 64),  # 64 + 64 + 2 bytes do not fit into 128
        (Operation.RSA_PSS, 0, 0),
    ],
)
def test_what_does_not_fit_is_refused(
    target: SelfTest, operation: Operation, hash_: int, length: int
):
    key = published_keys(1024)[0]
    salt = [b""] if operation is Operation.RSA_PSS else []
    with pytest.raises(Refused) as refused:
        target.call(operation, *key.parts, hash_, bytes(length), *salt)
    assert refused.value.result == Result.ARGUMENT


def test_a_wrong_result_is_not_given_out(target: SelfTest):
    """A 'prime' that is none makes the power wrong, as a fault would; the check with e finds it."""
    small = range(3, 2000, 2)
    results = []
    for key in published_keys(1024)[:6]:
        for p in range(key.p + 2, key.p + 20000, 2):
            # No small factor: the blinding could not be inverted.
            if all(p % number for number in small) and math.gcd(key.e, p - 1) == 1:
                break
        broken = Key(1024, key.e, p, key.q)
        with pytest.raises(Refused) as refused:
            target.call(Operation.RSA_PRIVATE, *broken.parts, broken.block(2), 1)
        results.append(refused.value.result)
    assert results.count(Result.FAULT) >= 5


# --- Generation ----------------------------------------------------------------------------------


def _check(target: SelfTest, bits: int, e: int) -> None:
    modulus, sealed = target.call(Operation.RSA_GENERATE, bits, e)
    plain = target.one(Operation.OPEN, bytes(32), b"", sealed)
    half = bits // 16
    assert plain[0] == KEY_OBJECT
    assert int.from_bytes(plain[1:3], "big") == bits
    assert int.from_bytes(plain[3:7], "big") == e
    p, q, dp, dq, q_inverse = (
        int.from_bytes(plain[at : at + half], "big") for at in range(7, 7 + 5 * half, half)
    )
    assert len(plain) == 7 + 5 * half
    n = int.from_bytes(modulus, "big")
    assert p * q == n and n.bit_length() == bits
    for prime in (p, q):
        # [FIPS186-5] A.1.3: length, distance from 2^(bits/2), e invertible.
        assert prime.bit_length() == bits // 2 and prime >> (bits // 2 - 2) == 3
        assert math.gcd(prime - 1, e) == 1
    assert p > q and p - q > 1 << (bits // 2 - 100)
    d = pow(e, -1, math.lcm(p - 1, q - 1))
    assert d > 1 << (bits // 2)
    assert (dp, dq) == (d % (p - 1), d % (q - 1))
    assert q_inverse * q % p == 1
    numbers = rsa.RSAPrivateNumbers(p, q, d, dp, dq, q_inverse, rsa.RSAPublicNumbers(e, n))
    numbers.private_key()  # OpenSSL tests primality


def test_generate(target: SelfTest, pick: Pick):
    for e in pick([65537, 3, 0x7FFFFFFF], 1):
        target.seed(e)
        _check(target, 1024, e)


@pytest.mark.parametrize("bits", [1536, 2048])
def test_generate_longer_keys(fresh_qemu: SelfTest, bits: int):
    fresh_qemu.seed(bits)
    _check(fresh_qemu, bits, 65537)


@pytest.mark.parametrize("bits, e", [(512, 65537), (2047, 65537), (1025, 3), (8192, 65537)])
def test_other_sizes_are_refused(target: SelfTest, bits: int, e: int):
    with pytest.raises(Refused) as refused:
        target.call(Operation.RSA_GENERATE, bits, e)
    assert refused.value.result == Result.ARGUMENT


@pytest.mark.parametrize("bits, e", [(1024, 0), (1024, 1), (1024, 4), (1024, 1 << 31), (2048, 3)])
def test_other_exponents_are_refused(target: SelfTest, bits: int, e: int):
    with pytest.raises(Refused) as refused:
        target.call(Operation.RSA_GENERATE, bits, e)
    assert refused.value.result == Result.ARGUMENT


@pytest.mark.parametrize("polls", [0, 1, 5])
def test_generation_can_be_cancelled(target: SelfTest, polls: int):
    target.call(Operation.CANCEL, polls)
    with pytest.raises(Refused) as refused:
        target.call(Operation.RSA_GENERATE, 2048, 65537)
    assert refused.value.result == Result.CANCELLED
    target.call(Operation.CANCEL, 0xFFFF_FFFF)
