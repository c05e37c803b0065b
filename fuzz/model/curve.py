# SPDX-License-Identifier: GPL-2.0-or-later
"""secp256r1, the one curve of the abstract card ([SCHSM] 30): points, signatures."""

from __future__ import annotations

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fuzz.model.apdu import tlv

FIELD_BYTES = 32
POINT_BYTES = 2 * FIELD_BYTES + 1
BITS = 256
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
# P, A, B, G, order.
PARAMETERS = tuple(
    map(
        bytes.fromhex,
        (
            "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
            "ffffffff00000001000000000000000000000000fffffffffffffffffffffffc",
            "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
            "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
            "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
            f"{ORDER:064x}",
        ),
    )
)
# The value of 7F49 ([SCHSM] 13.1).
TEMPLATE = tlv(0x06, bytes.fromhex("04007F00070202020203")) + b"".join(
    tlv(tag, value) for tag, value in zip(range(0x81, 0x86), PARAMETERS, strict=True)
)
TEMPLATE += tlv(0x87, b"\1")
HASHES = {0x71: "sha1", 0x72: "sha224", 0x73: "sha256", 0x74: "sha384", 0x75: "sha512"}


def private(scalar: int) -> ec.EllipticCurvePrivateKey:
    """A private key."""
    return ec.derive_private_key(scalar, ec.SECP256R1())


def public_point(scalar: int) -> bytes:
    """04, X, Y of a private key."""
    point = private(scalar).public_key()
    return point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def is_point(point: bytes) -> bool:
    """True for the 65 bytes of a point on the curve."""
    return len(point) == POINT_BYTES and point[0] == 4 and _public(point) is not None


def _public(point: bytes) -> ec.EllipticCurvePublicKey | None:
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        return None


def agree(secret: bytes, point: bytes) -> bytes:
    """X of the common point."""
    public = _public(point)
    assert public is not None
    return private(int.from_bytes(secret)).exchange(ec.ECDH(), public)


def leftmost(algorithm: int, message: bytes) -> bytes:
    """The number that is signed: 256 bits of the hash, or of the message itself."""
    name = HASHES.get(algorithm)
    digest = hashlib.new(name, message).digest() if name else message
    return digest[:FIELD_BYTES].rjust(FIELD_BYTES, b"\0")


def verifies(point: bytes, signature: bytes, number: bytes) -> bool:
    """True if the signature (DER) of a number of 32 bytes is right."""
    public = _public(point)
    assert public is not None
    try:
        public.verify(signature, number, ec.ECDSA(Prehashed(hashes.SHA256())))
    except InvalidSignature:
        return False
    return True


def der(signature: bytes) -> bytes:
    """A signature r, s of 64 bytes as DER."""
    half = len(signature) // 2
    return encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))
