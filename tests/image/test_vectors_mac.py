# SPDX-License-Identifier: GPL-2.0-or-later
"""Known answers of CIPHER's MACs: CMAC and HMAC."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC

from tests.crypto import mac_cases
from tests.crypto.mac_cases import MacCase
from tests.crypto.selftest import Hash
from tests.image.vector_card import (
    EXTENDED_ENCRYPT,
    HMAC_NUMBERS,
    INS_CIPHER,
    OID_HMAC,
    SECRET_KEY_BYTES,
    VectorCard,
    made_up,
)
from tests.vector_counts import HOST, Taker, VectorSet

CMAC = 0x18
AES_KEY_BYTES = (16, 24, 32)


def check_cmac(card: VectorCard, case: MacCase) -> None:
    card.set_secret(case.key)
    response = card.use(INS_CIPHER, CMAC, case.message)
    assert response.ok and case.judge(response.data), case


def check_hmac(card: VectorCard, hash_: Hash, case: MacCase) -> None:
    card.set_secret(case.key)
    oid = OID_HMAC + bytes([HMAC_NUMBERS[hash_]])
    response = card.extended(EXTENDED_ENCRYPT, oid, data=case.message)
    assert response.ok and case.judge(response.data), case


def test_cmac(card: VectorCard, vectors: Taker) -> None:
    for bits in (128, 192, 256):
        for case in vectors.take(mac_cases.nist_cmac(bits)):
            check_cmac(card, case)
    found = mac_cases.wycheproof_cmac()
    for case in vectors.take(found, 20, lambda case: len(case.key) in AES_KEY_BYTES):
        check_cmac(card, case)


@pytest.mark.parametrize("hash_", [Hash.SHA256, Hash.SHA384, Hash.SHA512])
def test_hmac(card: VectorCard, vectors: Taker, hash_: Hash) -> None:
    found = mac_cases.wycheproof_hmac(hash_)
    for case in vectors.take(found, 12, lambda case: len(case.key) in SECRET_KEY_BYTES):
        check_hmac(card, hash_, case)


@pytest.mark.parametrize("hash_", [Hash.SHA1, Hash.SHA224])
def test_hmac_made_on_the_host(card: VectorCard, vectors: Taker, hash_: Hash) -> None:
    """The published ones have keys of other lengths."""
    cases = []
    for size in SECRET_KEY_BYTES:
        key, message = made_up("HMAC", size), bytes(range(3 * size))
        state = HMAC(key, getattr(hashes, hash_.name)())
        state.update(message)
        cases.append(MacCase(key, message, state.finalize()))
    for case in vectors.take(VectorSet(HOST, "HMAC", hash_.name, cases)):
        check_hmac(card, hash_, case)
