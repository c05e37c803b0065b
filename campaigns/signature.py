# SPDX-License-Identifier: GPL-2.0-or-later
"""Whose signature is it? As a host finds out, on the curve of all campaigns."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec


def is_of(point: bytes, signature: bytes, message: bytes) -> bool:
    """True if the key of an uncompressed P-256 `point` made the ECDSA signature (DER, SHA-256)."""
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    try:
        key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True
