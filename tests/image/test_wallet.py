# SPDX-License-Identifier: GPL-2.0-or-later
"""Trees of keys and the secure lock, on the chip models."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sim.apdu import command
from sim.device import Device
from sim.life.card import Card, tlv
from tests.image.conftest import EC_KEY, PIN
from tests.image.test_residue import ram

OK = b"\x90\0"
HASH = bytes(range(32))
MASK = hashlib.sha256(b"mask").digest()
K1, R1, SYMMETRIC = 1, 2, 3
PUBLIC, SELECT = 0x0A, 0x10
HARDENED = 1 << 31

# Test vectors 1 of [BIP32] and [SLIP-0010] (nist256p1), at m/0'/1: chain code and public key.
SEED = bytes.fromhex("000102030405060708090a0b0c0d0e0f")
VECTORS = {
    K1: (
        "2a7857631386ba23dacac34180dd1983734e444fdbf774041578e9b6adb37c19"
        "03501e454bf00751f24b1b489aa925215d66af2234e3891c3b21a52bedb3cd711c"
    ),
    R1: (
        "4187afff1aafa8445010097fb99d23aee9f599450c7bd140b6826ac22ba21d0c"
        "03526c63f8d0b4bbbf9c80df553fe66742df4676b241dabefdef67733e070f6844"
    ),
}
CURVES = {K1: ec.SECP256K1(), R1: ec.SECP256R1()}
PATH = tlv(2, b"\0") + tlv(2, HARDENED.to_bytes(4, "big")) + tlv(2, (1).to_bytes(4, "big"))
LABELS = tlv(2, b"\1") + tlv(4, b"SLIP-0021") + tlv(4, b"Master encryption key")
SLIP_0011 = bytes.fromhex("060B2B0601040183A878058D6B")


@pytest.fixture
def wallet(personalised: Device) -> Device:
    """The user is logged in."""
    card = Card(personalised.transmit)
    card.select()
    card.verify(PIN)
    return personalised


def hd(device: Device, p1: int, p2: int, data: bytes) -> bytes:
    return device.transmit(command(0x80, 0x4A, p1, p2, data, 256))


def in_ram(device: Device, secret: bytes) -> bool:
    """In either order of bytes, or of words."""
    words = [secret[at : at + 4][::-1] for at in range(0, len(secret), 4)]
    memory = ram(device)
    forms = (secret, secret[::-1], b"".join(words))
    return any(form[:12] in memory for form in forms)


@pytest.mark.parametrize("scheme", [K1, R1])
def test_keys_on_a_curve(wallet: Device, scheme: int) -> None:
    assert hd(wallet, scheme, 0, SEED) == OK
    answer = hd(wallet, PUBLIC, 0, PATH)
    assert answer[13:-2].hex() == VECTORS[scheme]
    assert hd(wallet, SELECT, 0, PATH) == OK
    sign = command(0x80, 0x68, 0x00, 0xA0, HASH, 256)
    signature = wallet.transmit(sign)
    assert signature[-2:] == OK
    key = ec.EllipticCurvePublicKey.from_encoded_point(CURVES[scheme], answer[45:-2])
    key.verify(signature[:-2], HASH, ec.ECDSA(Prehashed(hashes.SHA256())))
    assert wallet.transmit(sign) == b"\x69\x85"


def test_no_seed_nor_key_stays_in_ram(wallet: Device) -> None:
    """The master node's key of SEED on secp256k1 and the key at PATH, by [BIP32]."""
    master = "e8f32e723decf4051aefac8e2c93c9c5b214313817cdb01a1494b917c8436b35"
    node = "3c6cb8d0f6a264c91ea8b5030fadaa8e538b020f0a387421a12de9319dc93368"
    assert hd(wallet, K1, 0, SEED) == OK
    assert hd(wallet, SELECT, 0, PATH) == OK
    wallet.run_for_ms(1)
    # The search finds what is there: the selected node, in the crypto module's memory.
    assert in_ram(wallet, bytes.fromhex(node))
    assert not in_ram(wallet, SEED)
    assert not in_ram(wallet, bytes.fromhex(master))
    wallet.transmit(command(0x80, 0x68, 0x00, 0xA0, HASH, 256))
    wallet.run_for_ms(1)
    assert not in_ram(wallet, bytes.fromhex(node))
    assert hd(wallet, SELECT, 0, PATH) == OK
    Card(wallet.transmit).select()
    wallet.run_for_ms(1)
    assert not in_ram(wallet, bytes.fromhex(node))


def test_symmetric_keys(wallet: Device) -> None:
    assert hd(wallet, SYMMETRIC, 1, SEED) == OK

    def crypt(p2: int, data: bytes) -> bytes:
        assert hd(wallet, SELECT, 0, LABELS) == OK
        field = SLIP_0011 + tlv(0x81, data) + tlv(0x83, b"a label")
        return wallet.transmit(command(0x80, 0x78, 0x00, p2, field, 256))

    sealed = crypt(0x51, bytes(32))
    assert sealed[-2:] == OK and len(sealed) == 34
    assert crypt(0x52, sealed[:-2]) == bytes(32) + OK


def test_the_secure_lock(wallet: Device) -> None:
    card = Card(wallet.transmit)

    def lock(p2: int, data: bytes) -> bytes:
        return wallet.transmit(command(0x80, 0x64, 0x3A, p2, data, 256))

    def sealed(mask: bytes = MASK) -> bytes:
        private = ec.derive_private_key(12345, ec.SECP256R1())
        public = private.public_key()
        point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        answer = lock(1, point)
        assert answer[-2:] == OK
        peer = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), answer[:-2])
        shared = private.exchange(ec.ECDH(), peer)
        key = HKDF(hashes.SHA256(), 44, None, point).derive(shared)
        return ChaCha20Poly1305(key[12:]).encrypt(key[:12], mask, point)

    sign = command(0x80, 0x68, EC_KEY, 0x70, HASH, 256)
    assert lock(2, sealed()) == OK
    assert wallet.transmit(sign)[-2:] == OK
    wallet.machine.power_off()
    wallet.power_on()
    card.select()
    card.verify(PIN)
    assert wallet.transmit(sign) == b"\x69\x82"
    assert lock(3, sealed(bytes(32))) == b"\x67\0"
    assert lock(3, sealed()) == OK
    assert wallet.transmit(sign)[-2:] == OK
    # The session keeps the mask, for its other logins.
    assert in_ram(wallet, MASK)
    card.select()
    wallet.run_for_ms(1)
    assert not in_ram(wallet, MASK)
    card.verify(PIN)
    assert lock(4, sealed()) == OK
    card.select()
    card.verify(PIN)
    assert wallet.transmit(sign)[-2:] == OK
