# SPDX-License-Identifier: GPL-2.0-or-later
"""A card that takes keys which a test knows, and computes known answers with them.

Keys come in as blobs under DKEK ([SCHSM] 12.3), each in the place of the one before.
"""

from __future__ import annotations

import hashlib

from sim.apdu import Response, command
from sim.device import Device
from sim.life.card import Card, tlv
from tests.crypto.agreement_cases import AnyCurve
from tests.crypto.rsa_cases import Key
from tests.crypto.selftest import Curve, Hash
from tests.crypto.twin import hsm_crypto
from tests.firmware import key_blob
from tests.firmware.key_blob import KeyBlob


def made_up(name: str, size_bytes: int = 32) -> bytes:
    """A key that only its name makes: the watch for secrets leaves out bytes that just count."""
    return hashlib.shake_256(name.encode()).digest(size_bytes)


DKEK = made_up("DKEK")
KEY_ID = 1
SECRET_KEY_BYTES = (16, 24, 32, 64)

INS_DECIPHER, INS_SIGN, INS_CIPHER = 0x62, 0x68, 0x78
EXTENDED_ENCRYPT, EXTENDED_DECRYPT = 0x51, 0x52
# Low digit of the algorithms that hash a message, by hash ([SCHSM] 16).
HASH_DIGITS = {hash_: digit for digit, hash_ in enumerate(Hash, 1)}

OID_AES = bytes.fromhex("6086480165030401")
OID_HMAC = bytes.fromhex("2A864886F70D02")
OID_SMIME = bytes.fromhex("2A864886F70D01091003")
OID_PKCS5 = bytes.fromhex("2A864886F70D0105")
OID_X963 = bytes.fromhex("2B81051086483F")
OID_XTS = bytes.fromhex("2B6F028C53000001")
# The last byte of HMAC's OID, by hash.
HMAC_NUMBERS = {hash_: number for number, hash_ in enumerate(Hash, 7)}


def number(value: int) -> bytes:
    """Big endian without leading zeros."""
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def rsa_blob(key: Key, kind: int) -> KeyBlob:
    """A private exponent, or CRT parameters."""
    d = key.d
    if kind == key_blob.RSA:
        numbers = (d, key.n, key.e)
    else:
        p, q = key.p, key.q
        numbers = (d % (p - 1), d % (q - 1), p, pow(q, -1, p), q, key.n, key.e)
    return KeyBlob(kind, key.bits, list(map(number, numbers)))


def curve_blob(curve: AnyCurve, private: bytes, public: bytes = b"") -> KeyBlob:
    """Weierstrass points as X || Y; a blob may leave the public key out."""
    p, a, b, generator, order, _ = hsm_crypto.curve_parameters(curve)
    if public and isinstance(curve, Curve):
        public = b"\x04" + public
    return KeyBlob(key_blob.EC, 8 * len(p), [a, b, p, order, generator, private, public])


class VectorCard:
    """A logged-in card; `device` is under it."""

    def __init__(self, device: Device) -> None:
        self._card = Card(device.transmit)
        self._present: bytes | None = None

    def unwrap(self, blob: KeyBlob) -> int:
        """UNWRAP KEY unless that key is there already; the status word."""
        wrapped = blob.encode(DKEK)
        if wrapped == self._present:
            return 0x9000
        apdu = command(0x80, 0x74, KEY_ID, 0x93, wrapped, extended=True)
        response = self._card.send(apdu)
        self._present = wrapped if response.ok else None
        return response.sw

    def public_key(self) -> bytes:
        """The request that the card made for the key: its public key is in it."""
        return self._card.read_file(0xCE00 | KEY_ID)

    def set_secret(self, key: bytes) -> None:
        """16, 24, 32 or 64 bytes."""
        assert self.unwrap(KeyBlob(key_blob.AES, len(key), [key])) == 0x9000

    def set_rsa(self, key: Key) -> None:
        """With CRT parameters: the card need not look for the primes."""
        assert self.unwrap(rsa_blob(key, key_blob.RSA_CRT)) == 0x9000

    def use(self, ins: int, algorithm: int, data: bytes, ne: int = 65536) -> Response:
        """DECIPHER, SIGN or CIPHER with the key."""
        return self._card.send(command(0x80, ins, KEY_ID, algorithm, data, ne, extended=True))

    def extended(
        self,
        algorithm: int,
        oid: bytes,
        *,
        data: bytes | None = None,
        iv: bytes = b"",
        info: bytes = b"",
        ne: int = 65536,
    ) -> Response:
        """CIPHER with an extended cipher ([SCHSM] 19); what is empty is left out, but data."""
        request = tlv(0x06, oid) + (b"" if data is None else tlv(0x81, data))
        for tag, value in ((0x82, iv), (0x83, info)):
            request += tlv(tag, value) if value else b""
        return self.use(INS_CIPHER, algorithm, request, ne)
