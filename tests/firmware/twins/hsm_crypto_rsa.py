# SPDX-License-Identifier: GPL-2.0-or-later
"""The crypto twin's RSA keys."""

import functools

import hsm_crypto as module
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils
from hsm_crypto_pool import (
    HASH_CLASSES,
    REASON_AUTHENTICATION,
    REASON_FAILED,
    Buffer,
    CryptoError,
    Handle,
    Room,
    check_apart,
    put,
)

SIZES_BITS = (1024, 1536, 2048, 3072, 4096)


def rsa_verify_pkcs1(
    modulus: Buffer, exponent: int, hash: int, digest: Buffer, signature: Buffer
) -> bool:
    return _verifies(modulus, exponent, hash, digest, signature, padding.PKCS1v15())


def rsa_verify_pss(
    modulus: Buffer, exponent: int, hash: int, digest: Buffer, signature: Buffer
) -> bool:
    chosen = _hash(hash)
    scheme = padding.PSS(padding.MGF1(chosen), chosen.digest_size)
    return _verifies(modulus, exponent, hash, digest, signature, scheme)


def _hash(hash: int):
    if hash not in HASH_CLASSES:
        raise ValueError
    return HASH_CLASSES[hash]


def _verifies(
    modulus: Buffer,
    exponent: int,
    hash: int,
    digest: Buffer,
    signature: Buffer,
    scheme: padding.AsymmetricPadding,
) -> bool:
    chosen = _hash(hash)
    if len(modulus) * 8 not in SIZES_BITS or exponent % 2 == 0 or not 3 <= exponent < 2**31:
        raise ValueError
    if len(digest) != chosen.digest_size or len(signature) != len(modulus):
        raise ValueError
    try:
        key = rsa.RSAPublicNumbers(exponent, int.from_bytes(modulus, "big")).public_key()
        key.verify(bytes(signature), bytes(digest), scheme, utils.Prehashed(chosen))
    except (InvalidSignature, ValueError):
        return False
    return True


@functools.cache
def _rsa_from_cache(bits: int, exponent: int) -> rsa.RSAPrivateKey:
    # One key per size: generation is the slow part of a test, and no test needs two of a kind.
    return rsa.generate_private_key(exponent, bits)


class RsaKey(Handle):
    """An RSA private key."""

    _KIND = 3
    bits: int

    @staticmethod
    def _from_key(key: rsa.RSAPrivateKey) -> "RsaKey":
        handle = RsaKey._make(key)
        handle.bits = key.key_size
        return handle

    @staticmethod
    def generate(bits: int, exponent: int = 65537) -> "RsaKey":
        if bits not in SIZES_BITS:
            raise ValueError
        if exponent % 2 == 0 or not 3 <= exponent < 2**31 or (bits >= 2048 and exponent < 65537):
            raise ValueError
        module.random(0)
        if exponent not in (3, 65537):
            raise CryptoError(REASON_FAILED)
        return RsaKey._from_key(_rsa_from_cache(bits, exponent))

    @classmethod
    def _deserialise(cls, form: bytes) -> "RsaKey":
        half = int.from_bytes(form[:2], "big") // 16
        exponent = int.from_bytes(form[2:6], "big")
        p, q = (int.from_bytes(form[at : at + half], "big") for at in (6, 6 + half))
        return cls._from_key(rsa_from_primes(p, q, exponent))

    def _serialise(self) -> bytes:
        numbers = self._open().private_numbers()
        p, q = max(numbers.p, numbers.q), min(numbers.p, numbers.q)
        parts = (p, q, numbers.d % (p - 1), numbers.d % (q - 1), pow(q, -1, p))
        header = self.bits.to_bytes(2, "big") + numbers.public_numbers.e.to_bytes(4, "big")
        return header + b"".join(part.to_bytes(self.bits // 16, "big") for part in parts)

    def modulus(self) -> bytes:
        return self._open().public_key().public_numbers().n.to_bytes(self.bits // 8, "big")

    def exponent(self) -> int:
        return self._open().public_key().public_numbers().e

    def _raw(self, block: Buffer) -> bytes:
        numbers = self._open().private_numbers()
        value, size = int.from_bytes(block, "big"), self.bits // 8
        if len(block) != size or value >= numbers.public_numbers.n:
            raise ValueError
        return pow(value, numbers.d, numbers.public_numbers.n).to_bytes(size, "big")

    def raw_into(self, block: Buffer, buffer: Room) -> int:
        return put(buffer, self._raw(block), block)

    def sign_pkcs1(self, hash: int, digest: Buffer) -> bytes:
        if hash == 0:
            size = self.bits // 8
            if len(digest) > size - 11:
                raise ValueError
            return self._raw(b"\0\1" + b"\xff" * (size - 3 - len(digest)) + b"\0" + bytes(digest))
        algorithm = utils.Prehashed(_hash(hash))
        return self._open().sign(bytes(digest), padding.PKCS1v15(), algorithm)

    def sign_pss(self, hash: int, digest: Buffer) -> bytes:
        chosen = _hash(hash)
        scheme = padding.PSS(padding.MGF1(chosen), chosen.digest_size)
        return self._open().sign(bytes(digest), scheme, utils.Prehashed(chosen))

    def decrypt_pkcs1_into(self, block: Buffer, buffer: Room) -> int:
        _check_room(buffer, self.bits // 8 - 11, block)
        padded = self._raw(block)
        # 00 02, eight bytes or more that are not 0, 0, the message.
        end = padded.find(b"\0", 2)
        if not padded.startswith(b"\0\2") or end < 10:
            raise CryptoError(REASON_AUTHENTICATION)
        return put(buffer, padded[end + 1 :])

    def decrypt_oaep_into(self, hash: int, block: Buffer, buffer: Room) -> int:
        chosen = _hash(hash)
        _check_room(buffer, self.bits // 8 - 2 - 2 * chosen.digest_size, block)
        self._raw(block)
        scheme = padding.OAEP(padding.MGF1(chosen), chosen, None)
        try:
            message = self._open().decrypt(bytes(block), scheme)
        except ValueError:
            raise CryptoError(REASON_AUTHENTICATION) from None
        return put(buffer, message)


def _check_room(buffer: Room, length: int, block: Buffer) -> None:
    check_apart(buffer, block)
    if length < 0 or len(buffer) < length:
        raise ValueError


@functools.lru_cache(maxsize=64)
def rsa_from_primes(p: int, q: int, exponent: int) -> rsa.RSAPrivateKey:
    """The library's key. ValueError: the numbers make none."""
    d = pow(exponent, -1, (p - 1) * (q - 1))
    return rsa.RSAPrivateNumbers(
        p=p,
        q=q,
        d=d,
        dmp1=rsa.rsa_crt_dmp1(d, p),
        dmq1=rsa.rsa_crt_dmq1(d, q),
        iqmp=rsa.rsa_crt_iqmp(p, q),
        public_numbers=rsa.RSAPublicNumbers(exponent, p * q),
    ).private_key()
