# SPDX-License-Identifier: GPL-2.0-or-later
"""EdDSA, X25519 and X448 against published vectors."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ed448, ed25519, x448, x25519

from tests.crypto import agreement_cases, signature_cases
from tests.crypto.agreement_cases import AgreementCase
from tests.crypto.selftest import EdwardsCurve, Operation, Refused, Result, SelfTest
from tests.crypto.signature_cases import EddsaCase
from tests.vector_counts import Taker, VectorSet

ED25519, ED448 = EdwardsCurve.ED25519, EdwardsCurve.ED448
X25519, X448 = EdwardsCurve.X25519, EdwardsCurve.X448
EddsaSource = Callable[[], VectorSet[EddsaCase]]
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


# Source of known answers -> how many on a chip.
EDDSA: dict[EddsaSource, int] = {
    signature_cases.ed25519_authors: 40,
    signature_cases.wycheproof_eddsa: 25,
    signature_cases.ed448: 8,
}


@pytest.mark.parametrize("source", EDDSA, ids=lambda source: source.__name__)
def test_published_signatures(target: SelfTest, source: EddsaSource, vectors: Taker):
    for case in vectors.take(source(), EDDSA[source]):
        assert target.one(Operation.EDWARDS_PUBLIC, case.curve, case.seed) == case.public
        signature = target.one(Operation.EDWARDS_SIGN, case.curve, case.seed, case.message)
        assert signature == case.signature, case


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


def agree(target: SelfTest, case: AgreementCase) -> bytes | None:
    """The shared secret; None if the point is refused."""
    try:
        return target.one(Operation.MONTGOMERY_ECDH, case.curve, case.private, case.point)
    except Refused as refused:
        assert refused.result == Result.POINT
        return None


@pytest.mark.parametrize("curve", [X25519, X448])
def test_rfc7748(target: SelfTest, curve: EdwardsCurve, vectors: Taker):
    """The third is the first step of [RFC7748]'s iteration, from the generator."""
    cases = vectors.take(agreement_cases.rfc7748(curve))
    assert len(cases) == 3
    for case in cases:
        assert case.judge(agree(target, case)), case
    assert cases[2].point[0] == (9 if curve is X25519 else 5)
    public = target.one(Operation.MONTGOMERY_PUBLIC, curve, cases[2].private)
    assert public == cases[2].shared


def test_wycheproof_x25519(target: SelfTest, vectors: Taker):
    cases = vectors.take(agreement_cases.wycheproof_x25519(), 60)
    assert sum(not case.valid for case in cases) > 1
    for case in cases:
        assert case.judge(agree(target, case)), case


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
