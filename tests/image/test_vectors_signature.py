# SPDX-License-Identifier: GPL-2.0-or-later
"""Known answers of SIGN; of random signatures the verdict of the host."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from tests.crypto import agreement_cases, rsa_cases, signature_cases
from tests.crypto.rsa_cases import SignatureCase
from tests.crypto.selftest import Curve, Hash
from tests.crypto.signature_cases import EddsaCase
from tests.image.vector_card import HASH_DIGITS, INS_SIGN, VectorCard, curve_blob
from tests.vector_counts import HOST, Taker, VectorSet

RSA_PKCS1, RSA_PSS, ECDSA, EDDSA = 0x30, 0x40, 0x70, 0x70
EDDSA_SOURCES: dict[Callable[[], VectorSet[EddsaCase]], int] = {
    signature_cases.ed25519_authors: 10,
    signature_cases.wycheproof_eddsa: 10,
    signature_cases.ed448: 8,
}


def host_hash(hash_: Hash) -> hashes.HashAlgorithm:
    return getattr(hashes, hash_.name)()


@pytest.mark.parametrize("source", EDDSA_SOURCES, ids=lambda source: source.__name__)
def test_eddsa(
    card: VectorCard, vectors: Taker, source: Callable[[], VectorSet[EddsaCase]]
) -> None:
    for case in vectors.take(source(), EDDSA_SOURCES[source]):
        assert card.unwrap(curve_blob(case.curve, case.seed, case.public)) == 0x9000
        response = card.use(INS_SIGN, EDDSA, case.message)
        assert response.ok and response.data == case.signature, case


@pytest.mark.parametrize("bits", rsa_cases.SIZES)
def test_rsa_pkcs1(card: VectorCard, vectors: Taker, bits: int) -> None:
    """NIST's with every hash, RSA Laboratories' with SHA-1."""
    signing, _ = rsa_cases.nist_signatures(bits)
    cases = [*vectors.take(signing, 5 if bits < 3072 else 2)]
    if bits <= 2048:
        cases += vectors.take(rsa_cases.laboratories_pkcs1(bits), 3)
    for case in cases:
        card.set_rsa(case.key)
        response = card.use(INS_SIGN, RSA_PKCS1 + HASH_DIGITS[case.hash_], case.message)
        assert response.ok and response.data == case.signature, case


def random_signatures() -> VectorSet[tuple[SignatureCase, Hash]]:
    """A published key signs its message with each hash."""
    (case, *_) = rsa_cases.laboratories_pss(2048).cases
    return VectorSet(HOST, "RSA PSS signing", "2048 bits", [(case, hash_) for hash_ in Hash])


def test_rsa_pss(card: VectorCard, vectors: Taker) -> None:
    for case, hash_ in vectors.take(random_signatures()):
        card.set_rsa(case.key)
        response = card.use(INS_SIGN, RSA_PSS + HASH_DIGITS[hash_], case.message)
        public = rsa.RSAPublicNumbers(case.key.e, case.key.n).public_key()
        chosen = host_hash(hash_)
        scheme = padding.PSS(padding.MGF1(chosen), chosen.digest_size)
        public.verify(response.data, case.message, scheme, chosen)


@pytest.mark.parametrize("curve", agreement_cases.KAS_GROUPS)
def test_ecdsa(card: VectorCard, vectors: Taker, curve: Curve) -> None:
    """A published key signs with each hash: nonces are random, the host checks."""
    keys = agreement_cases.nist_keys(curve).cases
    cases = list(zip(keys, Hash, strict=False))
    name = f"ECDSA {curve.name.lower()} signing"
    for key, hash_ in vectors.take(VectorSet(HOST, name, "each hash", cases), 2):
        assert card.unwrap(curve_blob(curve, key.private, key.public)) == 0x9000
        message = key.public
        response = card.use(INS_SIGN, ECDSA + HASH_DIGITS[hash_], message)
        host_curve = agreement_cases.HOST_CURVES[curve]
        public = ec.EllipticCurvePublicKey.from_encoded_point(host_curve, b"\x04" + key.public)
        public.verify(response.data, message, ec.ECDSA(host_hash(hash_)))
