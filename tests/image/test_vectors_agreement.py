# SPDX-License-Identifier: GPL-2.0-or-later
"""Known answers of key agreement: keys by UNWRAP KEY, points to DECIPHER 80."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.crypto import agreement_cases
from tests.crypto.agreement_cases import AgreementCase, AnyCurve
from tests.crypto.selftest import Curve, EdwardsCurve
from tests.crypto.twin import hsm_crypto
from tests.image.vector_card import INS_DECIPHER, VectorCard, curve_blob
from tests.vector_counts import HOST, Taker, VectorSet

ECDH = 0x80
NO_POINT, NO_KEY = 0x6984, 0x6A80
# How many on each board: the slower the curve, the fewer.
WYCHEPROOF = {Curve.SECP256R1: 24, Curve.SECP384R1: 8, Curve.SECP521R1: 5}
UNPUBLISHED = (Curve.SECP192K1, Curve.SECP256K1)


def agree(card: VectorCard, case: AgreementCase) -> bytes | None:
    """The shared secret; None if the point is refused, or the private key is no scalar at all."""
    loaded = card.unwrap(curve_blob(case.curve, case.private))
    if loaded != 0x9000:
        assert loaded == NO_KEY
        return None
    head = b"\x04" if isinstance(case.curve, Curve) else b""
    response = card.use(INS_DECIPHER, ECDH, head + case.point)
    if not response.ok:
        assert response.sw == NO_POINT and not response.data
        return None
    assert response.data[:1] == b"\x04"
    return response.data[1:]


@pytest.mark.parametrize("curve", WYCHEPROOF)
def test_wycheproof(card: VectorCard, vectors: Taker, curve: Curve) -> None:
    for case in vectors.take(agreement_cases.wycheproof_ecdh(curve), WYCHEPROOF[curve]):
        assert case.judge(agree(card, case)), case


@pytest.mark.parametrize("curve", agreement_cases.KAS_GROUPS)
def test_nist(card: VectorCard, vectors: Taker, curve: Curve) -> None:
    for case in vectors.take(agreement_cases.nist_ecdh(curve), 6):
        assert case.judge(agree(card, case)), case


@pytest.mark.parametrize("curve", agreement_cases.KAS_GROUPS)
def test_nist_points(card: VectorCard, vectors: Taker, curve: Curve) -> None:
    one = (1).to_bytes(curve.width, "big")
    for case in vectors.take(agreement_cases.nist_points(curve), 6):
        shared = case.public[: curve.width] if case.valid else b""
        wanted = AgreementCase(curve, one, case.public, shared, case.valid)
        assert wanted.judge(agree(card, wanted)), case


@pytest.mark.parametrize("curve", agreement_cases.BRAINPOOL)
def test_brainpool(card: VectorCard, vectors: Taker, curve: Curve) -> None:
    for case in vectors.take(agreement_cases.brainpool(curve)):
        assert case.judge(agree(card, case)), case


@pytest.mark.parametrize("curve", [EdwardsCurve.X25519, EdwardsCurve.X448])
def test_rfc7748(card: VectorCard, vectors: Taker, curve: AnyCurve) -> None:
    for case in vectors.take(agreement_cases.rfc7748(EdwardsCurve(curve))):
        assert case.judge(agree(card, case)), case


def test_wycheproof_x25519(card: VectorCard, vectors: Taker) -> None:
    for case in vectors.take(agreement_cases.wycheproof_x25519(), 24):
        assert case.judge(agree(card, case)), case


def made(curve: Curve) -> VectorSet[AgreementCase]:
    """Agreement with four points; secp192k1 by integer arithmetic, `cryptography` lacks it."""
    cases = []
    order = int.from_bytes(hsm_crypto.curve_parameters(curve)[4], "big")
    for index in range(4):
        ours, theirs = (
            int.from_bytes(hashlib.sha512(bytes([curve, index, side])).digest(), "big") % order
            for side in range(2)
        )
        if curve in agreement_cases.HOST_CURVES:
            peer = ec.derive_private_key(theirs, agreement_cases.HOST_CURVES[curve]).public_key()
            own = ec.derive_private_key(ours, agreement_cases.HOST_CURVES[curve])
            shared = own.exchange(ec.ECDH(), peer)
            numbers = peer.public_numbers()
            point = b"".join(n.to_bytes(curve.width, "big") for n in (numbers.x, numbers.y))
        else:
            point = hsm_crypto.EcKey._from_scalar(curve, theirs).public()[1:]
            product = hsm_crypto.EcKey._from_scalar(curve, ours * theirs % order).public()
            shared = product[1 : 1 + curve.width]
        cases.append(AgreementCase(curve, ours.to_bytes(curve.width, "big"), point, shared))
    return VectorSet(HOST, agreement_cases.title(curve), "four", cases)


@pytest.mark.parametrize("curve", UNPUBLISHED)
def test_curves_without_published_answers(card: VectorCard, vectors: Taker, curve: Curve) -> None:
    for case in vectors.take(made(curve)):
        assert case.judge(agree(card, case)), case
