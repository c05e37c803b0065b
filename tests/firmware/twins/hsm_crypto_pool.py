# SPDX-License-Identifier: GPL-2.0-or-later
"""What the parts of the crypto twin share: errors, handles, output buffers.

The switches that tests turn, and all randomness, are in hsm_crypto itself: `hsm_crypto.random`.
"""

import ctypes
from collections.abc import Callable
from typing import Any, ClassVar, Self

import hsm_crypto as module
from cryptography.hazmat.primitives import hashes

Buffer = bytes | bytearray | memoryview
Room = bytearray | memoryview

(
    REASON_FAILED,
    REASON_AUTHENTICATION,
    REASON_ENTROPY,
    REASON_CANCELLED,
    REASON_POINT,
    REASON_FAULT,
) = range(1, 7)
HASH_SHA1, HASH_SHA224, HASH_SHA256, HASH_SHA384, HASH_SHA512 = range(1, 6)
(
    CURVE_SECP192R1,
    CURVE_SECP256R1,
    CURVE_SECP384R1,
    CURVE_SECP521R1,
    CURVE_SECP192K1,
    CURVE_SECP256K1,
    CURVE_BRAINPOOLP256R1,
    CURVE_BRAINPOOLP384R1,
    CURVE_BRAINPOOLP512R1,
    CURVE_ED25519,
    CURVE_ED448,
    CURVE_X25519,
    CURVE_X448,
) = range(1, 14)

HASH_NAMES = {1: "sha1", 2: "sha224", 3: "sha256", 4: "sha384", 5: "sha512"}
HASH_CLASSES: dict[int, hashes.HashAlgorithm] = {
    1: hashes.SHA1(),
    2: hashes.SHA224(),
    3: hashes.SHA256(),
    4: hashes.SHA384(),
    5: hashes.SHA512(),
}


class CryptoError(Exception):
    """`args[0]` is a REASON_ number."""


def hash_name(hash: int) -> str:
    """hashlib's name of a HASH_ number. ValueError."""
    if hash not in HASH_NAMES:
        raise ValueError
    return HASH_NAMES[hash]


class Handle:
    """What every handle can do: be wiped, and refuse to work afterwards."""

    _content: Any
    _KIND: ClassVar[int]
    _makers: ClassVar[dict[int, Callable[[bytes], "Handle"]]] = {}

    def __init__(self) -> None:
        raise TypeError

    def __init_subclass__(cls) -> None:
        # A class with a kind can be sealed: it knows its serialised form.
        kind = cls.__dict__.get("_KIND")
        if kind is not None:
            Handle._makers[kind] = cls._deserialise

    @classmethod
    def _make(cls, content: Any) -> Self:
        module._count_operation()
        handle = cls.__new__(cls)
        handle._content = content
        module.live_handles.add(handle)
        return handle

    def _open(self) -> Any:
        if self._content is None:
            raise ValueError
        module._count_operation()
        return self._content

    def _serialise(self) -> bytes:
        """The form that is sealed, without its kind."""
        raise TypeError

    @classmethod
    def _deserialise(cls, form: bytes) -> "Handle":
        raise TypeError

    def wipe(self) -> None:
        self._content = None
        module.live_handles.discard(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.wipe()


def serialise(handle: Handle) -> bytes:
    """A handle's kind and contents, as native_crypto/core/object.h says."""
    return bytes([handle._KIND]) + handle._serialise()


def deserialise(form: bytes) -> Handle:
    """The handle of a serialised form."""
    return Handle._makers[form[0]](form[1:])


def put(buffer: Room, result: bytes, *inputs: Buffer) -> int:
    """Write a result to the caller's buffer, which overlaps no input and has room. ValueError."""
    check_apart(buffer, *inputs)
    if len(buffer) < len(result):
        raise ValueError
    buffer[: len(result)] = result
    return len(result)


def check_apart(buffer: Room, *inputs: Buffer) -> None:
    """ValueError if the caller's buffer overlaps an input."""
    start, end = _addresses(buffer)
    for data in inputs:
        if not memoryview(data).readonly:
            low, high = _addresses(data)
            if low < end and start < high:
                raise ValueError


def _addresses(buffer: Any) -> tuple[int, int]:
    if not len(buffer):
        return 0, 0
    view = (ctypes.c_char * len(buffer)).from_buffer(buffer)
    address = ctypes.addressof(view)
    return address, address + len(buffer)
