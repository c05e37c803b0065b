# SPDX-License-Identifier: GPL-2.0-or-later
"""Known answers of RSA decryption: keys by UNWRAP KEY, cryptograms to DECIPHER."""

from __future__ import annotations

import pytest

from tests.crypto import rsa_cases
from tests.crypto.rsa_cases import DecryptionCase
from tests.crypto.selftest import Hash
from tests.image.vector_card import INS_DECIPHER, VectorCard
from tests.vector_counts import Taker

PKCS1, OAEP = 0x22, 0x23
REFUSED = 0x6400
# How many on each board, by size of the key. Each of PKCS#1 v1.5 has a key of its own, mostly.
WYCHEPROOF_PKCS1 = {2048: 8, 3072: 2, 4096: 2}
WYCHEPROOF_OAEP = {2048: 8, 3072: 2, 4096: 2}


def check(card: VectorCard, case: DecryptionCase) -> None:
    """The message; whatever is wrong with what is not valid, one status word."""
    card.set_rsa(case.key)
    response = card.use(INS_DECIPHER, PKCS1 if case.hash_ is None else OAEP, case.cryptogram)
    if case.message is None:
        assert response.sw == REFUSED and not response.data, case
    else:
        assert response.ok and response.data == case.message, case


@pytest.mark.parametrize("bits", WYCHEPROOF_PKCS1)
def test_wycheproof_pkcs1(card: VectorCard, vectors: Taker, bits: int) -> None:
    found = rsa_cases.wycheproof_decryption(f"rsa_pkcs1_{bits}")
    for case in vectors.take(found, WYCHEPROOF_PKCS1[bits]):
        check(card, case)


@pytest.mark.parametrize("bits", WYCHEPROOF_OAEP)
def test_wycheproof_oaep(card: VectorCard, vectors: Taker, bits: int) -> None:
    """The command decrypts with SHA-256 alone."""
    found = rsa_cases.wycheproof_decryption(f"rsa_oaep_{bits}_sha256_mgf1sha256")
    for case in vectors.take(found, WYCHEPROOF_OAEP[bits]):
        check(card, case)


@pytest.mark.parametrize("bits", [1024, 1536, 2048])
def test_laboratories(card: VectorCard, vectors: Taker, bits: int) -> None:
    for case in vectors.take(rsa_cases.laboratories_decryption(bits, None), 3):
        check(card, case)
    if bits == 2048:
        for case in vectors.take(rsa_cases.laboratories_decryption(bits, Hash.SHA256), 3):
            check(card, case)
