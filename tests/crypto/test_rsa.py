# SPDX-License-Identifier: GPL-2.0-or-later
"""RSA: published signatures and keys, raw operations, refusals, key generation."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils

from tests.crypto import nist, wycheproof
from tests.crypto.conftest import Pick
from tests.crypto.selftest import Hash, Operation, Part, Refused, Result, SelfTest

SIZES = (1024, 1536, 2048, 3072, 4096)
LABORATORIES = "asymmetric/RSA/pkcs-1v2-1d2-vec/pss-vect.txt"
KEY_OBJECT = 3  # crypto_object_kind_t


@dataclass(frozen=True)
class Key:
    """A private key as the requests carry it."""

    bits: int
    e: int
    p: int
    q: int

    @property
    def n(self) -> int:
        """The modulus."""
        return self.p * self.q

    @property
    def d(self) -> int:
        """A private exponent."""
        return pow(self.e, -1, math.lcm(self.p - 1, self.q - 1))

    @property
    def parts(self) -> tuple[Part, ...]:
        """What begins every request that uses the key."""
        length = self.bits // 16
        return self.bits, self.e, self.p.to_bytes(length, "big"), self.q.to_bytes(length, "big")

    def block(self, number: int) -> bytes:
        """A number of the modulus's length."""
        return number.to_bytes(self.bits // 8, "big")


def published_keys(bits: int) -> list[Key]:
    """Keys of CAVP's KeyGen (X9.31) that the core takes: from 2048 bits on with e >= 65537."""
    keys = []
    for record in nist.records("asymmetric/RSA/FIPS_186-2/KeyGenRSA.rsp", "e", "p", "q", "n"):
        key = Key(bits, *(int(record[name], 16) for name in ("e", "p", "q")))
        if key.n.bit_length() == bits and (bits < 2048 or key.e >= 65537):
            assert key.n == int(record["n"], 16)
            keys.append(key)
    return keys


def laboratories(path: str) -> list[tuple[Key, list[dict[str, bytes]]]]:
    """RSA Laboratories' keys of the core's sizes, with their examples."""
    found = []
    for fields, examples in nist.rsa_examples(path):
        e, p, q = (
            int.from_bytes(fields[name], "big")
            for name in ("Public exponent", "Prime 1", "Prime 2")
        )
        if (p * q).bit_length() in SIZES:
            found.append((Key((p * q).bit_length(), e, p, q), examples))
    return found


@pytest.mark.parametrize("bits", SIZES)
def test_raw(target: SelfTest, bits: int, pick: Pick):
    keys = published_keys(bits)
    assert len(keys) >= 2
    few = 1 if bits > 2048 else 2
    for key in pick(keys, few):
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


def test_pkcs1_vectors(target: SelfTest, pick: Pick):
    keys = laboratories("asymmetric/RSA/pkcs1v15sign-vectors.txt")
    assert {key.bits for key, _ in keys} == {1024, 1536, 2048}
    for key, examples in keys[-3:]:
        assert len(examples) == 20
        for example in pick(examples, 2):
            digest = hashlib.sha1(example["Message to be signed"]).digest()
            signature = target.one(Operation.RSA_PKCS1, *key.parts, Hash.SHA1, digest)
            assert signature == example["Signature"]


def test_pss_vectors(target: SelfTest, pick: Pick):
    keys = laboratories(LABORATORIES)
    assert {key.bits for key, _ in keys} == {1024, 1536, 2048}
    for key, examples in keys:
        assert len(examples) == 6
        for example in pick(examples, 2):
            digest = hashlib.sha1(example["Message to be signed"]).digest()
            salt = example["Salt"]
            signature = target.one(Operation.RSA_PSS, *key.parts, Hash.SHA1, digest, salt)
            assert signature == example["Signature"]


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


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_wycheproof_signatures(target: SelfTest, bits: int, pick: Pick):
    """Valid signatures opened by the public operation are exactly what RFC 8017 9.2 says."""
    prefix = bytes.fromhex("3031300d060960864801650304020105000420")
    name = f"rsa_signature_{bits}_sha256" if bits < 4096 else "rsa_signature_4096_sha384"
    if bits == 4096:
        prefix = bytes.fromhex("3041300d060960864801650304020205000430")
    hash_name = name[-6:]
    found = [test for test in wycheproof.tests(name) if test.valid]
    assert found
    for test in pick(found, 5):
        length = bits // 8
        n, e = (int(test.group[field], 16) for field in ("n", "e"))
        info = prefix + hashlib.new(hash_name, bytes.fromhex(test.fields["msg"])).digest()
        expected = b"\x00\x01" + b"\xff" * (length - len(info) - 3) + b"\x00" + info
        signature = bytes.fromhex(test.fields["sig"])
        assert (
            target.one(Operation.RSA_PUBLIC, bits, n.to_bytes(length, "big"), e, signature)
            == expected
        )


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
