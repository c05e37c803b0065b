# SPDX-License-Identifier: GPL-2.0-or-later
"""Requests to a self-test image: their numbers and their encoding.

The C side is native_crypto/selftest/selftest.h. How a frame travels is a `Transport`'s business.
"""

from __future__ import annotations

import enum
import struct
from typing import Protocol

Part = bytes | int


class Operation(enum.IntEnum):
    """selftest_operation_t."""

    DIGEST = 1
    HMAC = 2
    HKDF = 3
    PBKDF2 = 4
    STRETCH = 5
    SIV_ENCRYPT = 6
    SIV_DECRYPT = 7
    SEAL = 8
    OPEN = 9
    DRBG_ANSWER = 10
    RANDOM = 11
    RESEED = 12
    EC_PUBLIC = 13
    EC_GENERATE = 14
    ECDSA_SIGN = 15
    ECDSA_HEDGED = 16
    ECDSA_VERIFY = 17
    ECDH = 18
    CURVE = 19
    RSA_PUBLIC = 20
    RSA_PRIVATE = 21
    RSA_PKCS1 = 22
    RSA_PSS = 23
    RSA_GENERATE = 24
    ENTROPY = 25
    CANCEL = 26
    POOL = 27
    FOLD = 28
    COMBINE = 29
    CHECK_VALUE = 30
    EC_DERIVE = 31
    EDWARDS_PUBLIC = 32
    EDWARDS_GENERATE = 33
    EDWARDS_SIGN = 34
    MONTGOMERY_PUBLIC = 35
    MONTGOMERY_GENERATE = 36
    MONTGOMERY_ECDH = 37
    ENCRYPT = 38
    DECRYPT = 39
    CMAC = 40
    X963 = 41
    PBES2_ENCRYPT = 42
    PBES2_DECRYPT = 43
    AES_GENERATE = 44
    RSA_DECRYPT_PKCS1 = 45
    RSA_DECRYPT_OAEP = 46
    RSA_VERIFY_PKCS1 = 47
    RSA_VERIFY_PSS = 48
    WRAP = 49
    UNWRAP = 50
    CHANNEL_SEND = 51
    CHANNEL_RECEIVE = 52
    HD_NODE = 53
    HD_CIPHER = 54
    HD_GENERATE = 55


class Result(enum.IntEnum):
    """crypto_result_t."""

    OK = 0x3CA5
    FAILED = 1
    AUTHENTICATION = 2
    ENTROPY = 3
    CANCELLED = 4
    POINT = 5
    FAULT = 6
    MEMORY = 16
    ARGUMENT = 17


class Hash(enum.IntEnum):
    """crypto_hash_t."""

    SHA1 = 1
    SHA224 = 2
    SHA256 = 3
    SHA384 = 4
    SHA512 = 5


class Curve(enum.IntEnum):
    """The Weierstrass curves of crypto_curve_t."""

    SECP192R1 = 1
    SECP256R1 = 2
    SECP384R1 = 3
    SECP521R1 = 4
    SECP192K1 = 5
    SECP256K1 = 6
    BRAINPOOLP256R1 = 7
    BRAINPOOLP384R1 = 8
    BRAINPOOLP512R1 = 9

    @property
    def width(self) -> int:
        """Bytes of a coordinate and of a scalar."""
        bits = int("".join(character for character in self.name[:-2] if character.isdigit()))
        return (bits + 7) // 8


class EdwardsCurve(enum.IntEnum):
    """The Edwards and Montgomery curves of crypto_curve_t."""

    ED25519 = 10
    ED448 = 11
    X25519 = 12
    X448 = 13


class Cipher(enum.IntEnum):
    """crypto_cipher_t."""

    AES_ECB = 1
    AES_CBC = 2
    AES_OFB = 3
    AES_CFB = 4
    AES_CTR = 5
    AES_GCM = 6
    AES_CCM = 7
    AES_XTS = 8
    CHACHA20_POLY1305 = 9


class Refused(Exception):
    """The core's answer was not OK."""

    def __init__(self, operation: Operation, result: int) -> None:
        self.result = Result(result) if result in Result.__members__.values() else result
        super().__init__(f"{operation.name}: {self.result!r}")


class Transport(Protocol):
    """Carries one frame to an image and its answer back."""

    def exchange(self, number: int, parts: bytes) -> tuple[int, bytes]:
        """Send (operation, parts), wait, return (result, parts)."""
        ...


def encode(parts: tuple[Part, ...]) -> bytes:
    """Each part: length, bytes, zeros to a multiple of 4; an int is a part of 4 bytes."""
    frame = bytearray()
    for part in parts:
        body = struct.pack("<I", part) if isinstance(part, int) else part
        frame += struct.pack("<I", len(body)) + body + bytes(-len(body) % 4)
    return bytes(frame)


def decode(frame: bytes) -> list[bytes]:
    """The parts of an answer."""
    parts = []
    while frame:
        (length,) = struct.unpack_from("<I", frame)
        parts.append(frame[4 : 4 + length])
        frame = frame[4 + length + -length % 4 :]
    return parts


class SelfTest:
    """A running self-test image."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def call(self, operation: Operation, *parts: Part) -> list[bytes]:
        """The answer's parts; Refused unless the result is OK."""
        result, answer = self.transport.exchange(operation, encode(parts))
        if result != Result.OK:
            raise Refused(operation, result)
        return decode(answer)

    def one(self, operation: Operation, *parts: Part) -> bytes:
        """The first part of the answer."""
        return self.call(operation, *parts)[0]

    def accepts(self, operation: Operation, *parts: Part) -> bool:
        """False if the core calls the input not authentic or not a point; other errors raise."""
        try:
            self.call(operation, *parts)
        except Refused as error:
            if error.result in (Result.AUTHENTICATION, Result.POINT):
                return False
            raise
        return True

    def seed(self, seed: int = 1, *, fails: bool = False) -> None:
        """Set the scripted noise source."""
        self.call(Operation.ENTROPY, seed, int(fails))

    def random(self, length: int) -> bytes:
        """From the generator."""
        return self.one(Operation.RANDOM, length)

    def pool(self) -> tuple[int, int]:
        """Bytes of the pool in use, and the most since the last call."""
        used, peak = self.call(Operation.POOL)
        return int.from_bytes(used, "little"), int.from_bytes(peak, "little")
