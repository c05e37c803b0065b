# SPDX-License-Identifier: GPL-2.0-or-later
"""ECDH and points: published secrets, points off the curve, curve parameters."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.crypto import agreement_cases
from tests.crypto.agreement_cases import HOST_CURVES, AgreementCase
from tests.crypto.selftest import Curve, Operation, Refused, Result, SelfTest
from tests.vector_counts import Taker

SPREAD = {Curve.SECP256R1: 40, Curve.SECP384R1: 10, Curve.SECP521R1: 8}


def agree(target: SelfTest, case: AgreementCase) -> bytes | None:
    """The shared secret; None if the point is refused, or the private key is no scalar at all."""
    try:
        return target.one(Operation.ECDH, case.curve, case.private, case.point)
    except Refused as refused:
        assert refused.result in (Result.POINT, Result.ARGUMENT)
        return None


@pytest.mark.parametrize("curve", SPREAD)
def test_wycheproof(target: SelfTest, curve: Curve, vectors: Taker):
    for case in vectors.take(agreement_cases.wycheproof_ecdh(curve), SPREAD[curve]):
        assert case.judge(agree(target, case)), case


@pytest.mark.parametrize("curve", agreement_cases.KAS_GROUPS)
def test_nist_primitive(target: SelfTest, curve: Curve, vectors: Taker):
    most = 12 if curve is Curve.SECP256R1 else 3
    for case in vectors.take(agreement_cases.nist_ecdh(curve), most):
        assert case.judge(agree(target, case)), case


@pytest.mark.parametrize("curve", agreement_cases.BRAINPOOL)
def test_brainpool(target: SelfTest, curve: Curve, vectors: Taker):
    """[RFC7027] A: the own public key of one side is the point of the other."""
    here, there = vectors.take(agreement_cases.brainpool(curve))
    for case, other in ((here, there), (there, here)):
        assert case.judge(agree(target, case)), case
        assert target.one(Operation.EC_PUBLIC, curve, case.private) == other.point


@pytest.mark.parametrize("curve", agreement_cases.KAS_GROUPS)
def test_nist_public_keys(target: SelfTest, curve: Curve, vectors: Taker):
    most = 10 if curve is Curve.SECP256R1 else 2
    for case in vectors.take(agreement_cases.nist_keys(curve), most):
        assert target.one(Operation.EC_PUBLIC, curve, case.private) == case.public
    one = (1).to_bytes(curve.width, "big")
    for case in vectors.take(agreement_cases.nist_points(curve), most):
        assert target.accepts(Operation.ECDH, curve, one, case.public) == case.valid, case


@pytest.mark.parametrize("curve", Curve)
def test_bad_points(target: SelfTest, curve: Curve):
    p, _, _, _, generator, _ = target.call(Operation.CURVE, curve)
    width, prime = curve.width, int.from_bytes(p, "big")
    x, y = generator[1 : 1 + width], generator[1 + width :]
    zero, ones = bytes(width), b"\xff" * width
    off = (int.from_bytes(y, "big") ^ 1).to_bytes(width, "big")
    private = (2).to_bytes(width, "big")
    bad = {
        "neutral element": zero + zero,
        "off the curve": x + off,
        "x = 0 without its y": zero + y,
        "x not below p": p + y,
        "y not below p": x + p,
        "all ones": ones + ones,
        "coordinates swapped": y + x,
    }
    if int.from_bytes(x, "big") + prime < 1 << 8 * width:
        bad["x + p"] = (int.from_bytes(x, "big") + prime).to_bytes(width, "big") + y
    for name, point in bad.items():
        for operation, parts in (
            (Operation.ECDH, (curve, private, point)),
            (Operation.ECDSA_VERIFY, (curve, point, bytes(32), private + private)),
        ):
            with pytest.raises(Refused) as refused:
                target.call(operation, *parts)
            assert refused.value.result == Result.POINT, (name, operation)


@pytest.mark.parametrize("curve", Curve)
def test_private_keys_out_of_range(target: SelfTest, curve: Curve):
    *_, order, generator, _ = target.call(Operation.CURVE, curve)
    n = int.from_bytes(order, "big")
    for number in (0, n, n + 1, (1 << 8 * curve.width) - 1):
        with pytest.raises(Refused) as refused:
            target.call(Operation.EC_PUBLIC, curve, number.to_bytes(curve.width, "big"))
        assert refused.value.result == Result.ARGUMENT
    assert target.one(Operation.EC_PUBLIC, curve, (1).to_bytes(curve.width, "big")) == generator[1:]


@pytest.mark.parametrize("curve", HOST_CURVES)
def test_parameters(target: SelfTest, curve: Curve):
    """The curve's equation, its generator and its order; generator and order from the host."""
    *numbers, generator, cofactor = target.call(Operation.CURVE, curve)
    p, a, b, n = (int.from_bytes(number, "big") for number in numbers)
    assert generator[0] == 4 and cofactor == (1).to_bytes(4, "little")
    x = int.from_bytes(generator[1 : 1 + curve.width], "big")
    y = int.from_bytes(generator[1 + curve.width :], "big")
    assert (y * y - (x * x * x + a * x + b)) % p == 0
    host = ec.derive_private_key(1, HOST_CURVES[curve]).public_key().public_numbers()
    assert (x, y) == (host.x, host.y)
    assert p.bit_length() == HOST_CURVES[curve].key_size
    # (n - 1) G = -G
    last = ec.derive_private_key(n - 1, HOST_CURVES[curve]).public_key().public_numbers()
    assert (last.x, last.y) == (x, p - y)


def test_unknown_curves_are_refused(target: SelfTest):
    for number in (0, 10, 255, 1 << 31):
        with pytest.raises(Refused) as refused:
            target.call(Operation.EC_GENERATE, number)
        assert refused.value.result == Result.ARGUMENT
