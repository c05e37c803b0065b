# SPDX-License-Identifier: GPL-2.0-or-later
"""Secure messaging: keys, tokens, MACs and ciphertexts of the core are the twin's."""

from __future__ import annotations

import hashlib

import pytest

from tests.crypto.selftest import Curve, Operation, Refused, Result, SelfTest
from tests.crypto.twin import hsm_crypto

NONCE = bytes(range(8))
CURVES = [Curve.SECP256R1, Curve.SECP256K1]


def channel(key: hsm_crypto.EcKey, point: bytes, steps: int) -> hsm_crypto.SecureChannel:
    made = key.secure_channel(point, NONCE)
    made._counter = steps
    return made


@pytest.mark.parametrize("curve", CURVES)
def test_agreement(target: SelfTest, curve: Curve):
    """Both ends of it: the terminal's twin reads what the card sends."""
    card, terminal = hsm_crypto.EcKey.generate(curve), hsm_crypto.EcKey.generate(curve)
    private = card._content.to_bytes(32, "big")
    parts = (curve, private, terminal.public()[1:], NONCE)
    for steps, length in ((0, 0), (1, 1), (2, 15), (3, 16), (255, 17), (256, 100)):
        data = bytes(range(length))
        other = channel(terminal, card.public(), steps)
        token, mac, sealed = target.call(Operation.CHANNEL_SEND, *parts, steps, data)
        assert token == other.token(data) and mac == other.mac(data)
        buffer = bytearray(len(sealed))
        assert buffer[: other.decrypt_into(sealed, buffer)] == data
        assert other.encrypt_into(data, buffer) == len(sealed) and bytes(buffer) == sealed
        assert target.one(Operation.CHANNEL_RECEIVE, *parts, steps, sealed) == data


def test_key_derivation(target: SelfTest):
    """[TR-03110-3] A.2.3.2, with scalars that make the secret the generator's x."""
    n = int.from_bytes(hsm_crypto.curve_parameters(Curve.SECP256R1)[4], "big")
    generator = hsm_crypto.curve_parameters(Curve.SECP256R1)[3]
    for private in (1, n - 1):
        parts = (Curve.SECP256R1, private.to_bytes(32, "big"), generator[1:], NONCE)
        token, _, _ = target.call(Operation.CHANNEL_SEND, *parts, 0, b"token")
        secret = generator[1:33] + NONCE
        keys = [hashlib.sha1(secret + bytes([0, 0, 0, number])).digest()[:16] for number in (1, 2)]
        assert token == hsm_crypto.SecureChannel._from_keys(*keys).token(b"token")


def test_paddings_and_lengths_that_are_wrong(target: SelfTest):
    card, terminal = hsm_crypto.EcKey.generate(2), hsm_crypto.EcKey.generate(2)
    parts = (2, card._content.to_bytes(32, "big"), terminal.public()[1:], NONCE, 1)
    sealed = target.call(Operation.CHANNEL_SEND, *parts, bytes(16))[2]
    wrong = [b"", sealed[:15], sealed[:31], sealed[:16], bytes(16)]
    for data in wrong:
        with pytest.raises(Refused) as refused:
            target.call(Operation.CHANNEL_RECEIVE, *parts, data)
        assert refused.value.result == Result.AUTHENTICATION


def test_points_off_the_curve_are_refused(target: SelfTest):
    point = bytearray(hsm_crypto.EcKey.generate(2).public()[1:])
    point[-1] ^= 1
    with pytest.raises(Refused) as refused:
        parts = (2, bytes(31) + b"\x05", bytes(point), NONCE, 0, b"")
        target.call(Operation.CHANNEL_SEND, *parts)
    assert refused.value.result == Result.POINT
