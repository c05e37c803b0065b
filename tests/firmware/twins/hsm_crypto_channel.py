# SPDX-License-Identifier: GPL-2.0-or-later
"""The crypto twin's secure channel: session keys and send sequence counter.

Spec: [TR-03110-3] F, [SCHSM] 21.
"""

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC
from hsm_crypto_pool import (
    REASON_AUTHENTICATION,
    REASON_FAILED,
    Buffer,
    CryptoError,
    Handle,
    Room,
    check_apart,
    put,
)

_BLOCK_BYTES = 16
_MAC_BYTES = 8


def cmac(key: bytes, *parts: Buffer) -> bytes:
    """[SP800-38B], 16 bytes."""
    state = CMAC(algorithms.AES(key))
    for part in parts:
        state.update(bytes(part))
    return state.finalize()


class SecureChannel(Handle):
    """(encryption key, MAC key); the counter is public."""

    _counter: int

    @staticmethod
    def _from_keys(encryption: bytes, mac: bytes) -> "SecureChannel":
        channel = SecureChannel._make((encryption, mac))
        channel._counter = 0
        return channel

    def token(self, data: Buffer) -> bytes:
        return cmac(self._open()[1], data)[:_MAC_BYTES]

    def advance(self) -> None:
        self._open()
        if self._counter == 2**128 - 1:
            raise CryptoError(REASON_FAILED)
        self._counter += 1

    def _block(self) -> bytes:
        return self._counter.to_bytes(_BLOCK_BYTES, "big")

    def mac(self, *parts: Buffer) -> bytes:
        return cmac(self._open()[1], self._block(), *parts)[:_MAC_BYTES]

    def mac_matches(self, tag: Buffer, *parts: Buffer) -> bool:
        return bytes(tag) == self.mac(*parts)

    def _cipher(self) -> Cipher:
        key = algorithms.AES(self._open()[0])
        iv = Cipher(key, modes.ECB()).encryptor().update(self._block())
        return Cipher(key, modes.CBC(iv))

    def encrypt_into(self, data: Buffer, buffer: Room) -> int:
        padded = bytes(data) + b"\x80" + bytes(-(len(data) + 1) % _BLOCK_BYTES)
        return put(buffer, self._cipher().encryptor().update(padded), data)

    def decrypt_into(self, data: Buffer, buffer: Room) -> int:
        check_apart(buffer, data)
        if len(buffer) < len(data):
            raise ValueError
        if not len(data) or len(data) % _BLOCK_BYTES:
            raise CryptoError(REASON_AUTHENTICATION)
        padded = self._cipher().decryptor().update(bytes(data))
        plain = padded.rstrip(b"\0")
        if not plain.endswith(b"\x80") or len(padded) - len(plain) >= _BLOCK_BYTES:
            raise CryptoError(REASON_AUTHENTICATION)
        return put(buffer, plain[:-1])
