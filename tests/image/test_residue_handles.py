# SPDX-License-Identifier: GPL-2.0-or-later
"""The watch for secrets reads handles of every type: it knows keys of tests."""

from __future__ import annotations

import functools
import hashlib
import hmac
import json
from collections.abc import Callable

import pytest

from sim.apdu import command
from sim.life.card import Card
from sim.life.secure_channel import SecureChannel
from sim.residue import memory
from sim.residue.handles import TYPES, Handles, LayoutError
from sim.residue.watch import GENERATOR_BYTES, Watch, kind_of
from tests.crypto.rsa_cases import Key
from tests.crypto.selftest import Curve, EdwardsCurve
from tests.firmware import key_blob
from tests.firmware.key_blob import KeyBlob
from tests.image import vector_card
from tests.image.equipped_card import PRIMES
from tests.image.vector_card import DKEK, VectorCard, made_up

SECP256K1, SYMMETRIC = 1, 3
RSA_BITS = 1024
EPHEMERAL = 0x5EC0_0000_1234_5678_9ABC_DEF0_0FED_CBA9
Values = dict[str, bytes]


@pytest.fixture
def watch(card: VectorCard, chip_with_dkek) -> Watch:
    """Of a card with a DKEK; the user is logged in."""
    return next(one for one in chip_with_dkek.device.observers if isinstance(one, Watch))


def _dkek(_: Watch) -> Values:
    return {"secret": DKEK}


def _unwrapped(kind: str, blob: KeyBlob, value: bytes, watch: Watch) -> Values:
    assert VectorCard(watch.device).unwrap(blob) == 0x9000
    return {kind: value}


def _aes(size_bytes: int, watch: Watch) -> Values:
    key = made_up(f"AES {size_bytes}", size_bytes)
    return _unwrapped("aes key", KeyBlob(key_blob.AES, size_bytes, [key]), key, watch)


def _on_curve(kind: str, curve: Curve | EdwardsCurve, size_bytes: int, watch: Watch) -> Values:
    key = made_up(curve.name, size_bytes)
    if kind == "ec key":
        # Below every order; that of 521 bits begins with 01 FF.
        key = b"\1" + key[1:]
    return _unwrapped(kind, vector_card.curve_blob(curve, key), key, watch)


def _rsa(watch: Watch) -> Values:
    p, q = (int(prime, 16) for prime in json.loads(PRIMES.read_text())[str(RSA_BITS)])
    p, q = max(p, q), min(p, q)
    VectorCard(watch.device).set_rsa(Key(RSA_BITS, 65537, p, q))
    d = pow(65537, -1, (p - 1) * (q - 1))
    numbers = {"p": p, "q": q, "dP": d % (p - 1), "dQ": d % (q - 1), "qInv": pow(q, -1, p)}
    return {f"rsa key {name}": n.to_bytes(RSA_BITS // 16, "big") for name, n in numbers.items()}


def _tree(scheme: int, label: bytes, watch: Watch) -> Values:
    seed = made_up("seed", 16)
    node = hmac.digest(label, seed, "sha512")
    assert watch.device.transmit(command(0x80, 0x4A, scheme, 1, seed, 256)) == b"\x90\0"
    if scheme == SYMMETRIC:  # [SLIP-0021]
        return {"hd node chain code": node[:32], "hd node key": node[32:]}
    return {"hd node key": node[:32]}  # [BIP32]


def _channel(watch: Watch) -> Values:
    channel = SecureChannel(watch.device.transmit, EPHEMERAL)
    return {"channel encryption": channel._encryption, "channel MAC": channel._mac}


MAKERS: dict[str, Callable[[Watch], Values]] = {
    "secret": _dkek,
    **{f"aes key, {size}": functools.partial(_aes, size) for size in (16, 24, 32, 64)},
    "ec key": functools.partial(_on_curve, "ec key", Curve.SECP256R1, 32),
    "ec key, longest": functools.partial(_on_curve, "ec key", Curve.SECP521R1, 66),
    "edwards key": functools.partial(_on_curve, "edwards key", EdwardsCurve.ED25519, 32),
    "edwards key, longest": functools.partial(_on_curve, "edwards key", EdwardsCurve.ED448, 57),
    "montgomery key": functools.partial(_on_curve, "montgomery key", EdwardsCurve.X25519, 32),
    "montgomery key, longest": functools.partial(
        _on_curve, "montgomery key", EdwardsCurve.X448, 56
    ),
    "rsa key": _rsa,
    "hd node": functools.partial(_tree, SECP256K1, b"Bitcoin seed"),
    "hd node, symmetric": functools.partial(_tree, SYMMETRIC, b"Symmetric key seed"),
    "channel": _channel,
}


def test_there_is_a_key_of_every_type() -> None:
    assert {name.partition(",")[0] for name in MAKERS} == {kind.name for kind in TYPES}


@pytest.mark.parametrize("name", MAKERS)
def test_a_key_of_this_type_is_known(watch: Watch, name: str) -> None:
    wanted = MAKERS[name](watch)
    known = {(kind_of(name), value) for name, value in watch.secrets.items()}
    assert set(wanted.items()) <= known


def test_the_generators_state_is_known_before_and_after_a_draw(watch: Watch) -> None:
    def state() -> Values:
        return {name: value for name, value in watch.secrets.items() if "generator" in name}

    card = Card(watch.device.transmit)
    card.challenge(8)
    before = state()
    card.challenge(8)
    new = {kind_of(name): value for name, value in state().items() if name not in before}
    assert {kind_of(name) for name in before} == {"generator V", "generator C"}
    # C changes with a new seed only ([SP800-90A] 10.1.1.4).
    assert set(new) == {"generator V"}
    assert all(len(value) == GENERATOR_BYTES for value in state().values())


def test_the_generators_state_makes_the_next_numbers(watch: Watch) -> None:
    """Hashgen of [SP800-90A] 10.1.1.4: what GET CHALLENGE answers is SHA-256 of V."""
    card = Card(watch.device.transmit)
    card.challenge(8)
    states = [value for name, value in watch.secrets.items() if name.startswith("generator V")]
    challenge = card.challenge(8)
    assert any(hashlib.sha256(value).digest().startswith(challenge) for value in states)


def test_a_block_of_another_length_is_an_error(watch: Watch) -> None:
    handles = Handles(watch.device)
    blocks = [
        block
        for block in memory.pool_blocks(watch.device)
        if handles.secrets(block.address, block.content)
    ]
    assert blocks
    for block in blocks:
        for content in (block.content[:-8], block.content + bytes(8)):
            with pytest.raises(LayoutError, match=r"secret: a block of \d+ bytes"):
                handles.secrets(block.address, content)
