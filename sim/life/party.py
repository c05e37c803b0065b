# SPDX-License-Identifier: GPL-2.0-or-later
"""A key pair of the host's with a name: authority, device or custodian.

Source: [SCHSM] 14, 20; TR-03110 part 3, C.1. Signatures depend on key and message alone, so that
two runs bring the same bytes.
"""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from sim.life.card import ec_key_template, tlv
from sim.life.cvc import AUTHORITY_REFERENCE, BODY, CERTIFICATE, HOLDER_REFERENCE, SIGNATURE
from sim.life.cvc import PUBLIC_KEY as TAG_PUBLIC_KEY

ROOT_ROLE, TERMINAL_ROLE = 0xC0, 0x00
_CURVE = "secp256r1"
_ROLE_OID = bytes.fromhex("060904007F000703010202")
# 2025-01-01 to 2070-12-31, a digit in each byte.
_DATES = tlv(0x5F25, bytes.fromhex("020500010001")) + tlv(0x5F24, bytes.fromhex("070001020301"))


class Party:
    """`name`: its holder reference; `secret`: the number that its key on P-256 is.

    `public_key`: the 7F49 that its certificates carry; another one makes it certify another's key.
    """

    def __init__(self, name: bytes, secret: int) -> None:
        self.name = name
        self._key = ec.derive_private_key(secret, ec.SECP256R1())
        numbers = self._key.public_key().public_numbers()
        point = b"\x04" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
        cofactor = tlv(0x87, b"\x01")
        parameters = ec_key_template(_CURVE).removesuffix(cofactor)
        self.public_key = tlv(TAG_PUBLIC_KEY, parameters + tlv(0x86, point) + cofactor)

    def sign(self, message: bytes) -> bytes:
        """ECDSA with SHA-256: r || s, 64 bytes."""
        scheme = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        numbers = decode_dss_signature(self._key.sign(message, scheme))
        return b"".join(number.to_bytes(32, "big") for number in numbers)

    def certificate(self, authority: Party, role: int = TERMINAL_ROLE) -> bytes:
        """The value of a 7F21: what VERIFY CERTIFICATE takes."""
        return self.signed(authority, tlv(0x7F4C, _ROLE_OID + tlv(0x53, bytes((role,)))) + _DATES)

    def request(self, device: Party) -> bytes:
        """The value of a 67: this party's key, as `device` attests it."""
        attested = tlv(CERTIFICATE, self.signed(self)) + tlv(AUTHORITY_REFERENCE, device.name)
        return attested + tlv(SIGNATURE, device.sign(attested))

    def signed(self, authority: Party, more: bytes = b"") -> bytes:
        """The value of a 7F21, without role and dates unless they are in `more`."""
        head = tlv(0x5F29, b"\x00") + tlv(AUTHORITY_REFERENCE, authority.name)
        holder = tlv(HOLDER_REFERENCE, self.name)
        body = tlv(BODY, head + self.public_key + holder + more)
        return body + tlv(SIGNATURE, authority.sign(body))
