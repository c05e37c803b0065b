# SPDX-License-Identifier: GPL-2.0-or-later
"""The crypto twin's symmetric keys: ciphers, MACs, derivation ([SCHSM] 19)."""

import hashlib
import hmac

import hsm_crypto as module
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.decrepit.ciphers.modes import CFB, OFB
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, ChaCha20Poly1305
from hsm_crypto_channel import cmac
from hsm_crypto_pool import (
    REASON_AUTHENTICATION,
    REASON_FAILED,
    Buffer,
    CryptoError,
    Handle,
    Room,
    check_apart,
    hash_name,
    put,
)
from hsm_crypto_secret import hkdf

(
    CIPHER_AES_ECB,
    CIPHER_AES_CBC,
    CIPHER_AES_OFB,
    CIPHER_AES_CFB,
    CIPHER_AES_CTR,
    CIPHER_AES_GCM,
    CIPHER_AES_CCM,
    CIPHER_AES_XTS,
    CIPHER_CHACHA20_POLY1305,
) = range(1, 10)

_BLOCK_BYTES = 16
_TAG_BYTES = 16
_DATA_BYTES_MAX = 65_519
_OUTPUT_BYTES_MAX = 4096
_ITERATIONS_MAX = 10_000_000
_AES_BITS = (128, 192, 256)

# Cipher: bits of the keys it takes, lengths of its IV, whether it makes a tag.
_RULES = {
    CIPHER_AES_ECB: (_AES_BITS, range(1), False),
    CIPHER_AES_CBC: (_AES_BITS, range(16, 17), False),
    CIPHER_AES_OFB: (_AES_BITS, range(16, 17), False),
    CIPHER_AES_CFB: (_AES_BITS, range(16, 17), False),
    CIPHER_AES_CTR: (_AES_BITS, range(16, 17), False),
    CIPHER_AES_GCM: (_AES_BITS, range(1, 513), True),
    CIPHER_AES_CCM: (_AES_BITS, range(7, 14), True),
    CIPHER_AES_XTS: ((256, 512), range(16, 17), False),
    CIPHER_CHACHA20_POLY1305: ((256,), range(12, 13), True),
}


def _check(cipher: int, bits: int, data: Buffer, iv: Buffer, associated_data: Buffer) -> bool:
    """ValueError for what the cipher does not take; True if it makes a tag."""
    if cipher not in _RULES or len(data) > _DATA_BYTES_MAX:
        raise ValueError
    key_bits, iv_bytes, has_tag = _RULES[cipher]
    if bits not in key_bits or len(iv) not in iv_bytes or (len(associated_data) and not has_tag):
        raise ValueError
    if cipher in (CIPHER_AES_ECB, CIPHER_AES_CBC) and len(data) % _BLOCK_BYTES:
        raise ValueError
    if cipher == CIPHER_AES_XTS and len(data) < _BLOCK_BYTES:
        raise ValueError
    return has_tag


def _mode(cipher: int, key: bytes, iv: bytes) -> Cipher:
    if cipher == CIPHER_AES_ECB:
        return Cipher(algorithms.AES(key), modes.ECB())
    kinds = {
        CIPHER_AES_CBC: modes.CBC,
        CIPHER_AES_OFB: OFB,
        CIPHER_AES_CFB: CFB,
        CIPHER_AES_CTR: modes.CTR,
        CIPHER_AES_XTS: modes.XTS,
    }
    if cipher == CIPHER_AES_XTS and key[: len(key) // 2] == key[len(key) // 2 :]:
        raise CryptoError(REASON_FAILED)
    return Cipher(algorithms.AES(key), kinds[cipher](iv))


class _Gcm:
    """[SP800-38D] with nonces of any length: the library's begin at 8 bytes."""

    def __init__(self, key: bytes) -> None:
        self._aes = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
        self._h = int.from_bytes(self._aes.update(bytes(_BLOCK_BYTES)), "big")

    def _ghash(self, *parts: bytes) -> int:
        lengths = b"".join((8 * len(part)).to_bytes(8, "big") for part in parts)
        data = b"".join(part + bytes(-len(part) % _BLOCK_BYTES) for part in parts) + lengths
        state = 0
        for at in range(0, len(data), _BLOCK_BYTES):
            state = self._times_h(state ^ int.from_bytes(data[at : at + _BLOCK_BYTES], "big"))
        return state

    def _times_h(self, value: int) -> int:
        product, v = 0, self._h
        for bit in range(127, -1, -1):
            if value >> bit & 1:
                product ^= v
            v = v >> 1 ^ (0xE1 << 120 if v & 1 else 0)
        return product

    def _first_counter(self, nonce: bytes) -> int:
        if len(nonce) == 12:
            return int.from_bytes(nonce + b"\0\0\0\1", "big")
        return self._ghash(b"", nonce)

    def _stream(self, counter: int, length: int) -> bytes:
        high, low = counter >> 32, counter & 0xFFFFFFFF
        numbers = range(low, low + -(-length // _BLOCK_BYTES))
        blocks = b"".join(
            (high << 32 | number & 0xFFFFFFFF).to_bytes(_BLOCK_BYTES, "big") for number in numbers
        )
        return self._aes.update(blocks)[:length]

    def _crypt(self, nonce: bytes, data: bytes) -> bytes:
        stream = self._stream(self._first_counter(nonce) + 1, len(data))
        return bytes(a ^ b for a, b in zip(data, stream, strict=True))

    def _tag(self, nonce: bytes, ciphertext: bytes, associated_data: bytes) -> bytes:
        mask = int.from_bytes(self._stream(self._first_counter(nonce), _BLOCK_BYTES), "big")
        return (self._ghash(associated_data, ciphertext) ^ mask).to_bytes(_TAG_BYTES, "big")

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
        ciphertext = self._crypt(nonce, data)
        return ciphertext + self._tag(nonce, ciphertext, associated_data)

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
        ciphertext, tag = data[:-_TAG_BYTES], data[-_TAG_BYTES:]
        if tag != self._tag(nonce, ciphertext, associated_data):
            raise InvalidTag
        return self._crypt(nonce, ciphertext)


def _aead(cipher: int, key: bytes):
    if cipher == CIPHER_AES_GCM:
        return _Gcm(key)
    return AESCCM(key) if cipher == CIPHER_AES_CCM else ChaCha20Poly1305(key)


class AesKey(Handle):
    """A secret key of 128, 192, 256 or 512 bits."""

    _KIND = 4
    bits: int

    @staticmethod
    def _from_bytes(key: bytes) -> "AesKey":
        handle = AesKey._make(key)
        handle.bits = 8 * len(key)
        return handle

    @staticmethod
    def generate(bits: int) -> "AesKey":
        if bits not in (*_AES_BITS, 512):
            raise ValueError
        return AesKey._from_bytes(module.random(bits // 8))

    def encrypt_into(
        self,
        cipher: int,
        data: Buffer,
        buffer: Room,
        iv: Buffer = b"",
        associated_data: Buffer = b"",
    ) -> int:
        key = self._open()
        has_tag = _check(cipher, self.bits, data, iv, associated_data)
        if has_tag:
            out = _aead(cipher, key).encrypt(bytes(iv), bytes(data), bytes(associated_data))
        else:
            out = _mode(cipher, key, bytes(iv)).encryptor().update(bytes(data))
        return put(buffer, out, data, iv, associated_data)

    def decrypt_into(
        self,
        cipher: int,
        data: Buffer,
        buffer: Room,
        iv: Buffer = b"",
        associated_data: Buffer = b"",
    ) -> int:
        key = self._open()
        if not _check(cipher, self.bits, data, iv, associated_data):
            out = _mode(cipher, key, bytes(iv)).decryptor().update(bytes(data))
            return put(buffer, out, data, iv)
        if len(data) < _TAG_BYTES:
            raise CryptoError(REASON_AUTHENTICATION)
        check_apart(buffer, data, iv, associated_data)
        try:
            out = _aead(cipher, key).decrypt(bytes(iv), bytes(data), bytes(associated_data))
        except InvalidTag:
            raise CryptoError(REASON_AUTHENTICATION) from None
        return put(buffer, out)

    def cmac(self, *parts: Buffer) -> bytes:
        if self.bits not in _AES_BITS:
            raise ValueError
        return cmac(self._open(), *parts)

    def hmac(self, hash: int, *parts: Buffer) -> bytes:
        return hmac.digest(self._open(), b"".join(map(bytes, parts)), hash_name(hash))

    def hkdf_into(self, hash: int, salt: Buffer, info: Buffer, length: int, buffer: Room) -> int:
        name = hash_name(hash)
        if not 1 <= length <= 255 * hashlib.new(name).digest_size:
            raise ValueError
        out = hkdf(bytes(salt), self._open(), bytes(info), length, name)
        return put(buffer, out, salt, info)

    def pbkdf2_into(
        self, hash: int, salt: Buffer, iterations: int, length: int, buffer: Room
    ) -> int:
        return put(buffer, self._pbkdf2(hash, salt, iterations, length), salt)

    def _pbkdf2(self, hash: int, salt: Buffer, iterations: int, length: int) -> bytes:
        if not 1 <= iterations <= _ITERATIONS_MAX or not 1 <= length <= _OUTPUT_BYTES_MAX:
            raise ValueError
        return hashlib.pbkdf2_hmac(hash_name(hash), self._open(), bytes(salt), iterations, length)

    def x963_into(self, hash: int, info: Buffer, length: int, buffer: Room) -> int:
        name = hash_name(hash)
        if not 1 <= length <= _OUTPUT_BYTES_MAX:
            raise ValueError
        key = self._open()
        out, counter = b"", 1
        while len(out) < length:
            out += hashlib.new(name, key + counter.to_bytes(4, "big") + bytes(info)).digest()
            counter += 1
        return put(buffer, out[:length], info)

    def _pbes2(self, hash: int, salt: Buffer, iterations: int, bits: int, iv: Buffer) -> Cipher:
        if bits not in _AES_BITS or len(iv) != _BLOCK_BYTES:
            raise ValueError
        key = self._pbkdf2(hash, salt, iterations, bits // 8)
        return Cipher(algorithms.AES(key), modes.CBC(bytes(iv)))

    def pbes2_encrypt_into(
        self,
        hash: int,
        salt: Buffer,
        iterations: int,
        bits: int,
        iv: Buffer,
        data: Buffer,
        buffer: Room,
    ) -> int:
        count = _BLOCK_BYTES - len(data) % _BLOCK_BYTES
        cipher = self._pbes2(hash, salt, iterations, bits, iv)
        out = cipher.encryptor().update(bytes(data) + bytes([count]) * count)
        return put(buffer, out, salt, iv, data)

    def pbes2_decrypt_into(
        self,
        hash: int,
        salt: Buffer,
        iterations: int,
        bits: int,
        iv: Buffer,
        data: Buffer,
        buffer: Room,
    ) -> int:
        check_apart(buffer, salt, iv, data)
        if len(buffer) < len(data):
            raise ValueError
        cipher = self._pbes2(hash, salt, iterations, bits, iv)
        if not len(data) or len(data) % _BLOCK_BYTES:
            raise CryptoError(REASON_AUTHENTICATION)
        padded = cipher.decryptor().update(bytes(data))
        count = padded[-1]
        if not 1 <= count <= _BLOCK_BYTES or padded[-count:] != bytes([count]) * count:
            raise CryptoError(REASON_AUTHENTICATION)
        return put(buffer, padded[:-count])

    def _serialise(self) -> bytes:
        return self._open()

    @classmethod
    def _deserialise(cls, form: bytes) -> "AesKey":
        return cls._from_bytes(form)
