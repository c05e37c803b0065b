# SPDX-License-Identifier: GPL-2.0-or-later
"""The crypto twin's key blobs: keys wrapped under a DKEK ([SCHSM] 12.3)."""

import hashlib

import hsm_crypto as module
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hsm_crypto_channel import cmac
from hsm_crypto_pool import REASON_AUTHENTICATION, REASON_FAILED, CryptoError, Handle
from hsm_crypto_raw_keys import RAW_CURVES, EdwardsKey, RawKey

TYPE_RSA, TYPE_RSA_CRT, TYPE_EC, TYPE_AES = 0x05, 0x06, 0x0C, 0x0F
_OIDS = {
    TYPE_RSA: bytes.fromhex("04007F00070202020102"),
    TYPE_EC: bytes.fromhex("04007F00070202020203"),
    TYPE_AES: bytes.fromhex("6086480165030401"),
}
_BLOCK_BYTES = 16
_RANDOM_BYTES = 8


def wrap(dkek: bytes, key: Handle, algorithms_allowed: bytes) -> bytes:
    """The blob of a key. ValueError: a list of more than 255 algorithms, or no key."""
    if len(algorithms_allowed) > 255:
        raise ValueError
    return build(dkek, algorithms_allowed, *_fields(key))


def build(dkek: bytes, algorithms_allowed: bytes, kind: int, size: int, fields: bytes) -> bytes:
    """A blob of any type and fields: `size` is bits, of an AES key bytes."""
    plain = module.random(_RANDOM_BYTES) + size.to_bytes(2, "big") + fields + b"\x80"
    plain += bytes(-len(plain) % _BLOCK_BYTES)
    head = hashlib.sha256(dkek).digest()[:8] + bytes([kind]) + item(_OIDS.get(kind, b""))
    head += item(algorithms_allowed) + item(b"") + item(b"")
    return authenticated(dkek, head + _cipher(dkek).encryptor().update(plain))


def authenticated(dkek: bytes, covered: bytes) -> bytes:
    """With the MAC behind it."""
    return covered + cmac(_derived(dkek, 2), covered)


def unwrap(dkek: bytes, blob: bytes) -> tuple[Handle, bytes]:
    """The key of a blob and its allowed algorithms. CryptoError."""
    if blob[:8] != hashlib.sha256(dkek).digest()[:8]:
        raise CryptoError(REASON_AUTHENTICATION)
    covered = blob[:-_BLOCK_BYTES]
    if authenticated(dkek, covered) != blob:
        raise CryptoError(REASON_AUTHENTICATION)
    try:
        kind = covered[8]
        _, algorithms_allowed, _, _, ciphertext = _items(covered[9:], 4)
        plain = _cipher(dkek).decryptor().update(ciphertext)
        bits = int.from_bytes(plain[_RANDOM_BYTES : _RANDOM_BYTES + 2], "big")
        return _READERS[kind](bits, plain[_RANDOM_BYTES + 2 :]), algorithms_allowed
    except (ValueError, KeyError, IndexError, ZeroDivisionError):
        raise CryptoError(REASON_FAILED) from None


def _derived(dkek: bytes, number: int) -> bytes:
    return hashlib.sha256(dkek + number.to_bytes(4, "big")).digest()


def _cipher(dkek: bytes) -> Cipher:
    return Cipher(algorithms.AES(_derived(dkek, 1)), modes.CBC(bytes(_BLOCK_BYTES)))


def item(value: bytes) -> bytes:
    """A value with its length before it."""
    return len(value).to_bytes(2, "big") + value


def _items(data: bytes, count: int) -> list[bytes]:
    """`count` values with their lengths before them, and what follows."""
    values = []
    for _ in range(count):
        length = int.from_bytes(data[:2], "big")
        if len(data) < 2 + length:
            raise ValueError
        values.append(data[2 : 2 + length])
        data = data[2 + length :]
    return [*values, data]


def minimal(number: int) -> bytes:
    """Big endian, without leading zeros."""
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _fields(key: Handle) -> tuple[int, int, bytes]:
    if isinstance(key, module.RsaKey):
        numbers = key._open().private_numbers()
        public = numbers.public_numbers
        values = [minimal(number) for number in (numbers.d, public.n, public.e)]
        return TYPE_RSA, key.bits, b"".join(map(item, values))
    if isinstance(key, module.AesKey):
        return TYPE_AES, key.bits // 8, key._open()
    if not isinstance(key, (module.EcKey, RawKey)):
        raise TypeError
    p, a, b, g, n, _ = module.curve_parameters(key.curve)
    private = key._open()
    d = minimal(private) if isinstance(private, int) else private
    return TYPE_EC, 8 * len(p), b"".join(map(item, (a, b, p, n, g, d, key.public())))


def _read_rsa(bits: int, fields: bytes) -> Handle:
    d, n, e = (int.from_bytes(value, "big") for value in _items(fields, 3)[:3])
    p, q = rsa.rsa_recover_prime_factors(n, e, d)
    return _rsa(bits, p, q, e, n)


def _read_rsa_crt(bits: int, fields: bytes) -> Handle:
    numbers = [int.from_bytes(value, "big") for value in _items(fields, 7)[:7]]
    d_p, d_q, p, q_inverse, q, n, e = numbers
    if pow(e, -1, p - 1) != d_p or pow(e, -1, q - 1) != d_q or pow(q, -1, p) != q_inverse:
        raise ValueError
    return _rsa(bits, p, q, e, n)


def _rsa(bits: int, p: int, q: int, e: int, n: int) -> Handle:
    if p * q != n or n.bit_length() != bits or bits not in (1024, 1536, 2048, 3072, 4096):
        raise ValueError
    return module.RsaKey._from_key(module.rsa_from_primes(p, q, e))


def _read_ec(_bits: int, fields: bytes) -> Handle:
    _, _, prime, _, generator, private, public, _ = _items(fields, 7)
    curve = module.curve_from_prime(prime, generator)
    if curve is None:
        raise ValueError
    if curve in RAW_CURVES:
        if len(private) != RAW_CURVES[curve].key_bytes:
            raise ValueError
        kind = EdwardsKey if curve in EdwardsKey._CURVES else module.MontgomeryKey
        key = kind._from_bytes(curve, private)
    else:
        scalar = int.from_bytes(private, "big")
        if not 0 < scalar < module.curve_of(curve).n:
            raise ValueError
        key = module.EcKey._from_scalar(curve, scalar)
    try:
        if public and key.public() != public:
            raise ValueError
    except (CryptoError, ValueError):
        key.wipe()
        raise
    return key


def _read_aes(size_bytes: int, fields: bytes) -> Handle:
    if size_bytes not in (16, 24, 32, 64) or len(fields) < size_bytes:
        raise ValueError
    return module.AesKey._from_bytes(fields[:size_bytes])


_READERS = {
    TYPE_RSA: _read_rsa,
    TYPE_RSA_CRT: _read_rsa_crt,
    TYPE_EC: _read_ec,
    TYPE_AES: _read_aes,
}
