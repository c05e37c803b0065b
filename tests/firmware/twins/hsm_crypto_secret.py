# SPDX-License-Identifier: GPL-2.0-or-later
"""The crypto twin's secrets: derivation, MACs, seals, key blobs."""

import functools
import hashlib
import hmac
import struct

import hsm_crypto as module
import hsm_crypto_blob as blobs
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV, ChaCha20Poly1305
from hsm_crypto_pool import (
    REASON_AUTHENTICATION,
    Buffer,
    CryptoError,
    Handle,
    Room,
    deserialise,
    put,
    serialise,
)

_NONCE_BYTES = 12


def hkdf(salt: bytes, key_material: bytes, info: bytes, length: int, name: str = "sha256") -> bytes:
    """[RFC5869]"""
    key = hmac.digest(salt or bytes(hashlib.new(name).digest_size), key_material, name)
    out, block, counter = b"", b"", 1
    while len(out) < length:
        block = hmac.digest(key, block + info + bytes([counter]), name)
        out += block
        counter += 1
    return out[:length]


@functools.lru_cache(maxsize=64)
def _siv(secret: bytes) -> AESSIV:
    return AESSIV(hkdf(b"", secret, b"siv", 64))


class Secret(Handle):
    """1..64 secret bytes."""

    _KIND = 1

    @staticmethod
    def random(length: int) -> "Secret":
        if not 1 <= length <= 64:
            raise ValueError
        return Secret._make(module.random(length))

    @staticmethod
    def from_bytes(data: Buffer) -> "Secret":
        if not 1 <= len(data) <= 64:
            raise ValueError
        return Secret._make(bytes(data))

    @staticmethod
    def stretch(pin: Buffer, salt: Buffer, iterations: int, pepper: "Secret") -> "Secret":
        if len(pin) > 64 or len(salt) != 16 or not 1 <= iterations <= 10_000_000:
            raise ValueError
        slow = hashlib.pbkdf2_hmac("sha256", bytes(pin), bytes(salt), iterations)
        return Secret._make(hkdf(pepper._open(), slow, b"pin", 32))

    def derive(self, label: Buffer, length: int = 32) -> "Secret":
        if not 1 <= length <= 64:
            raise ValueError
        return Secret._make(hkdf(b"", self._open(), bytes(label), length))

    def mac(self, *parts: Buffer) -> bytes:
        state = hmac.new(self._open(), digestmod="sha256")
        for part in parts:
            state.update(part)
        return state.digest()

    def mac_matches(self, tag: Buffer, *parts: Buffer) -> bool:
        return module.equal(tag, self.mac(*parts))

    def fold(self, accumulator: Room, sign: int, *parts: Buffer) -> None:
        element = self._open() + b"".join(map(bytes, parts))
        if len(accumulator) != 32 or sign not in (1, -1) or len(element) > 55:
            raise ValueError
        term = int.from_bytes(hashlib.sha256(element).digest(), "little")
        total = int.from_bytes(accumulator, "little") + sign * term
        accumulator[:] = (total % 2**256).to_bytes(32, "little")

    def fold_each(self, accumulator: Room, buffer: Buffer, offsets: Buffer, length: int) -> None:
        if len(bytes(offsets)) % 4:
            raise ValueError
        for (offset,) in struct.iter_unpack("=I", bytes(offsets)):
            if offset:
                if offset + length > len(buffer):
                    raise ValueError
                self.fold(accumulator, 1, buffer[offset : offset + length])

    def combine(self, other: "Secret") -> "Secret":
        mine, its = self._open(), other._open()
        if len(mine) != len(its):
            raise ValueError
        return Secret._make(bytes(a ^ b for a, b in zip(mine, its, strict=True)))

    def check_value(self) -> bytes:
        return hashlib.sha256(self._open()).digest()[:8]

    def _siv(self) -> AESSIV:
        return _siv(self._key())

    def _key(self) -> bytes:
        secret = self._open()
        if len(secret) != 32:
            raise ValueError
        return secret

    def seal(self, associated_data: Buffer, plaintext: Buffer) -> bytes:
        return self._siv().encrypt(bytes(plaintext), [bytes(associated_data)])

    def open(self, associated_data: Buffer, sealed: Buffer) -> bytes:
        try:
            return self._siv().decrypt(bytes(sealed), [bytes(associated_data)])
        except InvalidTag:
            raise CryptoError(REASON_AUTHENTICATION) from None

    def open_into(self, associated_data: Buffer, sealed: Buffer, buffer: Room) -> int:
        return put(buffer, self.open(associated_data, sealed), associated_data, sealed)

    def open_secret(self, associated_data: Buffer, sealed: Buffer) -> "Secret":
        key = self._open()
        if len(key) != 44 or not 17 <= len(sealed) <= 80:
            raise ValueError
        cipher = ChaCha20Poly1305(key[_NONCE_BYTES:])
        try:
            plain = cipher.decrypt(key[:_NONCE_BYTES], bytes(sealed), bytes(associated_data))
        except InvalidTag:
            raise CryptoError(REASON_AUTHENTICATION) from None
        return Secret._make(plain)

    def seal_object(self, associated_data: Buffer, handle: Handle) -> bytes:
        return self.seal(associated_data, serialise(handle))

    def open_object(self, associated_data: Buffer, sealed: Buffer) -> Handle:
        return deserialise(self.open(associated_data, sealed))

    def wrap_into(self, key: Handle, algorithms: Buffer, buffer: Room) -> int:
        blob = blobs.wrap(self._key(), key, bytes(algorithms))
        return put(buffer, blob, algorithms)

    def unwrap(self, blob: Buffer) -> tuple[Handle, bytes]:
        return blobs.unwrap(self._key(), bytes(blob))

    def _serialise(self) -> bytes:
        return self._open()

    @classmethod
    def _deserialise(cls, form: bytes) -> "Secret":
        return cls._make(form)

    def __len__(self) -> int:
        return len(self._open())
