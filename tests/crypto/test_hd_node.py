# SPDX-License-Identifier: GPL-2.0-or-later
"""Trees of keys: vectors of BIP32, SLIP-0010 and SLIP-0021, and the twin."""

from __future__ import annotations

import hashlib

import pytest

from tests.crypto.selftest import Curve, Operation, Refused, Result, SelfTest
from tests.crypto.twin import hsm_crypto

SECP256K1, SECP256R1, SYMMETRIC = 1, 2, 3
H = 1 << 31
SEED = bytes(range(16))
ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

# [BIP32] test vector 1.
BIP32 = {
    (): (
        "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhe"
        "PY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8"
    ),
    (H,): (
        "xpub68Gmy5EdvgibQVfPdqkBBCHxA5htiqg55crXYuXoQRKfDBFA1WEj"
        "WgP6LHhwBZeNK1VTsfTFUHCdrfp1bgwQ9xv5ski8PX9rL2dZXvgGDnw"
    ),
    (
        H,
        1,
    ): (
        "xpub6ASuArnXKPbfEwhqN6e3mwBcDTgzisQN1wXN9BJcM47sSikHjJf3"
        "UFHKkNAWbWMiGj7Wf5uMash7SyYq527Hqck2AxYysAA7xmALppuCkwQ"
    ),
    (
        H,
        1,
        H + 2,
        2,
        1000000000,
    ): (
        "xpub6H1LXWLaKsWFhvm6RVpEL9P4KfRZSW7abD2ttkWP3SSQvnyA8FSV"
        "qNTEcYFgJS2UaFcxupHiYkro49S8yGasTvXEYBVPamhGW6cFJodrTHy"
    ),
}
# [SLIP-0010] nist256p1, test vector 1 and "derivation retry": chain code, private, public key.
SLIP10 = {
    (): (
        "beeb672fe4621673f722f38529c07392fecaa61015c80c34f29ce8b41b3cb6ea",
        "612091aaa12e22dd2abef664f8a01a82cae99ad7441b7ef8110424915c268bc2",
        "0266874dc6ade47b3ecd096745ca09bcd29638dd52c2c12117b11ed3e458cfa9e8",
    ),
    (H,): (
        "3460cea53e6a6bb5fb391eeef3237ffd8724bf0a40e94943c98b83825342ee11",
        "6939694369114c67917a182c59ddb8cafc3004e63ca5d3b84403ba8613debc0c",
        "0384610f5ecffe8fda089363a41f56a5c7ffc1d81b59a612d0d649b2d22355590c",
    ),
    (H + 28578, 33941): (
        "9e87fe95031f14736774cd82f25fd885065cb7c358c1edf813c72af535e83071",
        "092154eed4af83e078ff9b84322015aefe5769e31270f62c3f66c33888335f3a",
        "0235bfee614c0d5b2cae260000bb1d0d84b270099ad790022c1ae0b2e782efe120",
    ),
}
# [SLIP-0010] nist256p1, "seed retry".
RETRY_SEED = "a7305bc8df8d0951f0cb224c0e95d7707cbdf2c6ce7e8d481fec69c7ff5e9446"
RETRY_KEY = "3b8c18469a4634517d6d0b65448f8e6c62091b45540a1743c5846be55d47d88f"
# [SLIP-0021]
SLIP21_SEED = bytes.fromhex(
    "c76c4ac4f4e4a00d6b274d5c39c700bb4a7ddc04fbc6f78e85ca75007b5b495f"
    "74a9043eeb77bdd53aa6fc3a0e31462270316fa04b8c19114c8798706cd02ac8"
)
SLIP21 = {
    (): "dbf12b44133eaab506a740f6565cc117228cbf1dd70635cfa8ddfdc9af734756",
    (b"SLIP-0021",): "1d065e3ac1bbe5c7fad32cf2305f7d709dc070d672044a19e610c77cdf33de0d",
    (
        b"SLIP-0021",
        b"Master encryption key",
    ): "ea163130e35bbafdf5ddee97a17b39cef2be4b4f390180d65b54cf05c6a82fde",
    (
        b"SLIP-0021",
        b"Authentication key",
    ): "47194e938ab24cc82bfa25f6486ed54bebe79c40ae2a5a32ea6db294d81861a6",
}


def path_of(steps: tuple[int | bytes, ...]) -> bytes:
    return b"".join(
        step.to_bytes(4, "big") if isinstance(step, int) else bytes([len(step)]) + step
        for step in steps
    )


def base58check(text: str) -> bytes:
    number = 0
    for character in text:
        number = 58 * number + ALPHABET.index(character)
    data = number.to_bytes(82, "big")
    assert hashlib.sha256(hashlib.sha256(data[:78]).digest()).digest()[:4] == data[78:]
    return data[:78]


def node(target: SelfTest, scheme: int, seed: bytes, steps: tuple[int | bytes, ...]) -> list[bytes]:
    """What may be shown, chain code, key."""
    return target.call(Operation.HD_NODE, scheme, seed, path_of(steps))


@pytest.mark.parametrize("steps", BIP32)
def test_bip32(target: SelfTest, steps: tuple[int, ...]):
    assert node(target, SECP256K1, SEED, steps)[0] == base58check(BIP32[steps])


@pytest.mark.parametrize("steps", SLIP10)
def test_slip10(target: SelfTest, steps: tuple[int, ...]):
    shown, chain, key = node(target, SECP256R1, SEED, steps)
    assert (chain.hex(), key.hex(), shown[45:].hex()) == SLIP10[steps]
    assert shown[13:45] == chain


def test_slip10_seed_that_gives_no_key(target: SelfTest):
    assert node(target, SECP256R1, bytes.fromhex(RETRY_SEED), ())[2].hex() == RETRY_KEY


@pytest.mark.parametrize("steps", SLIP21)
def test_slip21(target: SelfTest, steps: tuple[bytes, ...]):
    shown, chain, key = node(target, SYMMETRIC, SLIP21_SEED, steps)
    assert key.hex() == SLIP21[steps]
    assert len(shown) == 77 and shown[4] == len(steps)
    for half, place in ((chain, shown[13:45]), (key, shown[45:])):
        assert hashlib.sha256(hashlib.sha256(half).digest()).digest() == place
        assert half not in shown


@pytest.mark.parametrize("scheme", [SECP256K1, SECP256R1])
def test_the_twin_agrees(target: SelfTest, scheme: int):
    seed = bytes(range(64))
    steps = (0, H + 44, 2**32 - 1)
    twin = hsm_crypto.HdNode.from_seed(scheme, seed)
    for step in steps:
        twin = twin.child(step)
    shown, chain, key = node(target, scheme, seed, steps)
    assert shown == twin.public()
    assert (chain, key) == (twin._content.chain, twin._content.key)


def test_cipher(target: SelfTest):
    """[SCHSM] 22: key and IV from the label, unless the IV is given."""
    data, label = bytes(range(48)), b"label"
    twin = hsm_crypto.HdNode.from_seed(SYMMETRIC, SEED).labelled_child(b"a")
    for iv in (b"", bytes(range(16))):
        buffer = bytearray(48)
        twin.encrypt_into(label, data, buffer, iv)
        before = (SYMMETRIC, SEED, path_of((b"a",)))
        sealed = target.one(Operation.HD_CIPHER, *before, 0, label, iv, data)
        assert sealed == bytes(buffer)
        assert target.one(Operation.HD_CIPHER, *before, 1, label, iv, sealed) == data


def test_what_does_not_suit_is_refused(target: SelfTest):
    """Seeds, schemes, and the other kind of node."""
    wrong = [
        (Operation.HD_NODE, 0, SEED, b""),
        (Operation.HD_NODE, 4, SEED, b""),
        (Operation.HD_NODE, SECP256K1, b"", b""),
        (Operation.HD_NODE, SECP256K1, bytes(65), b""),
        (Operation.HD_CIPHER, SECP256K1, SEED, b"", 0, b"", b"", bytes(16)),
        (Operation.HD_CIPHER, SYMMETRIC, SEED, b"", 0, b"", b"", bytes(15)),
    ]
    for parts in wrong:
        with pytest.raises(Refused) as refused:
            target.call(*parts)
        assert refused.value.result == Result.ARGUMENT, parts


@pytest.mark.parametrize("scheme", [SECP256K1, SECP256R1])
def test_fresh_nodes(target: SelfTest, scheme: int):
    """Their keys are on the scheme's curve, and no two are alike."""
    curve = Curve.SECP256K1 if scheme == SECP256K1 else Curve.SECP256R1
    chains = set()
    for _ in range(2):
        chain, private, public = target.call(Operation.HD_GENERATE, scheme)
        assert target.one(Operation.EC_PUBLIC, curve, private) == public
        chains.add(chain)
    assert len(chains) == 2
    for number in (0, SYMMETRIC, 4):
        with pytest.raises(Refused) as refused:
            target.call(Operation.HD_GENERATE, number)
        assert refused.value.result == Result.ARGUMENT
