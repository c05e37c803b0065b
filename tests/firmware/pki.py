# SPDX-License-Identifier: GPL-2.0-or-later
"""A public key infrastructure of card-verifiable certificates, for tests.

Spec: [TR-03110-3] C.1, C.2, D; [SCHSM] 14. Independent of the firmware's code.
"""

import hashlib
from dataclasses import dataclass, field

import hsm_crypto
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from device import tlv
from hsm_crypto_curves import CURVES

ROOT_ROLE, ISSUER_ROLE, TERMINAL_ROLE = 0xC0, 0x80, 0x00
OID_ECDSA = bytes.fromhex("04007F000702020202")
OID_RSA = bytes.fromhex("04007F000702020201")
_HASHES = {2: "sha224", 3: "sha256", 4: "sha384", 5: "sha512"}


class EcSigner:
    """An EC key pair; `algorithm`: the last arc of its OID."""

    def __init__(self, curve: int = hsm_crypto.CURVE_SECP256R1, algorithm: int = 3) -> None:
        self.key = hsm_crypto.EcKey.generate(curve)
        hsm_crypto.live_handles.discard(self.key)
        self._curve = CURVES[curve]
        self._algorithm = algorithm
        self.point = self.key.public()

    def sign(self, message: bytes) -> bytes:
        return self.key.sign(hashlib.new(_HASHES[self._algorithm], message).digest())

    def public_key(self, parameters: bool = True) -> bytes:
        """7F49, with domain parameters or without."""
        c = self._curve
        width = c.field_bytes
        value = tlv(0x06, OID_ECDSA + bytes([self._algorithm]))
        if parameters:
            value += tlv(0x81, c.p.to_bytes(width, "big")) + tlv(0x82, c.a.to_bytes(width, "big"))
            value += tlv(0x83, c.b.to_bytes(width, "big")) + tlv(0x84, c.encode(c.g))
            value += tlv(0x85, c.n.to_bytes(c.order_bytes, "big"))
        value += tlv(0x86, self.point)
        return tlv(0x7F49, value + (tlv(0x87, b"\x01") if parameters else b""))


class RsaSigner:
    """An RSA key pair; `algorithm`: the last arc of its OID."""

    def __init__(self, bits: int = 2048, algorithm: int = 2) -> None:
        self._key = rsa.generate_private_key(65537, bits)
        self._algorithm = algorithm

    def sign(self, message: bytes) -> bytes:
        chosen = hashes.SHA512() if self._algorithm > 4 else hashes.SHA256()
        if self._algorithm in (4, 6):
            scheme = padding.PSS(padding.MGF1(chosen), chosen.digest_size)
            return self._key.sign(message, scheme, chosen)
        return self._key.sign(message, padding.PKCS1v15(), chosen)

    def public_key(self, parameters: bool = True) -> bytes:
        numbers = self._key.public_key().public_numbers()
        modulus = numbers.n.to_bytes(self._key.key_size // 8, "big")
        value = tlv(0x06, OID_RSA + bytes([self._algorithm])) + tlv(0x81, modulus)
        return tlv(0x7F49, value + tlv(0x82, b"\x01\x00\x01"))


Signer = EcSigner | RsaSigner


@dataclass
class Party:
    """Who has a key and a name; `authority` signed its certificate, by default itself did."""

    name: bytes
    role: int = TERMINAL_ROLE
    authority: "Party | None" = None
    signer: Signer = field(default_factory=EcSigner)
    parameters: bool = True

    def body(self) -> bytes:
        """7F4E."""
        return tlv(
            0x7F4E,
            tlv(0x5F29, b"\x00")
            + tlv(0x42, (self.authority or self).name)
            + self.signer.public_key(self.parameters)
            + tlv(0x5F20, self.name)
            + tlv(
                0x7F4C,
                tlv(0x06, bytes.fromhex("04007F000703010202")) + tlv(0x53, bytes([self.role])),
            )
            + tlv(0x5F25, bytes.fromhex("020500010001"))
            + tlv(0x5F24, bytes.fromhex("070001020301")),
        )

    def contents(self) -> bytes:
        """The value of the certificate's 7F21: what VERIFY CERTIFICATE takes."""
        body = self.body()
        return body + tlv(0x5F37, (self.authority or self).signer.sign(body))

    def certificate(self) -> bytes:
        """7F21."""
        return tlv(0x7F21, self.contents())


def request(holder: Party, device: Party, forged_by: Signer | None = None) -> bytes:
    """The value of the 67 for `holder`'s key, attested by `device`."""
    body = tlv(
        0x7F4E,
        tlv(0x5F29, b"\x00")
        + tlv(0x42, b"UTCA00001")
        + holder.signer.public_key(holder.parameters)
        + tlv(0x5F20, holder.name),
    )
    inner = tlv(0x7F21, body + tlv(0x5F37, (forged_by or holder.signer).sign(body)))
    attested = inner + tlv(0x42, device.name)
    return attested + tlv(0x5F37, device.signer.sign(attested))


def root(name: bytes = b"UTROOT00001", signer: Signer | None = None) -> Party:
    """A self-signed authority."""
    return Party(name, ROOT_ROLE, None, signer or EcSigner())


def device_of(authority: Party, name: bytes = b"UTDEVICE00001") -> Party:
    """A device whose certificate `authority` signed, without domain parameters."""
    return Party(name, TERMINAL_ROLE, authority, parameters=False)
