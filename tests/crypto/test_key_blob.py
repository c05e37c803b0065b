# SPDX-License-Identifier: GPL-2.0-or-later
"""Key blobs: the core and the twin read each other; what is damaged."""

from __future__ import annotations

import math
import random

import pytest

from tests.crypto.rsa_cases import published_keys
from tests.crypto.selftest import Curve, EdwardsCurve, Operation, Refused, Result, SelfTest
from tests.crypto.twin import Handle, blobs, hsm_crypto, opened, rsa_key, sealed

DKEK = bytes(range(32))
SECRET = hsm_crypto.Secret.from_bytes(DKEK)
ALGORITHMS = bytes.fromhex("7073")


def wrapped_by_twin(key: Handle, algorithms: bytes = ALGORITHMS) -> bytes:
    buffer = bytearray(2000)
    return bytes(buffer[: SECRET.wrap_into(key, algorithms, buffer)])


def there_and_back(target: SelfTest, key: Handle) -> None:
    """Both readers read both writers."""
    form = sealed(key)
    blob = target.one(Operation.WRAP, DKEK, ALGORITHMS, form)
    again, algorithms = SECRET.unwrap(blob)
    assert sealed(again) == form and algorithms == ALGORITHMS
    theirs = wrapped_by_twin(key)
    # All but the random bytes, which CBC carries through the ciphertext, and the MAC.
    assert len(theirs) == len(blob)
    assert target.call(Operation.UNWRAP, DKEK, theirs) == [ALGORITHMS, form]


def refusal(target: SelfTest, blob: bytes, dkek: bytes = DKEK) -> Result | int:
    with pytest.raises(Refused) as refused:
        target.call(Operation.UNWRAP, dkek, blob)
    return refused.value.result


@pytest.mark.parametrize("curve", Curve)
def test_weierstrass_keys(target: SelfTest, curve: Curve):
    there_and_back(target, hsm_crypto.EcKey.generate(curve))


@pytest.mark.parametrize("curve", Curve)
def test_short_scalars_are_widened(target: SelfTest, curve: Curve):
    """Private numbers travel without leading zeros."""
    there_and_back(target, hsm_crypto.EcKey._from_scalar(curve, 0x1234))


@pytest.mark.parametrize("curve", EdwardsCurve)
def test_edwards_and_montgomery_keys(target: SelfTest, curve: EdwardsCurve):
    kind = hsm_crypto.EdwardsKey if curve.name.startswith("ED") else hsm_crypto.MontgomeryKey
    there_and_back(target, kind.generate(curve))


@pytest.mark.parametrize("bits", [128, 192, 256, 512])
def test_aes_keys(target: SelfTest, bits: int):
    there_and_back(target, hsm_crypto.AesKey.generate(bits))


@pytest.mark.parametrize("bits", [1024, 1536, 2048])
def test_rsa_keys(target: SelfTest, bits: int):
    key = published_keys(bits)[0]
    there_and_back(target, rsa_key(key.p, key.q, key.e))


@pytest.mark.parametrize("bits", [3072, 4096])
def test_longer_rsa_keys(fresh_qemu: SelfTest, bits: int):
    key = published_keys(bits)[0]
    there_and_back(fresh_qemu, rsa_key(key.p, key.q, key.e))


def build(kind: int, size: int, *fields: bytes) -> bytes:
    """A blob of any type, without allowed algorithms."""
    return blobs.build(DKEK, b"", kind, size, b"".join(map(blobs.item, fields)))


def rsa_blob(kind: int, *numbers: int) -> bytes:
    size = max(number.bit_length() for number in numbers)
    return build(kind, size, *map(blobs.minimal, numbers))


def test_any_private_exponent_gives_the_primes(target: SelfTest):
    """Reduced modulo (p-1)(q-1) or their least common multiple, with various common divisors."""
    divisors = set()
    for key in published_keys(1024)[:6]:
        form = sealed(rsa_key(key.p, key.q, key.e))
        divisors.add(math.gcd(key.p - 1, key.q - 1))
        for d in {key.d, pow(key.e, -1, (key.p - 1) * (key.q - 1))}:
            blob = rsa_blob(blobs.TYPE_RSA, d, key.n, key.e)
            assert target.call(Operation.UNWRAP, DKEK, blob) == [b"", form]
    assert len(divisors) > 1


def test_rsa_with_crt_parameters(target: SelfTest):
    """Type 06: dP, dQ, p, 1/q mod p, q, n, e; in either order of the primes."""
    key = published_keys(1024)[0]
    form = sealed(rsa_key(key.p, key.q, key.e))
    for p, q in ((key.p, key.q), (key.q, key.p)):
        numbers = (key.d % (p - 1), key.d % (q - 1), p, pow(q, -1, p), q, key.n, key.e)
        blob = rsa_blob(blobs.TYPE_RSA_CRT, *numbers)
        assert target.call(Operation.UNWRAP, DKEK, blob) == [b"", form]


def test_rsa_numbers_that_do_not_belong_together(target: SelfTest):
    key = published_keys(1024)[0]
    other = published_keys(1024)[1]
    wrong = [
        rsa_blob(blobs.TYPE_RSA, key.d + 2, key.n, key.e),
        rsa_blob(blobs.TYPE_RSA, 0, key.n, key.e),
        rsa_blob(blobs.TYPE_RSA, 1, key.n, key.e),
        rsa_blob(blobs.TYPE_RSA, key.d, other.n, key.e),
        rsa_blob(blobs.TYPE_RSA, key.d, key.n, 2),
        rsa_blob(blobs.TYPE_RSA, key.d, key.n, 1 << 40),
        rsa_blob(blobs.TYPE_RSA, key.d, key.n >> 8, key.e),
        rsa_blob(blobs.TYPE_RSA, key.d, key.n),
        rsa_blob(blobs.TYPE_RSA_CRT, 1, 1, key.p, 1, other.q, key.n, key.e),
        rsa_blob(blobs.TYPE_RSA_CRT, 1, 1, key.n, 1, 1, key.n, key.e),
    ]
    for blob in wrong:
        assert refusal(target, blob) == Result.FAILED


def ec_blob(curve: int, **changes: bytes) -> bytes:
    """A blob of the scalar 5, with some fields exchanged."""
    p, a, b, g, n, _ = hsm_crypto.curve_parameters(curve)
    key = hsm_crypto.EcKey._from_scalar(2, 5)
    fields = {"a": a, "b": b, "p": p, "n": n, "g": g, "d": b"\x05", "q": key.public()}
    return build(blobs.TYPE_EC, 256, *(fields | changes).values())


def test_what_writers_leave_out_is_not_needed(target: SelfTest):
    """Some write no A on curves where it is -3, and no public key."""
    form = sealed(hsm_crypto.EcKey._from_scalar(2, 5))
    for changes in ({}, {"a": b""}, {"q": b""}, {"d": bytes(40) + b"\x05"}):
        assert target.call(Operation.UNWRAP, DKEK, ec_blob(2, **changes)) == [b"", form]


def test_points_and_scalars_that_do_not_belong_together(target: SelfTest):
    p, _, _, g, n, _ = hsm_crypto.curve_parameters(2)
    changes: list[dict[str, bytes]] = [
        {"p": p[:-1] + b"\xfe"},
        {"p": b""},
        {"d": b""},
        {"d": n},
        {"d": b"\x01" + bytes(32)},
        {"q": g},
        {"q": b"\x02" + g[1:33]},
        {"q": b"\x04"},
    ]
    for change in changes:
        assert refusal(target, ec_blob(2, **change)) == Result.FAILED, change


def test_authentic_bytes_that_are_no_key(target: SelfTest):
    wrong = [
        build(0x07, 256, b"1234"),
        blobs.build(DKEK, b"", blobs.TYPE_AES, 15, bytes(15)),
        blobs.build(DKEK, b"", blobs.TYPE_AES, 600, bytes(32)),
        build(blobs.TYPE_EC, 256, *[b"x"] * 3),
        build(blobs.TYPE_RSA, 1024),
    ]
    # A header that ends behind its end, and no ciphertext at all.
    whole = wrapped_by_twin(hsm_crypto.AesKey.generate(128))
    for head in (whole[:8] + b"\x0f\xff\xff", whole[:9] + bytes(8)):
        body = head + bytes(33 - len(head)) if len(head) < 17 else head
        wrong.append(blobs.authenticated(DKEK, body))
    for blob in wrong:
        assert refusal(target, blob) == Result.FAILED


def test_every_byte_is_authentic(target: SelfTest):
    blob = wrapped_by_twin(hsm_crypto.AesKey.generate(256))
    positions = random.Random(4).sample(range(len(blob)), 20) + [0, 8, len(blob) - 1]
    for position in positions:
        changed = bytearray(blob)
        changed[position] ^= 0x01
        assert refusal(target, bytes(changed)) == Result.AUTHENTICATION, position
    for length in (0, 8, 32, len(blob) - 1):
        assert refusal(target, blob[:length]) == Result.AUTHENTICATION
    assert refusal(target, blob, bytes(32)) == Result.AUTHENTICATION


def test_other_lengths_of_the_dkek_are_refused(target: SelfTest):
    form = sealed(hsm_crypto.AesKey.generate(128))
    for length in (16, 31, 64):
        for operation, parts in (
            (Operation.WRAP, (b"", form)),
            (Operation.UNWRAP, (bytes(64),)),
        ):
            with pytest.raises(Refused) as refused:
                target.call(operation, bytes(length), *parts)
            assert refused.value.result == Result.ARGUMENT


def test_what_is_no_key_is_not_wrapped(target: SelfTest):
    for handle in (hsm_crypto.Secret.random(32), hsm_crypto.HdNode.generate(1)):
        with pytest.raises(Refused) as refused:
            target.call(Operation.WRAP, DKEK, b"", sealed(handle))
        assert refused.value.result == Result.ARGUMENT
    with pytest.raises(Refused) as refused:
        form = sealed(hsm_crypto.AesKey.generate(128))
        target.call(Operation.WRAP, DKEK, bytes(256), form)
    assert refused.value.result == Result.ARGUMENT


def test_random_bytes_differ(target: SelfTest):
    form = sealed(hsm_crypto.AesKey.generate(128))
    made = {target.one(Operation.WRAP, DKEK, b"", form) for _ in range(4)}
    assert len(made) == 4
    assert {sealed(opened(form))} == {form}
