# SPDX-License-Identifier: GPL-2.0-or-later
"""What hosts bring to a card, always the same: blobs, certificates, settings."""

from __future__ import annotations

import hashlib

from cryptography.hazmat.primitives.asymmetric import ec

from campaigns import twins
from sim.life.card import tlv
from sim.life.curves import CURVES
from sim.life.cvc import CERTIFICATE
from sim.life.party import ROOT_ROLE, Party

# ruff: isort: split
import key_blob
from key_blob import KeyBlob

assert twins.FOLDERS

# --- key domains and blobs ------------------------------------------------------------------------
SHARES = (bytes(range(7, 39)), bytes(range(200, 232)))
DKEK = bytes(a ^ b for a, b in zip(*SHARES, strict=True))


def _secret(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


AES_SECRET, EC_SECRET = _secret("an AES key from elsewhere"), _secret("an EC key from elsewhere")
MASK = _secret("the mask of the secure lock")
SEED = _secret("the seed of a wallet")
_RSA_P = int(
    "fb009dd7e66bb6014cca3353291b9d7142a000d6b841f7c83689f63c1799562e"
    "4b1292856570f2f2f65bc2a8baee6b2cafbbc0b7c056abe5115a07e0a79b4773",
    16,
)
_RSA_Q = int(
    "ce77988adc472626b4cd0c04a79256af76b1bfeebc6f5d9bb81f1a972b4b4681"
    "c5c795c7ae8518f766c9841f8516885b7dc36e4f769561bfff76f9e594d57fe7",
    16,
)
RSA_EXPONENT = 65537
RSA_BITS = 1024
RSA_SECRET = pow(RSA_EXPONENT, -1, (_RSA_P - 1) * (_RSA_Q - 1)).to_bytes(RSA_BITS // 8, "big")


def aes_blob() -> bytes:
    """An AES-256 key under DKEK."""
    return KeyBlob(key_blob.AES, len(AES_SECRET), [AES_SECRET]).encode(DKEK)


def rsa_blob() -> bytes:
    """An RSA-1024 key under DKEK, without CRT parameters."""
    modulus = (_RSA_P * _RSA_Q).to_bytes(RSA_BITS // 8, "big")
    fields = [RSA_SECRET, modulus, RSA_EXPONENT.to_bytes(3, "big")]
    return KeyBlob(key_blob.RSA, RSA_BITS, fields).encode(DKEK)


def ec_blob() -> bytes:
    """An EC key on P-256 under DKEK."""
    prime, a, b, generator, order = CURVES["secp256r1"].fields()
    private = ec.derive_private_key(int.from_bytes(EC_SECRET, "big"), ec.SECP256R1())
    numbers = private.public_key().public_numbers()
    point = b"\x04" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
    fields = [a, b, prime, order, generator, EC_SECRET, point]
    return KeyBlob(key_blob.EC, 256, fields).encode(DKEK)


# What a domain of so many shares may have as its DKEK; one is that of the earlier firmware's card.
DKEKS = {1: (SHARES[0], _secret("DKEK share")), 2: (DKEK,)}

# --- certificates ---------------------------------------------------------------------------------
ROOT, DEVICE = Party(b"UTROOT00001", 11), Party(b"UTDEVICE00001", 12)
ISSUER = Party(b"UTISSUER00001", 13)
CUSTODIANS = [Party(b"UTCUSTODIAN0000%d" % number, 14 + number) for number in range(3)]
CA_FILE_OF_THE_CARD = 0xCAFD
"""Where the card keeps the first certificate that it verified."""
CUSTODIANS_MAX, CUSTODIANS_REQUIRED = 2, 1
ROOT_CERTIFICATE = tlv(CERTIFICATE, ROOT.certificate(ROOT, ROOT_ROLE))

# --- settings -------------------------------------------------------------------------------------
SETTINGS = tlv(0x00, bytes.fromhex("20A04230")) + tlv(0x09, b"Somebody's token\0")
WRITE_SETTINGS = bytes.fromhex("801C01")
NEW_SETTINGS = tlv(0x09, b"Somebody else's token\0")


def wants_a_press(apdu: bytes) -> bool:
    """True if the card waits for its button before it answers."""
    return apdu[:3] == WRITE_SETTINGS
