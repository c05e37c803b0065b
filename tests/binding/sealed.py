# SPDX-License-Identifier: GPL-2.0-or-later
"""Sealed objects as native_crypto/core/object.h describes them, made on the host."""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SEAL_KEYS_BYTES = 64
KIND_SECRET, KIND_EC, KIND_RSA = 1, 2, 3

ROOT = bytes(range(32))
LABEL = b"label"

RSA_BITS = 1024
RSA_EXPONENT = 65537
RSA_P = int(
    "E194790FB79E9DA5A8E59C102648D126E06C3CC831303BEE7AB2F26ABE9E4FB4"
    "C0C49BD20BF819FB7476B04181A045A613A77EFD6D7E6FF3F705A137E5F2E8FF",
    16,
)
RSA_Q = int(
    "DB55D5903E4F824FD0890D0B6072D76B13C49E265CC6572E3843D8DBFFEEA4BC"
    "EC5D5CEB0A5031DBA1A73B8966F5A3E37F08C959742C1157C7D2152A2527C8C1",
    16,
)
RSA_MODULUS = RSA_P * RSA_Q


def seal(plain: bytes, root: bytes = ROOT, label: bytes = LABEL) -> bytes:
    """AES-SIV under keys from HKDF-SHA256(root, info "siv"): tag || ciphertext."""
    keys = HKDF(SHA256(), SEAL_KEYS_BYTES, salt=None, info=b"siv").derive(root)
    # An empty component of associated data is one, too.
    return AESSIV(keys).encrypt(plain, [label])


def rsa_plain() -> bytes:
    """The serialised form of the RSA key."""
    p, q = RSA_P, RSA_Q
    private = pow(RSA_EXPONENT, -1, (p - 1) * (q - 1))
    parts = (p, q, private % (p - 1), private % (q - 1), pow(q, -1, p))
    numbers = b"".join(part.to_bytes(RSA_BITS // 16, "big") for part in parts)
    header = RSA_BITS.to_bytes(2, "big") + RSA_EXPONENT.to_bytes(4, "big")
    return bytes([KIND_RSA]) + header + numbers
