# SPDX-License-Identifier: GPL-2.0-or-later
"""CPython twin of the crypto module: native_crypto/stubs/hsm_crypto.pyi.

On PyPI `cryptography`; plain integer arithmetic where that library lacks a curve. Not for use, nor
constant-time: an oracle and a stand-in for desktop tests. The handles are in hsm_crypto_*.py.
"""

import hashlib
import hmac as _hmac
from random import Random

from hsm_crypto_curves import CURVES
from hsm_crypto_pool import (
    CURVE_BRAINPOOLP256R1,
    CURVE_BRAINPOOLP384R1,
    CURVE_BRAINPOOLP512R1,
    CURVE_ED448,
    CURVE_ED25519,
    CURVE_SECP192K1,
    CURVE_SECP192R1,
    CURVE_SECP256K1,
    CURVE_SECP256R1,
    CURVE_SECP384R1,
    CURVE_SECP521R1,
    CURVE_X448,
    CURVE_X25519,
    HASH_SHA1,
    HASH_SHA224,
    HASH_SHA256,
    HASH_SHA384,
    HASH_SHA512,
    REASON_AUTHENTICATION,
    REASON_CANCELLED,
    REASON_ENTROPY,
    REASON_FAILED,
    REASON_FAULT,
    REASON_POINT,
    Buffer,
    CryptoError,
    hash_name,
)
from hsm_crypto_pool import Handle as _Handle

# ruff: isort: split
from hsm_crypto_aes import (
    CIPHER_AES_CBC,
    CIPHER_AES_CCM,
    CIPHER_AES_CFB,
    CIPHER_AES_CTR,
    CIPHER_AES_ECB,
    CIPHER_AES_GCM,
    CIPHER_AES_OFB,
    CIPHER_AES_XTS,
    CIPHER_CHACHA20_POLY1305,
    AesKey,
)
from hsm_crypto_channel import SecureChannel
from hsm_crypto_ec import EcKey, curve_of, ec_verify
from hsm_crypto_hd import HD_SECP256K1, HD_SECP256R1, HD_SYMMETRIC, HdNode
from hsm_crypto_raw_keys import RAW_CURVES, EdwardsKey, MontgomeryKey, curve_of_prime
from hsm_crypto_rsa import RsaKey, rsa_from_primes, rsa_verify_pkcs1, rsa_verify_pss
from hsm_crypto_secret import Secret

draw = Random(0).randbytes
"""Where all random numbers come from. Each test starts it anew, so that it can be repeated."""

entropy_failed = False
"""Set by a test: the noise source failed its health tests."""

live_handles: "set[_Handle]" = set()
"""What the pool holds: handles that nobody wiped."""

operations_left: int | None = None
"""Set by a test: uses of handles, their making included, before one fails."""


def _count_operation() -> None:
    global operations_left
    if operations_left is not None:
        operations_left -= 1
        if operations_left < 0:
            operations_left = None
            raise CryptoError(REASON_FAILED)


def digest(hash: int, *parts: Buffer) -> bytes:
    state = hashlib.new(hash_name(hash))
    for part in parts:
        state.update(part)
    return state.digest()


def equal(a: Buffer, b: Buffer) -> bool:
    return _hmac.compare_digest(bytes(a), bytes(b))


def random(length: int) -> bytes:
    if not 0 <= length <= 4096:
        raise ValueError
    if entropy_failed:
        raise CryptoError(REASON_ENTROPY)
    return draw(length)


def random_into(buffer: bytearray | memoryview) -> int:
    buffer[:] = random(len(buffer))
    return len(buffer)


def reseed() -> None:
    random(0)


def curve_from_prime(prime: Buffer, generator: Buffer = b"") -> int | None:
    value = int.from_bytes(prime, "big")
    raw = curve_of_prime(value, bytes(generator))
    if raw is not None:
        return raw
    return next((number for number, c in CURVES.items() if c.p == value), None)


def curve_parameters(curve: int) -> tuple[bytes, bytes, bytes, bytes, bytes, int]:
    if curve in RAW_CURVES:
        raw = RAW_CURVES[curve]
        a, b = raw.coefficients
        width = (raw.p.bit_length() + 7) // 8
        order = raw.n.to_bytes((raw.n.bit_length() + 7) // 8, "big")
        return raw.p.to_bytes(width, "big"), a, b, raw.base, order, raw.h
    c = curve_of(curve)
    field, order_bytes = c.field_bytes, c.order_bytes
    return (
        c.p.to_bytes(field, "big"),
        c.a.to_bytes(field, "big"),
        c.b.to_bytes(field, "big"),
        c.encode(c.g),
        c.n.to_bytes(order_bytes, "big"),
        1,
    )


__all__ = [
    "CIPHER_AES_CBC",
    "CIPHER_AES_CCM",
    "CIPHER_AES_CFB",
    "CIPHER_AES_CTR",
    "CIPHER_AES_ECB",
    "CIPHER_AES_GCM",
    "CIPHER_AES_OFB",
    "CIPHER_AES_XTS",
    "CIPHER_CHACHA20_POLY1305",
    "CURVE_BRAINPOOLP256R1",
    "CURVE_BRAINPOOLP384R1",
    "CURVE_BRAINPOOLP512R1",
    "CURVE_ED448",
    "CURVE_ED25519",
    "CURVE_SECP192K1",
    "CURVE_SECP192R1",
    "CURVE_SECP256K1",
    "CURVE_SECP256R1",
    "CURVE_SECP384R1",
    "CURVE_SECP521R1",
    "CURVE_X448",
    "CURVE_X25519",
    "HASH_SHA1",
    "HASH_SHA224",
    "HASH_SHA256",
    "HASH_SHA384",
    "HASH_SHA512",
    "HD_SECP256K1",
    "HD_SECP256R1",
    "HD_SYMMETRIC",
    "REASON_AUTHENTICATION",
    "REASON_CANCELLED",
    "REASON_ENTROPY",
    "REASON_FAILED",
    "REASON_FAULT",
    "REASON_POINT",
    "AesKey",
    "CryptoError",
    "EcKey",
    "EdwardsKey",
    "HdNode",
    "MontgomeryKey",
    "RsaKey",
    "SecureChannel",
    "Secret",
    "ec_verify",
    "rsa_from_primes",
    "rsa_verify_pkcs1",
    "rsa_verify_pss",
]
