# SPDX-License-Identifier: GPL-2.0-or-later
"""The generator: known answers, reseeding, and a noise source that fails."""

from __future__ import annotations

import pytest

from tests.crypto.selftest import Curve, Operation, Refused, Result, SelfTest

# NIST CAVP, drbgvectors: Hash_DRBG.rsp, [SHA-256], no prediction resistance, no additional input,
# COUNT 0: entropy, nonce, reseed entropy, the 1024 bits of the second generation.
ANSWERS = {
    "no reseed": (
        "a65ad0f345db4e0effe875c3a2e71f42c7129d620ff5c119a9ef55f05185e0fb",
        "8581f9317517276e06e9607ddbcbcc2e",
        "",
        "d3e160c35b99f340b2628264d1751060e0045da383ff57a57d73a673d2b8d80d"
        "aaf6a6c35a91bb4579d73fd0c8fed111b0391306828adfed528f018121b3febd"
        "c343e797b87dbb63db1333ded9d1ece177cfa6b71fe8ab1da46624ed6415e51c"
        "cde2c7ca86e283990eeaeb91120415528b2295910281b02dd431f4c9f70427df",
    ),
    "reseed": (
        "63363377e41e86468deb0ab4a8ed683f6a134e47e014c700454e81e95358a569",
        "808aa38f2a72a62359915a9f8a04ca68",
        "e62b8a8ee8f141b6980566e3bfe3c04903dad4ac2cdf9f2280010a6739bc83d3",
        "04eec63bb231df2c630a1afbe724949d005a587851e1aa795e477347c8b05662"
        "1c18bddcdd8d99fc5fc2b92053d8cfacfb0bb8831205fad1ddd6c071318a6018"
        "f03b73f5ede4d4d071f9de03fd7aea105d9299b8af99aa075bdb4db9aa28c18d"
        "174b56ee2a014d098896ff2282c955a81969e069fa8ce007a180183a07dfae17",
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_known_answers(target: SelfTest, name: str):
    entropy, nonce, reseed, expected = (bytes.fromhex(digits) for digits in ANSWERS[name])
    assert target.one(Operation.DRBG_ANSWER, entropy, nonce, reseed) == expected


def test_output_does_not_repeat(target: SelfTest):
    blocks = [target.random(32) for _ in range(50)]
    assert len(set(blocks)) == len(blocks)
    assert len(target.random(4096)) == 4096


def test_reseed_changes_the_output(target: SelfTest):
    target.call(Operation.RESEED)
    first = target.random(32)
    target.call(Operation.RESEED)
    assert target.random(32) != first


def test_no_generator_without_noise(fresh: SelfTest):
    fresh.seed(1, fails=True)
    with pytest.raises(Refused) as refused:
        fresh.random(1)
    assert refused.value.result == Result.ENTROPY


def test_a_failed_health_test_refuses_until_reset(fresh: SelfTest):
    fresh.seed(1)
    fresh.random(32)
    fresh.seed(1, fails=True)
    # What is left in the generator serves nobody once its source is known to be bad.
    with pytest.raises(Refused) as refused:
        fresh.call(Operation.RESEED)
    assert refused.value.result == Result.ENTROPY
    fresh.seed(1)
    for operation, parts in (
        (Operation.RANDOM, (32,)),
        (Operation.RESEED, ()),
        (Operation.EC_GENERATE, (Curve.SECP256R1,)),
        (Operation.RSA_GENERATE, (1024, 65537)),
        (Operation.ECDSA_HEDGED, (Curve.SECP256R1, (5).to_bytes(32, "big"), bytes(32))),
    ):
        with pytest.raises(Refused) as refused:
            fresh.call(operation, *parts)
        assert refused.value.result == Result.ENTROPY, operation
