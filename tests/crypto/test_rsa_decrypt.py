# SPDX-License-Identifier: GPL-2.0-or-later
"""RSA decryption against published vectors; what checks of signatures do not take."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.crypto import rsa_cases
from tests.crypto.rsa_cases import DecryptionCase, published_keys
from tests.crypto.selftest import Hash, Operation, Refused, Result, SelfTest
from tests.vector_counts import Taker


def check(target: SelfTest, case: DecryptionCase) -> None:
    """What is valid gives the message; what is not has one answer, whatever is wrong."""
    operation, before = Operation.RSA_DECRYPT_PKCS1, ()
    if case.hash_ is not None:
        operation, before = Operation.RSA_DECRYPT_OAEP, (case.hash_,)
    parts = (*before, *case.key.parts, case.cryptogram)
    if case.message is not None:
        assert target.one(operation, *parts) == case.message, case
        return
    with pytest.raises(Refused) as refused:
        target.call(operation, *parts)
    assert refused.value.result == Result.AUTHENTICATION, case


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_wycheproof_pkcs1(target: SelfTest, bits: int, vectors: Taker):
    found = rsa_cases.wycheproof_decryption(f"rsa_pkcs1_{bits}")
    for case in vectors.take(found, 8 if bits == 2048 else 1):
        check(target, case)


@pytest.mark.parametrize("name", rsa_cases.OAEP)
def test_wycheproof_oaep(target: SelfTest, name: str, vectors: Taker):
    for case in vectors.take(rsa_cases.wycheproof_decryption(name), 3 if "2048" in name else 1):
        check(target, case)


@pytest.mark.parametrize("bits", [1024, 1536, 2048])
def test_laboratories(target: SelfTest, bits: int, vectors: Taker):
    for case in vectors.take(rsa_cases.laboratories_decryption(bits, None), 4):
        check(target, case)
    for hash_ in Hash if bits == 2048 else (Hash.SHA1,):
        for case in vectors.take(rsa_cases.laboratories_decryption(bits, hash_), 1):
            check(target, case)


@pytest.mark.parametrize("bits", [1024, 1536])
def test_shorter_keys(target: SelfTest, bits: int):
    """What the host encrypted, in the sizes that Wycheproof leaves out."""
    key = published_keys(bits)[0]
    public = rsa.RSAPublicNumbers(key.e, key.n).public_key()
    for length in (0, 1, 62):
        message = bytes(range(length))
        block = public.encrypt(message, padding.PKCS1v15())
        assert target.one(Operation.RSA_DECRYPT_PKCS1, *key.parts, block) == message
        scheme = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
        block = public.encrypt(message, scheme)
        parts = (Hash.SHA256, *key.parts, block)
        assert target.one(Operation.RSA_DECRYPT_OAEP, *parts) == message


def test_blocks_out_of_range_are_wrong_paddings(target: SelfTest):
    key = published_keys(1024)[0]
    for number in (key.n, key.n + 1, (1 << key.bits) - 1, 0, 1):
        for operation, before in (
            (Operation.RSA_DECRYPT_PKCS1, ()),
            (Operation.RSA_DECRYPT_OAEP, (Hash.SHA256,)),
        ):
            with pytest.raises(Refused) as refused:
                target.call(operation, *before, *key.parts, key.block(number))
            assert refused.value.result == Result.AUTHENTICATION


def test_a_hash_that_leaves_no_room_is_refused(target: SelfTest):
    key = published_keys(1024)[0]
    with pytest.raises(Refused) as refused:
        parts = (Hash.SHA512, *key.parts, bytes(128))
        target.call(Operation.RSA_DECRYPT_OAEP, *parts)
    assert refused.value.result == Result.ARGUMENT


def test_other_keys_and_digests_are_refused(target: SelfTest):
    n = published_keys(1024)[0].n.to_bytes(128, "big")
    good = (1024, n, 65537, Hash.SHA256, bytes(32), bytes(128))
    for operation in (Operation.RSA_VERIFY_PKCS1, Operation.RSA_VERIFY_PSS):
        assert not target.accepts(operation, *good)
        for change in ({2: 2}, {2: 65536}, {4: bytes(31)}, {0: 1032, 1: n + b"?", 5: bytes(129)}):
            parts = [change.get(index, part) for index, part in enumerate(good)]
            with pytest.raises(Refused) as refused:
                target.call(operation, *parts)
            assert refused.value.result == Result.ARGUMENT, change
