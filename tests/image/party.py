# SPDX-License-Identifier: GPL-2.0-or-later
"""A holder of a key who certifies others, for tests of the image.

Spec: [TR-03110-3] C.1, C.2, D; [SCHSM] 14.
"""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from sim.life import cvc
from sim.life.card import ec_key_template, tlv

# id-AT: the role is that of an authentication terminal, as in the certificates of cards.
ROLE = bytes.fromhex("060904007F000703010202")


class Party:
    """A name and a key on P-256, from a number."""

    def __init__(self, name: bytes, secret: int) -> None:
        self.name = name
        self._key = ec.derive_private_key(secret, ec.SECP256R1())
        numbers = self._key.public_key().public_numbers()
        point = b"\x04" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
        parameters, cofactor = ec_key_template("secp256r1")[:-3], tlv(0x87, b"\x01")
        self.public_key = tlv(0x7F49, parameters + tlv(0x86, point) + cofactor)

    def sign(self, message: bytes) -> bytes:
        signature = self._key.sign(message, ec.ECDSA(hashes.SHA256()))
        return b"".join(number.to_bytes(32, "big") for number in decode_dss_signature(signature))

    def signed(self, authority: Party, *more: bytes) -> bytes:
        """The value of a 7F21."""
        head = tlv(0x5F29, b"\x00") + tlv(0x42, authority.name)
        body = tlv(0x7F4E, head + self.public_key + tlv(0x5F20, self.name) + b"".join(more))
        return body + tlv(0x5F37, authority.sign(body))

    def certificate(self, authority: Party, role: int) -> bytes:
        """The value of a 7F21, with a role and dates."""
        dates = tlv(0x5F25, b"\2\5\0\1\0\1") + tlv(0x5F24, b"\7\0\1\2\3\1")
        return self.signed(authority, tlv(0x7F4C, ROLE + tlv(0x53, bytes((role,)))) + dates)

    def request(self, device: Party) -> bytes:
        """The value of a 67."""
        attested = tlv(cvc.CERTIFICATE, self.signed(self)) + tlv(0x42, device.name)
        return attested + tlv(0x5F37, device.sign(attested))
