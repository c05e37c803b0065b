# SPDX-License-Identifier: GPL-2.0-or-later
"""The crypto twin's keys on short Weierstrass curves."""

import functools
import hashlib

import hsm_crypto as module
from cryptography.hazmat.primitives.asymmetric import ec, utils
from hsm_crypto_channel import SecureChannel
from hsm_crypto_curves import CURVES, Curve
from hsm_crypto_pool import (
    CURVE_BRAINPOOLP256R1,
    CURVE_BRAINPOOLP384R1,
    CURVE_BRAINPOOLP512R1,
    CURVE_SECP192R1,
    CURVE_SECP256K1,
    CURVE_SECP256R1,
    CURVE_SECP384R1,
    CURVE_SECP521R1,
    REASON_FAILED,
    REASON_POINT,
    Buffer,
    CryptoError,
    Handle,
    Room,
    put,
)
from hsm_crypto_secret import Secret

_LIBRARY_CURVES: dict[int, type[ec.EllipticCurve]] = {
    CURVE_SECP192R1: ec.SECP192R1,
    CURVE_SECP256R1: ec.SECP256R1,
    CURVE_SECP384R1: ec.SECP384R1,
    CURVE_SECP521R1: ec.SECP521R1,
    CURVE_SECP256K1: ec.SECP256K1,
    CURVE_BRAINPOOLP256R1: ec.BrainpoolP256R1,
    CURVE_BRAINPOOLP384R1: ec.BrainpoolP384R1,
    CURVE_BRAINPOOLP512R1: ec.BrainpoolP512R1,
}


def curve_of(curve: int) -> Curve:
    """The curve with a CURVE_ number. ValueError."""
    if curve not in CURVES:
        raise ValueError
    return CURVES[curve]


def _hash_number(curve: Curve, hash: Buffer) -> int:
    value = int.from_bytes(hash, "big")
    excess = 8 * len(hash) - curve.n.bit_length()
    return value >> excess if excess > 0 else value


def ec_verify(curve: int, public: Buffer, hash: Buffer, signature: Buffer) -> bool:
    c = curve_of(curve)
    point = c.decode(bytes(public))
    if point is None:
        raise CryptoError(REASON_POINT)
    if len(signature) != 2 * c.order_bytes:
        return False
    r = int.from_bytes(signature[: c.order_bytes], "big")
    s = int.from_bytes(signature[c.order_bytes :], "big")
    return c.verify(point, _hash_number(c, hash), r, s)


class EcKey(Handle):
    """A private key on a short Weierstrass curve."""

    _KIND = 2
    curve: int

    @staticmethod
    def _from_scalar(curve: int, scalar: int) -> "EcKey":
        key = EcKey._make(scalar)
        key.curve = curve
        return key

    @staticmethod
    def generate(curve: int) -> "EcKey":
        c = curve_of(curve)
        number = int.from_bytes(module.random(c.order_bytes + 8), "big")
        return EcKey._from_scalar(curve, 1 + number % (c.n - 1))

    def _library_key(self) -> ec.EllipticCurvePrivateKey | None:
        kind = _LIBRARY_CURVES.get(self.curve)
        return None if kind is None else _ec_private(self._open(), kind)

    def public(self) -> bytes:
        key = self._library_key()
        c = curve_of(self.curve)
        if key is None:
            return c.encode(c.multiply(self._open(), c.g))
        numbers = key.public_key().public_numbers()
        return c.encode((numbers.x, numbers.y))

    def sign(self, hash: Buffer, der: bool = False) -> bytes:
        if not 1 <= len(hash) <= 66:
            raise ValueError
        c = curve_of(self.curve)
        r, s = c.sign(self._open(), _hash_number(c, hash), self._library_key(), module.draw)
        if der:
            return utils.encode_dss_signature(r, s)
        return r.to_bytes(c.order_bytes, "big") + s.to_bytes(c.order_bytes, "big")

    def _shared(self, point: Buffer) -> bytes:
        c = curve_of(self.curve)
        other = c.decode(bytes(point))
        if other is None:
            raise CryptoError(REASON_POINT)
        shared = c.multiply(self._open(), other)
        if shared is None:
            raise CryptoError(REASON_POINT)
        return shared[0].to_bytes(c.field_bytes, "big")

    def ecdh_into(self, point: Buffer, buffer: Room) -> int:
        return put(buffer, self._shared(point), point)

    def agree(self, point: Buffer) -> Secret:
        if curve_of(self.curve).field_bytes > 64:
            raise ValueError
        return Secret._make(self._shared(point))

    def derive(self, offset: Buffer) -> "EcKey":
        c = curve_of(self.curve)
        if not 1 <= len(offset) <= c.order_bytes:
            raise ValueError
        scalar = (self._open() + int.from_bytes(offset, "big")) % c.n
        if scalar == 0:
            raise CryptoError(REASON_FAILED)
        return EcKey._from_scalar(self.curve, scalar)

    def secure_channel(self, point: Buffer, nonce: Buffer) -> SecureChannel:
        if len(nonce) != 8:
            raise ValueError
        secret = self._shared(point) + bytes(nonce)
        encryption, mac = (
            hashlib.sha1(secret + counter.to_bytes(4, "big")).digest()[:16] for counter in (1, 2)
        )
        return SecureChannel._from_keys(encryption, mac)

    def _serialise(self) -> bytes:
        width = curve_of(self.curve).order_bytes
        return bytes([self.curve]) + self._open().to_bytes(width, "big") + self.public()[1:]

    @classmethod
    def _deserialise(cls, form: bytes) -> "EcKey":
        width = curve_of(form[0]).order_bytes
        return cls._from_scalar(form[0], int.from_bytes(form[1 : 1 + width], "big"))


@functools.lru_cache(maxsize=64)
def _ec_private(scalar: int, kind: type[ec.EllipticCurve]) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(scalar, kind())
