# SPDX-License-Identifier: GPL-2.0-or-later
"""EdDSA, X25519 and X448 against published vectors."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ed448, ed25519, x448, x25519

from tests.crypto import nist, wycheproof
from tests.crypto.conftest import Pick
from tests.crypto.selftest import EdwardsCurve, Operation, Refused, Result, SelfTest

ED25519, ED448 = EdwardsCurve.ED25519, EdwardsCurve.ED448
X25519, X448 = EdwardsCurve.X25519, EdwardsCurve.X448
PRIMES = {ED25519: 2**255 - 19, ED448: 2**448 - 2**224 - 1}
WIDTH = {X25519: 32, X448: 56}
# u coordinates of points of small order, on the curve or its twist; some plus p.
SMALL_ORDER = {
    X25519: [
        0,
        1,
        325606250916557431795983626356110631294008115727848805560023387167927233504,
        39382357235489614581723060781553021112529911719440698176882885853963445705823,
        2**255 - 20,
        2**255 - 19,
        2**255 - 18,
    ],
    X448: [0, 1, 2**448 - 2**224 - 2, 2**448 - 2**224 - 1, 2**448 - 2**224],
}


def test_ed25519_of_its_authors(target: SelfTest, pick: Pick):
    """1024 signatures: seed || public, public, message, signature || message."""
    lines = nist.text("asymmetric/Ed25519/sign.input").split()
    assert len(lines) == 1024
    for line in pick(lines, 40):
        seed, public, message, signed = map(bytes.fromhex, line.split(":")[:4])
        seed = seed[:32]
        assert target.one(Operation.EDWARDS_PUBLIC, ED25519, seed) == public
        assert target.one(Operation.EDWARDS_SIGN, ED25519, seed, message) == signed[:64]


def test_wycheproof_eddsa(target: SelfTest, pick: Pick):
    """Its valid signatures are the ones that [RFC8032] defines; the card verifies none."""
    tests = [test for test in wycheproof.tests("eddsa") if test.valid]
    assert len(tests) > 60
    for test in pick(tests, 25):
        seed = bytes.fromhex(test.group["key"]["sk"])
        assert len(seed) == 32
        message = bytes.fromhex(test.fields["msg"])
        signature = target.one(Operation.EDWARDS_SIGN, ED25519, seed, message).hex()
        assert signature == test.fields["sig"], test.number


def test_ed448(target: SelfTest, pick: Pick):
    """[RFC8032] 7.4, those without a context."""
    records = nist.records("asymmetric/Ed448/rfc8032.txt", "SECRET", "SIGNATURE")
    found = [record for record in records if "CONTEXT" not in record]
    assert len(found) >= 8
    for record in pick(found, 8):
        seed = record.hex("SECRET")
        assert target.one(Operation.EDWARDS_PUBLIC, ED448, seed) == record.hex("PUBLIC")
        signature = target.one(Operation.EDWARDS_SIGN, ED448, seed, record.hex("MESSAGE"))
        assert signature == record.hex("SIGNATURE")


@pytest.mark.parametrize("curve", [ED25519, ED448])
def test_fresh_edwards_keys(target: SelfTest, curve: EdwardsCurve):
    """The host accepts what they sign."""
    kind = ed25519.Ed25519PublicKey if curve is ED25519 else ed448.Ed448PublicKey
    seeds = set()
    for _ in range(3):
        seed, public = target.call(Operation.EDWARDS_GENERATE, curve)
        signature = target.one(Operation.EDWARDS_SIGN, curve, seed, b"message")
        kind.from_public_bytes(public).verify(signature, b"message")
        seeds.add(seed)
    assert len(seeds) == 3


@pytest.mark.parametrize("curve", [X25519, X448])
def test_rfc7748(target: SelfTest, curve: EdwardsCurve, pick: Pick):
    """[RFC7748] 5.2; the third is the first step of its iteration, from the generator."""
    path = f"asymmetric/{curve.name}/rfc7748.txt"
    found = list(nist.records(path, "INPUT_SCALAR", "OUTPUT_U"))
    assert len(found) >= 3
    for record in pick(found, 5):
        private, point = record.hex("INPUT_SCALAR"), record.hex("INPUT_U")
        shared = target.one(Operation.MONTGOMERY_ECDH, curve, private, point)
        assert shared == record.hex("OUTPUT_U")
    assert found[2].hex("INPUT_U")[0] == (9 if curve is X25519 else 5)
    public = target.one(Operation.MONTGOMERY_PUBLIC, curve, found[2].hex("INPUT_SCALAR"))
    assert public == found[2].hex("OUTPUT_U")


def test_wycheproof_x25519(target: SelfTest, pick: Pick):
    """Points on the twist, not below p, with the unused bit; small order is refused."""
    refused = 0
    for test in pick(list(wycheproof.tests("x25519")), 60):
        names = ("private", "public", "shared")
        private, public, shared = (bytes.fromhex(test.fields[name]) for name in names)
        parts = (Operation.MONTGOMERY_ECDH, X25519, private, public)
        if shared == bytes(32):
            assert not target.accepts(*parts), test.number
            refused += 1
        else:
            assert target.one(*parts) == shared, (test.number, test.fields["comment"])
    assert refused > 1


@pytest.mark.parametrize("curve", [X25519, X448])
def test_fresh_montgomery_keys_agree_with_the_host(target: SelfTest, curve: EdwardsCurve):
    private, public = target.call(Operation.MONTGOMERY_GENERATE, curve)
    assert target.call(Operation.MONTGOMERY_GENERATE, curve)[0] != private
    if curve is X25519:
        host = x25519.X25519PrivateKey.generate()
        shared = host.exchange(x25519.X25519PublicKey.from_public_bytes(public))
    else:
        host = x448.X448PrivateKey.generate()
        shared = host.exchange(x448.X448PublicKey.from_public_bytes(public))
    theirs = host.public_key().public_bytes_raw()
    assert target.one(Operation.MONTGOMERY_ECDH, curve, private, theirs) == shared


@pytest.mark.parametrize("curve", [X25519, X448])
def test_points_of_small_order_are_refused(target: SelfTest, curve: EdwardsCurve):
    private = bytes(range(1, WIDTH[curve] + 1))
    for u in SMALL_ORDER[curve]:
        point = u.to_bytes(WIDTH[curve], "little")
        with pytest.raises(Refused) as refused:
            target.call(Operation.MONTGOMERY_ECDH, curve, private, point)
        assert refused.value.result == Result.POINT, u


@pytest.mark.parametrize("curve", EdwardsCurve)
def test_parameters(target: SelfTest, curve: EdwardsCurve):
    """The generator satisfies the curve's equation and is the public key of the scalar's order."""
    p, a, b, n, generator, cofactor = target.call(Operation.CURVE, curve)
    prime, a, b = (int.from_bytes(value, "big") for value in (p, a, b))
    assert prime == PRIMES[ED25519 if "25519" in curve.name else ED448]
    assert int.from_bytes(cofactor, "little") == (8 if "25519" in curve.name else 4)
    order = int.from_bytes(n, "big")
    # Hasse: the order times the cofactor is within 2 sqrt(p) of p + 1.
    distance = order * int.from_bytes(cofactor, "little") - prime - 1
    assert distance * distance <= 4 * prime
    value = int.from_bytes(generator[: len(p)], "little")
    if curve in (ED25519, ED448):
        # a x^2 + y^2 = 1 + d x^2 y^2 has an x.
        x_squared = (value * value - 1) * pow(b * value * value - a, -1, prime) % prime
        assert pow(x_squared, (prime - 1) // 2, prime) == 1
    else:
        right = (value**3 + a * value * value + value) % prime
        assert b == 1 and pow(right, (prime - 1) // 2, prime) == 1


def test_unknown_curves_are_refused(target: SelfTest):
    for operation in (Operation.EDWARDS_GENERATE, Operation.MONTGOMERY_GENERATE):
        wrong = [0, 2, 14, 255] + ([X25519, X448] if "EDWARDS" in operation.name else [ED25519])
        for number in wrong:
            with pytest.raises(Refused) as refused:
                target.call(operation, number)
            assert refused.value.result == Result.ARGUMENT
