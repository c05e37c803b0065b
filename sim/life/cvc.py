# SPDX-License-Identifier: GPL-2.0-or-later
"""Card verifiable certificates and requests, verified on the host.

Source: [SCHSM] 14.

Parsing follows TR-03110 part 3, C.1; signatures are checked with `cryptography`, so that neither
the structure nor the arithmetic is judged by code of the card.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from sim.life.curves import CURVES

PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey

AUTHENTICATED_REQUEST = 0x67
CERTIFICATE = 0x7F21
BODY = 0x7F4E
PUBLIC_KEY = 0x7F49
SIGNATURE = 0x5F37
AUTHORITY_REFERENCE = 0x42
HOLDER_REFERENCE = 0x5F20
OID = 0x06

RSA_SHA256_OID = bytes.fromhex("04007F00070202020102")
ECDSA_SHA256_OID = bytes.fromhex("04007F00070202020203")


def _prime(curve_name: str) -> int:
    return int(CURVES[curve_name].prime, 16)


CURVES_BY_PRIME: dict[int, ec.EllipticCurve] = {
    2**192 - 2**64 - 1: ec.SECP192R1(),
    2**256 - 2**224 + 2**192 + 2**96 - 1: ec.SECP256R1(),
    2**384 - 2**128 - 2**96 + 2**32 - 1: ec.SECP384R1(),
    2**521 - 1: ec.SECP521R1(),
    2**256 - 2**32 - 977: ec.SECP256K1(),
    _prime("brainpoolP256r1"): ec.BrainpoolP256R1(),
    _prime("brainpoolP384r1"): ec.BrainpoolP384R1(),
    _prime("brainpoolP512r1"): ec.BrainpoolP512R1(),
}


class CertificateError(Exception):
    """A certificate or request is malformed, or a signature in it is wrong."""


def parse_tlv(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """The BER-TLV objects in `data`: (tag, value, whole object)."""
    position = 0
    while position < len(data):
        start = position
        try:
            tag = data[position]
            position += 1
            if tag & 0x1F == 0x1F:
                tag = tag << 8 | data[position]
                position += 1
            length = data[position]
            position += 1
            if length & 0x80:
                count = length & 0x7F
                length = int.from_bytes(data[position : position + count], "big")
                position += count
        except IndexError:
            raise CertificateError("TLV cut short") from None
        if position + length > len(data):
            raise CertificateError(f"tag {tag:x}: {length} bytes announced, fewer are there")
        yield tag, data[position : position + length], data[start : position + length]
        position += length


def find(data: bytes, tag: int) -> tuple[bytes, bytes]:
    """(value, whole object) of the first object `tag` in `data`; CertificateError when absent."""
    for found, value, whole in parse_tlv(data):
        if found == tag:
            return value, whole
    raise CertificateError(f"no tag {tag:x}")


def public_key(key_data: bytes) -> PublicKey:
    """The public key in the value of a 7F49 object."""
    fields = {tag: value for tag, value, _ in parse_tlv(key_data)}
    if fields.get(OID, b"") == RSA_SHA256_OID:
        modulus, exponent = (int.from_bytes(fields[tag], "big") for tag in (0x81, 0x82))
        return rsa.RSAPublicNumbers(exponent, modulus).public_key()
    if fields.get(OID, b"") != ECDSA_SHA256_OID:
        raise CertificateError(f"unknown key OID {fields.get(OID, b'').hex()}")
    curve = CURVES_BY_PRIME.get(int.from_bytes(fields.get(0x81, b""), "big"))
    if curve is None:
        raise CertificateError("the prime belongs to no known curve")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(curve, fields[0x86])
    except (KeyError, ValueError) as error:
        raise CertificateError(f"public point: {error}") from None


def verify(key: PublicKey, signature: bytes, message: bytes) -> None:
    """Check a TR-03110 signature with SHA-256: r || s for EC keys, PKCS#1 v1.5 for RSA keys."""
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
            return
        width = (key.curve.key_size + 7) // 8
        if len(signature) != 2 * width:
            raise CertificateError(f"signature of {len(signature)} bytes, {2 * width} are due")
        r, s = (int.from_bytes(signature[i : i + width], "big") for i in (0, width))
        key.verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise CertificateError("wrong signature") from None


@dataclass(frozen=True)
class CvCertificate:
    """One 7F21 object; `key` may sign for others, `holder` and `authority` are references."""

    key: PublicKey
    holder: str
    authority: str
    body: bytes
    signature: bytes
    whole: bytes

    @classmethod
    def parse(cls, whole: bytes) -> CvCertificate:
        """Parse a 7F21 object (what follows it is ignored)."""
        value, complete = find(whole, CERTIFICATE)
        content, body = find(value, BODY)
        signature, _ = find(value, SIGNATURE)
        key_data, _ = find(content, PUBLIC_KEY)
        holder, _ = find(content, HOLDER_REFERENCE)
        authority = next((v for t, v, _ in parse_tlv(content) if t == AUTHORITY_REFERENCE), b"")
        return cls(
            public_key(key_data),
            holder.decode("ascii"),
            authority.decode("ascii"),
            body,
            signature,
            complete,
        )

    def verify_by(self, key: PublicKey) -> None:
        """Check the signature; CertificateError when it is wrong."""
        verify(key, self.signature, self.body)


def check_device_certificate(data: bytes) -> CvCertificate:
    """The first certificate in EF 2F02, which must be self-signed when it stands alone."""
    certificate = CvCertificate.parse(data)
    if certificate.authority == certificate.holder:
        certificate.verify_by(certificate.key)
    return certificate


def check_request(data: bytes, device: CvCertificate) -> CvCertificate:
    """An authenticated request: the inner signature by the new key, the outer one by the device."""
    value, _ = find(data, AUTHENTICATED_REQUEST)
    request = CvCertificate.parse(value)
    request.verify_by(request.key)
    authority, authority_object = find(value, AUTHORITY_REFERENCE)
    if authority.decode("ascii") != device.holder:
        raise CertificateError(f"outer CAR {authority!r} is not the device {device.holder}")
    outer = [whole for tag, whole, _ in parse_tlv(value) if tag == SIGNATURE]
    if len(outer) != 1:
        raise CertificateError("no outer signature")
    verify(device.key, outer[0], request.whole + authority_object)
    return request
