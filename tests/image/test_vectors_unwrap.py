# SPDX-License-Identifier: GPL-2.0-or-later
"""Published keys by UNWRAP KEY: the card finds the published public key."""

from __future__ import annotations

import pytest

from tests.crypto import agreement_cases, rsa_cases, signature_cases
from tests.crypto.selftest import Curve
from tests.firmware import key_blob
from tests.image.vector_card import VectorCard, curve_blob, rsa_blob
from tests.vector_counts import Taker

REFUSED = 0x6A80
# Fields of a blob with CRT parameters.
CRT_P, CRT_Q = 2, 4


@pytest.mark.parametrize("curve", agreement_cases.KAS_GROUPS)
def test_nist_key_pairs(card: VectorCard, vectors: Taker, curve: Curve) -> None:
    """Computed from the private key, as a blob need not have the public one; another is refused."""
    cases = vectors.take(agreement_cases.nist_keys(curve), 3)
    for case, other in zip(cases, [*cases[1:], cases[0]], strict=True):
        assert card.unwrap(curve_blob(curve, case.private, other.public)) == REFUSED, case
        assert card.unwrap(curve_blob(curve, case.private)) == 0x9000, case
        assert b"\x04" + case.public in card.public_key()


def test_edwards_keys(card: VectorCard, vectors: Taker) -> None:
    cases = [*vectors.take(signature_cases.ed25519_authors(), 10)]
    cases += vectors.take(signature_cases.ed448(), 8)
    for case in cases:
        assert card.unwrap(curve_blob(case.curve, case.seed)) == 0x9000, case
        assert case.public in card.public_key()


@pytest.mark.parametrize("bits", rsa_cases.SIZES)
def test_nist_rsa_keys(card: VectorCard, vectors: Taker, bits: int) -> None:
    """With CRT parameters, of which the primes must belong to the modulus, and with a private
    exponent that leads to the primes.
    """
    keys = vectors.take(rsa_cases.key_set(bits), 2 if bits <= 2048 else 1)
    for key in keys:
        for kind in (key_blob.RSA_CRT, key_blob.RSA):
            assert card.unwrap(rsa_blob(key, kind)) == 0x9000
            assert key.block(key.n) in card.public_key()
    wrong = rsa_blob(keys[0], key_blob.RSA_CRT)
    wrong.fields[CRT_Q] = wrong.fields[CRT_P]
    assert card.unwrap(wrong) == REFUSED
