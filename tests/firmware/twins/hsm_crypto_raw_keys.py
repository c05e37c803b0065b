# SPDX-License-Identifier: GPL-2.0-or-later
"""The crypto twin's Edwards and Montgomery keys, whose private form is bytes.

Spec: [RFC7748], [RFC8032].
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import hsm_crypto as module
from cryptography.hazmat.primitives.asymmetric import ed448, ed25519, x448, x25519
from hsm_crypto_pool import (
    CURVE_ED448,
    CURVE_ED25519,
    CURVE_X448,
    CURVE_X25519,
    REASON_POINT,
    Buffer,
    CryptoError,
    Handle,
    Room,
    put,
)

_P25519 = 2**255 - 19
_P448 = 2**448 - 2**224 - 1
_N25519 = 2**252 + 0x14DEF9DEA2F79CD65812631A5CF5D3ED
_N448 = 2**446 - 0x8335DC163BB124B65129C96FDE933D8D723A70AADC873D6D54A7BB0D


@dataclass(frozen=True)
class RawCurve:
    """`private`, `public`: the library's classes; `coefficients` and `base` as [SCHSM] 12.3."""

    private: Any
    public: Any
    key_bytes: int
    p: int
    coefficients: tuple[bytes, bytes]
    base: bytes
    n: int
    h: int


RAW_CURVES = {
    CURVE_ED25519: RawCurve(
        ed25519.Ed25519PrivateKey,
        ed25519.Ed25519PublicKey,
        32,
        _P25519,
        (
            (_P25519 - 1).to_bytes(32, "big"),
            (-121665 * pow(121666, -1, _P25519) % _P25519).to_bytes(32, "big"),
        ),
        bytes.fromhex("5866666666666666666666666666666666666666666666666666666666666666"),
        _N25519,
        8,
    ),
    CURVE_ED448: RawCurve(
        ed448.Ed448PrivateKey,
        ed448.Ed448PublicKey,
        57,
        _P448,
        ((1).to_bytes(56, "big"), (_P448 - 39081).to_bytes(56, "big")),
        bytes.fromhex(
            "14FA30F25B790898ADC8D74E2C13BDFDC4397CE61CFFD33AD7C2A0051E9C78874098A36C7373EA4B62C7"
            "C9563720768824BCB66E71463F6900"
        ),
        _N448,
        4,
    ),
    CURVE_X25519: RawCurve(
        x25519.X25519PrivateKey,
        x25519.X25519PublicKey,
        32,
        _P25519,
        (bytes.fromhex("076D06"), b"\x01"),
        b"\x09" + bytes(31),
        _N25519,
        8,
    ),
    CURVE_X448: RawCurve(
        x448.X448PrivateKey,
        x448.X448PublicKey,
        56,
        _P448,
        (bytes.fromhex("0262A6"), b"\x01"),
        b"\x05" + bytes(55),
        _N448,
        4,
    ),
}


def curve_of_prime(prime: int, generator: bytes) -> int | None:
    """The curve over one of the two primes, told by the generator; None: another prime."""
    if prime == _P25519:
        return CURVE_X25519 if len(generator) == 32 and generator[0] == 9 else CURVE_ED25519
    if prime == _P448:
        return CURVE_X448 if len(generator) == 56 and generator[0] == 5 else CURVE_ED448
    return None


class RawKey(Handle):
    """What both kinds have in common."""

    _CURVES: ClassVar[tuple[int, int]]
    curve: int

    @classmethod
    def _from_bytes(cls, curve: int, private: bytes) -> Self:
        key = cls._make(private)
        key.curve = curve
        return key

    @classmethod
    def generate(cls, curve: int) -> Self:
        if curve not in cls._CURVES:
            raise ValueError
        return cls._from_bytes(curve, module.random(RAW_CURVES[curve].key_bytes))

    def _library_key(self) -> Any:
        return RAW_CURVES[self.curve].private.from_private_bytes(self._open())

    def public(self) -> bytes:
        return self._library_key().public_key().public_bytes_raw()

    def _serialise(self) -> bytes:
        return bytes([self.curve]) + self._open() + self.public()

    @classmethod
    def _deserialise(cls, form: bytes) -> Self:
        return cls._from_bytes(form[0], form[1 : 1 + RAW_CURVES[form[0]].key_bytes])


class EdwardsKey(RawKey):
    """A private key for EdDSA: CURVE_ED25519 or CURVE_ED448."""

    _KIND = 5
    _CURVES = (CURVE_ED25519, CURVE_ED448)

    def sign(self, message: Buffer) -> bytes:
        return self._library_key().sign(bytes(message))


class MontgomeryKey(RawKey):
    """A private key for Diffie-Hellman: CURVE_X25519 or CURVE_X448."""

    _KIND = 6
    _CURVES = (CURVE_X25519, CURVE_X448)

    def ecdh_into(self, public: Buffer, buffer: Room) -> int:
        key = self._library_key()
        try:
            peer = RAW_CURVES[self.curve].public.from_public_bytes(bytes(public))
            shared = key.exchange(peer)
        except ValueError:
            raise CryptoError(REASON_POINT) from None
        return put(buffer, shared, public)
