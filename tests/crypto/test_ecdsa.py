# SPDX-License-Identifier: GPL-2.0-or-later
"""ECDSA: published signatures, wrong ones, RFC 6979's nonces, hedging."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from tests.crypto import signature_cases
from tests.crypto.agreement_cases import HOST_CURVES, NIST_NAMES
from tests.crypto.selftest import Curve, Operation, Refused, Result, SelfTest
from tests.crypto.signature_cases import EcdsaCase
from tests.vector_counts import Taker

# Per curve: about half a thousand million instructions on the RP2040.
SPREAD = {Curve.SECP256R1: 48, Curve.SECP384R1: 10, Curve.SECP521R1: 8}


def check(target: SelfTest, case: EcdsaCase) -> None:
    """The core's verdict is the case's."""
    parts = (case.curve, case.point, case.digest, case.signature)
    assert target.accepts(Operation.ECDSA_VERIFY, *parts) == case.valid, case


@pytest.mark.parametrize("name", signature_cases.WYCHEPROOF_FILES)
def test_wycheproof(target: SelfTest, name: str, vectors: Taker):
    found = signature_cases.wycheproof_ecdsa(name)
    assert len(found.cases) > 200
    for case in vectors.take(found, SPREAD[found.cases[0].curve]):
        check(target, case)


@pytest.mark.parametrize("curve", sorted(set(signature_cases.CURVES.values())))
def test_published_signatures(target: SelfTest, curve: Curve, vectors: Taker):
    most = 16 if curve is Curve.SECP256R1 else 4
    for case in vectors.take(signature_cases.nist_signatures(curve), most):
        check(target, case)


@pytest.mark.parametrize("curve", NIST_NAMES.values())
def test_altered_signatures(target: SelfTest, curve: Curve, vectors: Taker):
    """CAVP's SigVer: message, key or a number changed."""
    most = 20 if curve is Curve.SECP256R1 else 6
    for case in vectors.take(signature_cases.nist_altered(curve), most):
        check(target, case)


def test_rfc6979_nonces(target: SelfTest, vectors: Taker):
    """Without additional entropy the signature is RFC 6979's, where it uses our nonce's hash."""
    cases = vectors.take(signature_cases.rfc6979())
    assert len(cases) == 8
    for case in cases:
        parts = (case.curve, case.private, case.digest, b"")
        raw, encoded = target.call(Operation.ECDSA_SIGN, *parts)
        assert raw == case.signature, case
        assert encoded == case.der


@pytest.mark.parametrize("curve", Curve)
def test_sign_with_a_fresh_key(target: SelfTest, curve: Curve):
    private, point = target.call(Operation.EC_GENERATE, curve)
    assert target.one(Operation.EC_PUBLIC, curve, private) == point
    digest = hashlib.sha256(b"message").digest()
    signature = target.one(Operation.ECDSA_HEDGED, curve, private, digest)
    assert target.accepts(Operation.ECDSA_VERIFY, curve, point, digest, signature)
    if curve in HOST_CURVES:
        key = ec.EllipticCurvePublicKey.from_encoded_point(HOST_CURVES[curve], b"\x04" + point)
        width = curve.width
        r, s = (int.from_bytes(signature[at : at + width], "big") for at in (0, width))
        how = ec.ECDSA(utils.Prehashed(hashes.SHA256()))
        key.verify(utils.encode_dss_signature(r, s), digest, how)
        with pytest.raises(InvalidSignature):
            key.verify(utils.encode_dss_signature(r, s + 1), digest, how)


# Leftmost bits count: [FIPS186-5] 6.4.1. 66 bytes fill P-521 and are shifted by 7 bits.
@pytest.mark.parametrize("curve", [Curve.SECP256R1, Curve.SECP521R1])
@pytest.mark.parametrize("length", [1, 19, 20, 31, 32, 33, 48, 64, 65, 66])
def test_any_length_of_hash(target: SelfTest, curve: Curve, length: int):
    """The nonce that follows from s, the key and the number that should be signed must give r."""
    n = int.from_bytes(target.call(Operation.CURVE, curve)[3], "big")
    key = 0xC0FFEE
    private = key.to_bytes(curve.width, "big")
    digest = bytes([0xE5] * length)
    bits = 521 if curve is Curve.SECP521R1 else 256
    number = int.from_bytes(digest, "big") >> max(0, 8 * length - bits)
    signature = target.one(Operation.ECDSA_SIGN, curve, private, digest, b"")
    r, s = (int.from_bytes(signature[at : at + curve.width], "big") for at in (0, curve.width))
    k = (number + r * key) * pow(s, -1, n) % n
    point = ec.derive_private_key(k, HOST_CURVES[curve]).public_key().public_numbers()
    assert point.x % n == r


@pytest.mark.parametrize("length", [0, 67])
def test_a_hash_without_or_with_too_many_bytes_is_refused(target: SelfTest, length: int):
    private = (1).to_bytes(32, "big")
    with pytest.raises(Refused) as refused:
        target.call(Operation.ECDSA_HEDGED, Curve.SECP256R1, private, bytes(length))
    assert refused.value.result == Result.ARGUMENT


def test_nonces_are_hedged(target: SelfTest):
    """Two signatures of one message differ, and fresh entropy is not all that goes in."""
    curve, private = Curve.SECP256R1, (7).to_bytes(32, "big")
    first = target.one(Operation.ECDSA_HEDGED, curve, private, bytes(32))
    assert target.one(Operation.ECDSA_HEDGED, curve, private, bytes(32)) != first
    entropy = bytes(32)
    sign = Operation.ECDSA_SIGN
    r_values = {
        target.one(sign, curve, private, bytes(32), entropy)[:32],
        target.one(sign, curve, private, bytes(31) + b"\1", entropy)[:32],
        target.one(sign, curve, (8).to_bytes(32, "big"), bytes(32), entropy)[:32],
    }
    assert len(r_values) == 3
