# SPDX-License-Identifier: GPL-2.0-or-later
"""Known answers of CIPHER: AES in all its modes and ChaCha20-Poly1305."""

from __future__ import annotations

import pytest

from tests.crypto import cipher_cases
from tests.crypto.cipher_cases import KEY_BITS, CipherCase
from tests.crypto.selftest import Cipher
from tests.image.vector_card import (
    EXTENDED_DECRYPT,
    EXTENDED_ENCRYPT,
    OID_AES,
    OID_SMIME,
    OID_XTS,
    VectorCard,
)
from tests.vector_counts import Taker

NOT_AUTHENTIC, NOT_TAKEN = 0x6400, 0x6700
# Last byte of the OID with keys of 128 bits; each larger size has its OIDs 20 further on.
AES_NUMBERS = {
    Cipher.AES_ECB: 1,
    Cipher.AES_CBC: 2,
    Cipher.AES_OFB: 3,
    Cipher.AES_CFB: 4,
    Cipher.AES_GCM: 6,
    Cipher.AES_CCM: 7,
    Cipher.AES_CTR: 9,
}
CHACHA20_POLY1305 = 0x12
XTS_NUMBERS = {32: 1, 64: 2}
BLOCK_BYTES, TAG_BYTES = 16, 16
# Lengths of nonces that the command takes.
GCM_NONCES, CHACHA20_NONCES = range(1, 129), range(12, 13)


def oid(case: CipherCase) -> bytes:
    """The cipher's name in the command."""
    size = len(case.key)
    if case.cipher is Cipher.CHACHA20_POLY1305:
        return OID_SMIME + bytes([CHACHA20_POLY1305])
    if case.cipher is Cipher.AES_XTS:
        return OID_XTS + bytes([XTS_NUMBERS[size]])
    return OID_AES + bytes([AES_NUMBERS[case.cipher] + 20 * (size // 8 - 2)])


def usable(case: CipherCase) -> bool:
    """The command takes one block of ECB."""
    return case.cipher is not Cipher.AES_ECB or len(case.sealed) == BLOCK_BYTES


def check(card: VectorCard, case: CipherCase) -> None:
    """Both directions, or a refusal that gives nothing out."""
    card.set_secret(case.key)
    name = oid(case)
    iv, info = case.iv, case.associated
    opened = card.extended(EXTENDED_DECRYPT, name, data=case.sealed, iv=iv, info=info)
    if case.plain is None:
        nonces = CHACHA20_NONCES if case.cipher is Cipher.CHACHA20_POLY1305 else GCM_NONCES
        expected = NOT_AUTHENTIC if len(case.iv) in nonces else NOT_TAKEN
        assert opened.sw == expected and not opened.data, case
        return
    assert opened.ok and opened.data == case.plain, case
    sealed = card.extended(EXTENDED_ENCRYPT, name, data=case.plain, iv=iv, info=info)
    assert sealed.ok and sealed.data == case.sealed, case


@pytest.mark.parametrize("bits", KEY_BITS)
@pytest.mark.parametrize("cipher", cipher_cases.FOLDERS)
def test_nist_blocks(card: VectorCard, vectors: Taker, cipher: Cipher, bits: int) -> None:
    for kind in cipher_cases.nist_blocks(cipher, bits):
        # The messages of many blocks are the only kind that ECB cannot take whole.
        if any(map(usable, kind.cases)):
            for case in vectors.take(kind, 2, usable):
                check(card, case)


@pytest.mark.parametrize("bits", KEY_BITS)
def test_nist_modes(card: VectorCard, vectors: Taker, bits: int) -> None:
    found = [cipher_cases.counter_mode(bits), cipher_cases.nist_gcm(bits)]
    found += cipher_cases.nist_ccm(bits)
    found += [cipher_cases.nist_xts(bits)] if bits != 192 else []
    for kind in found:
        for case in vectors.take(kind, 6):
            check(card, case)


def test_wycheproof_cbc(card: VectorCard, vectors: Taker) -> None:
    for case in vectors.take(cipher_cases.wycheproof_cbc(), 12):
        check(card, case)


@pytest.mark.parametrize("cipher", [Cipher.AES_GCM, Cipher.CHACHA20_POLY1305])
def test_wycheproof(card: VectorCard, vectors: Taker, cipher: Cipher) -> None:
    for case in vectors.take(cipher_cases.wycheproof_aead(cipher), 40):
        check(card, case)
