# SPDX-License-Identifier: GPL-2.0-or-later
"""RSA decryption and signature checks against Wycheproof's vectors."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.crypto import wycheproof
from tests.crypto.conftest import Pick
from tests.crypto.selftest import Hash, Operation, Part, Refused, Result, SelfTest
from tests.crypto.test_rsa import Key, published_keys

OAEP = {
    "rsa_oaep_2048_sha256_mgf1sha256": Hash.SHA256,
    "rsa_oaep_2048_sha1_mgf1sha1": Hash.SHA1,
    "rsa_oaep_3072_sha512_mgf1sha512": Hash.SHA512,
    "rsa_oaep_4096_sha256_mgf1sha256": Hash.SHA256,
}
PSS = {
    "rsa_pss_2048_sha1_mgf1_20": Hash.SHA1,
    "rsa_pss_2048_sha256_mgf1_32": Hash.SHA256,
    "rsa_pss_3072_sha256_mgf1_32": Hash.SHA256,
    "rsa_pss_4096_sha256_mgf1_32": Hash.SHA256,
}
SIGNATURES = {
    "rsa_signature_2048_sha256": Hash.SHA256,
    "rsa_signature_3072_sha384": Hash.SHA384,
    "rsa_signature_4096_sha512": Hash.SHA512,
}


def private_key(group: dict[str, str]) -> Key:
    """Of a group that gives n, e and d."""
    n, e, d = (int(group[name], 16) for name in ("n", "e", "d"))
    return Key(n.bit_length(), e, *sorted(rsa.rsa_recover_prime_factors(n, e, d), reverse=True))


def check_decryption(
    target: SelfTest, test: wycheproof.Test, operation: Operation, *parts: Part
) -> None:
    """What is valid gives the message; what is not has one answer, whatever is wrong."""
    if test.fields["result"] == "valid":
        assert target.one(operation, *parts).hex() == test.fields["msg"], test.number
        return
    with pytest.raises(Refused) as refused:
        target.call(operation, *parts)
    assert refused.value.result == Result.AUTHENTICATION, test.number


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_wycheproof_pkcs1(target: SelfTest, bits: int, pick: Pick):
    tests = [
        test
        for test in wycheproof.tests(f"rsa_pkcs1_{bits}")
        if len(test.fields["ct"]) == bits // 4
    ]
    assert len(tests) > 50
    for test in pick(tests, 8 if bits == 2048 else 1):
        parts = (*private_key(test.group).parts, bytes.fromhex(test.fields["ct"]))
        check_decryption(target, test, Operation.RSA_DECRYPT_PKCS1, *parts)


@pytest.mark.parametrize("name", OAEP)
def test_wycheproof_oaep(target: SelfTest, name: str, pick: Pick):
    """Those without a label: the card takes none."""
    tests = [
        test
        for test in wycheproof.tests(name)
        if not test.fields["label"] and 4 * len(test.fields["ct"]) == test.group["keysize"]
    ]
    assert len(tests) > 10
    for test in pick(tests, 6 if "2048" in name else 1):
        parts = (*private_key(test.group).parts, bytes.fromhex(test.fields["ct"]))
        check_decryption(target, test, Operation.RSA_DECRYPT_OAEP, OAEP[name], *parts)


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


def check_signatures(
    target: SelfTest, operation: Operation, hash_: Hash, tests: list[wycheproof.Test]
) -> None:
    """Only what is exactly as it is signed is accepted."""
    for test in tests:
        n = bytes.fromhex(test.group["n"]).lstrip(b"\0")
        signature = bytes.fromhex(test.fields["sig"])
        digest = hashlib.new(hash_.name, bytes.fromhex(test.fields["msg"])).digest()
        parts = (8 * len(n), n, int(test.group["e"], 16), hash_, digest, signature)
        # 'Acceptable' is what may be signed but should not: short hashes, a missing NULL.
        if len(signature) == len(n) and test.fields["result"] != "acceptable":
            accepted = target.accepts(operation, *parts)
            assert accepted == test.valid, (test.number, test.fields["comment"])


@pytest.mark.parametrize("name", SIGNATURES)
def test_wycheproof_signatures(target: SelfTest, name: str, pick: Pick):
    tests = pick(list(wycheproof.tests(name)), 60)
    check_signatures(target, Operation.RSA_VERIFY_PKCS1, SIGNATURES[name], list(tests))


@pytest.mark.parametrize("name", PSS)
def test_wycheproof_pss(target: SelfTest, name: str, pick: Pick):
    tests = pick(list(wycheproof.tests(name)), 40)
    check_signatures(target, Operation.RSA_VERIFY_PSS, PSS[name], list(tests))


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
