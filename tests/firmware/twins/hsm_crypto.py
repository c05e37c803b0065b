# SPDX-License-Identifier: GPL-2.0-or-later
"""CPython twin of the crypto module: native_crypto/stubs/hsm_crypto.pyi.

On PyPI `cryptography`; EC keys are plain integers with generic curve arithmetic where that library
lacks the curve. Not constant-time, not for use: an oracle and a stand-in for desktop tests.
"""

import functools
import hashlib
import hmac as _hmac
import os
import struct
from typing import Any, Self

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from hsm_crypto_curves import CURVES, Curve

Buffer = bytes | bytearray | memoryview


class CryptoError(Exception):
    """`args[0]` is a REASON_ number."""


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
) = range(1, 10)

_HASH_NAMES = {1: "sha1", 2: "sha224", 3: "sha256", 4: "sha384", 5: "sha512"}
_HASH_CLASSES = {
    1: hashes.SHA1(),
    2: hashes.SHA224(),
    3: hashes.SHA256(),
    4: hashes.SHA384(),
    5: hashes.SHA512(),
}
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
    if hash not in _HASH_NAMES:
        raise ValueError
    state = hashlib.new(_HASH_NAMES[hash])
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
    return os.urandom(length)


def random_into(buffer: bytearray | memoryview) -> int:
    buffer[:] = random(len(buffer))
    return len(buffer)


def reseed() -> None:
    random(0)


def _curve(curve: int) -> Curve:
    if curve not in CURVES:
        raise ValueError
    return CURVES[curve]


def curve_from_prime(prime: Buffer) -> int | None:
    value = int.from_bytes(prime, "big")
    return next((number for number, c in CURVES.items() if c.p == value), None)


def curve_parameters(curve: int) -> tuple[bytes, bytes, bytes, bytes, bytes, int]:
    c = _curve(curve)
    field, order = c.field_bytes, c.order_bytes
    return (
        c.p.to_bytes(field, "big"),
        c.a.to_bytes(field, "big"),
        c.b.to_bytes(field, "big"),
        c.encode(c.g),
        c.n.to_bytes(order, "big"),
        1,
    )


def _hash_number(curve: Curve, hash: Buffer) -> int:
    value = int.from_bytes(hash, "big")
    excess = 8 * len(hash) - curve.n.bit_length()
    return value >> excess if excess > 0 else value


def ec_verify(curve: int, public: Buffer, hash: Buffer, signature: Buffer) -> bool:
    c = _curve(curve)
    point = c.decode(bytes(public))
    if point is None:
        raise CryptoError(REASON_POINT)
    if len(signature) != 2 * c.order_bytes:
        return False
    r = int.from_bytes(signature[: c.order_bytes], "big")
    s = int.from_bytes(signature[c.order_bytes :], "big")
    return c.verify(point, _hash_number(c, hash), r, s)


def _hkdf(salt: bytes, key_material: bytes, info: bytes, length: int) -> bytes:
    key = _hmac.digest(salt or bytes(32), key_material, "sha256")
    out, block, counter = b"", b"", 1
    while len(out) < length:
        block = _hmac.digest(key, block + info + bytes([counter]), "sha256")
        out += block
        counter += 1
    return out[:length]


class _Handle:
    """What every handle can do: be wiped, and refuse to work afterwards."""

    _content: Any

    def __init__(self) -> None:
        raise TypeError

    @classmethod
    def _make(cls, content: Any) -> Self:
        _count_operation()
        handle = cls.__new__(cls)
        handle._content = content
        live_handles.add(handle)
        return handle

    def _open(self) -> Any:
        if self._content is None:
            raise ValueError
        _count_operation()
        return self._content

    def wipe(self) -> None:
        self._content = None
        live_handles.discard(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.wipe()


class Secret(_Handle):
    """1..64 secret bytes."""

    @staticmethod
    def random(length: int) -> "Secret":
        if not 1 <= length <= 64:
            raise ValueError
        return Secret._make(random(length))

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
        return Secret._make(_hkdf(pepper._open(), slow, b"pin", 32))

    def derive(self, label: Buffer, length: int = 32) -> "Secret":
        if not 1 <= length <= 64:
            raise ValueError
        return Secret._make(_hkdf(b"", self._open(), bytes(label), length))

    def mac(self, *parts: Buffer) -> bytes:
        state = _hmac.new(self._open(), digestmod="sha256")
        for part in parts:
            state.update(part)
        return state.digest()

    def mac_matches(self, tag: Buffer, *parts: Buffer) -> bool:
        return equal(tag, self.mac(*parts))

    def fold(self, accumulator: bytearray | memoryview, sign: int, *parts: Buffer) -> None:
        element = self._open() + b"".join(map(bytes, parts))
        if len(accumulator) != 32 or sign not in (1, -1) or len(element) > 55:
            raise ValueError
        term = int.from_bytes(hashlib.sha256(element).digest(), "little")
        total = int.from_bytes(accumulator, "little") + sign * term
        accumulator[:] = (total % 2**256).to_bytes(32, "little")

    def fold_each(
        self, accumulator: bytearray | memoryview, buffer: Buffer, offsets: Buffer, length: int
    ) -> None:
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
        secret = self._open()
        if len(secret) != 32:
            raise ValueError
        return _siv(secret)

    def seal(self, associated_data: Buffer, plaintext: Buffer) -> bytes:
        return self._siv().encrypt(bytes(plaintext), [bytes(associated_data)])

    def open(self, associated_data: Buffer, sealed: Buffer) -> bytes:
        try:
            return self._siv().decrypt(bytes(sealed), [bytes(associated_data)])
        except InvalidTag:
            raise CryptoError(REASON_AUTHENTICATION) from None

    def open_into(
        self, associated_data: Buffer, sealed: Buffer, buffer: bytearray | memoryview
    ) -> int:
        plain = self.open(associated_data, sealed)
        if len(buffer) < len(plain):
            raise ValueError
        buffer[: len(plain)] = plain
        return len(plain)

    def seal_object(self, associated_data: Buffer, handle: "Secret | EcKey | RsaKey") -> bytes:
        return self.seal(associated_data, handle._serialise())

    def open_object(self, associated_data: Buffer, sealed: Buffer) -> "Secret | EcKey | RsaKey":
        form = self.open(associated_data, sealed)
        kind, rest = form[0], form[1:]
        if kind == 1:
            return Secret._make(rest)
        if kind == 2:
            return EcKey._from_scalar(rest[0], int.from_bytes(rest[1:], "big"))
        return RsaKey._from_numbers(rest)

    def _serialise(self) -> bytes:
        return b"\x01" + self._open()

    def __len__(self) -> int:
        return len(self._open())


@functools.lru_cache(maxsize=64)
def _siv(secret: bytes) -> AESSIV:
    return AESSIV(_hkdf(b"", secret, b"siv", 64))


class EcKey(_Handle):
    """A private key on a short Weierstrass curve."""

    curve: int

    @staticmethod
    def _from_scalar(curve: int, scalar: int) -> "EcKey":
        key = EcKey._make(scalar)
        key.curve = curve
        return key

    @staticmethod
    def generate(curve: int) -> "EcKey":
        c = _curve(curve)
        return EcKey._from_scalar(
            curve, 1 + int.from_bytes(random(c.order_bytes + 8), "big") % (c.n - 1)
        )

    def _library_key(self) -> ec.EllipticCurvePrivateKey | None:
        kind = _LIBRARY_CURVES.get(self.curve)
        return None if kind is None else _ec_private(self._open(), kind)

    def public(self) -> bytes:
        key = self._library_key()
        c = _curve(self.curve)
        if key is None:
            return c.encode(c.multiply(self._open(), c.g))
        numbers = key.public_key().public_numbers()
        return c.encode((numbers.x, numbers.y))

    def sign(self, hash: Buffer, der: bool = False) -> bytes:
        if not 1 <= len(hash) <= 66:
            raise ValueError
        c = _curve(self.curve)
        r, s = c.sign(self._open(), _hash_number(c, hash), self._library_key())
        if der:
            return utils.encode_dss_signature(r, s)
        return r.to_bytes(c.order_bytes, "big") + s.to_bytes(c.order_bytes, "big")

    def ecdh_into(self, point: Buffer, buffer: bytearray | memoryview) -> int:
        c = _curve(self.curve)
        other = c.decode(bytes(point))
        if other is None:
            raise CryptoError(REASON_POINT)
        shared = c.multiply(self._open(), other)
        if shared is None:
            raise CryptoError(REASON_POINT)
        buffer[: c.field_bytes] = shared[0].to_bytes(c.field_bytes, "big")
        return c.field_bytes

    def _serialise(self) -> bytes:
        width = _curve(self.curve).order_bytes
        return b"\x02" + bytes([self.curve]) + self._open().to_bytes(width, "big")


@functools.lru_cache(maxsize=64)
def _ec_private(scalar: int, kind: type[ec.EllipticCurve]) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(scalar, kind())


@functools.cache
def _rsa_from_cache(bits: int, exponent: int) -> rsa.RSAPrivateKey:
    # One key per size: generation is the slow part of a test, and no test needs two of a kind.
    return rsa.generate_private_key(exponent, bits)


class RsaKey(_Handle):
    """An RSA private key."""

    bits: int

    @staticmethod
    def _from_key(key: rsa.RSAPrivateKey) -> "RsaKey":
        handle = RsaKey._make(key)
        handle.bits = key.key_size
        return handle

    @staticmethod
    def generate(bits: int, exponent: int = 65537) -> "RsaKey":
        if bits not in (1024, 1536, 2048, 3072, 4096):
            raise ValueError
        if exponent % 2 == 0 or not 3 <= exponent < 2**31 or (bits >= 2048 and exponent < 65537):
            raise ValueError
        random(0)
        if exponent not in (3, 65537):
            raise CryptoError(REASON_FAILED)
        return RsaKey._from_key(_rsa_from_cache(bits, exponent))

    @staticmethod
    def _from_numbers(form: bytes) -> "RsaKey":
        size = int.from_bytes(form[:2], "big") // 8
        exponent = int.from_bytes(form[2:6], "big")
        p = int.from_bytes(form[6 : 6 + size // 2], "big")
        q = int.from_bytes(form[6 + size // 2 :], "big")
        return RsaKey._from_key(_rsa_from_primes(p, q, exponent))

    def _serialise(self) -> bytes:
        numbers = self._open().private_numbers()
        half = self.bits // 16
        return (
            b"\x03"
            + self.bits.to_bytes(2, "big")
            + numbers.public_numbers.e.to_bytes(4, "big")
            + numbers.p.to_bytes(half, "big")
            + numbers.q.to_bytes(half, "big")
        )

    def modulus(self) -> bytes:
        return self._open().public_key().public_numbers().n.to_bytes(self.bits // 8, "big")

    def exponent(self) -> int:
        return self._open().public_key().public_numbers().e

    def raw_into(self, block: Buffer, buffer: bytearray | memoryview) -> int:
        numbers = self._open().private_numbers()
        value, size = int.from_bytes(block, "big"), self.bits // 8
        if len(block) != size or value >= numbers.public_numbers.n:
            raise ValueError
        power = pow(value, numbers.d, numbers.public_numbers.n)
        buffer[:size] = power.to_bytes(size, "big")
        return size

    def sign_pkcs1(self, hash: int, digest: Buffer) -> bytes:
        if hash == 0:
            size = self.bits // 8
            if len(digest) > size - 11:
                raise ValueError
            block = b"\x00\x01" + b"\xff" * (size - 3 - len(digest)) + b"\x00" + bytes(digest)
            out = bytearray(size)
            self.raw_into(block, out)
            return bytes(out)
        algorithm = utils.Prehashed(_HASH_CLASSES[hash])
        return self._open().sign(bytes(digest), padding.PKCS1v15(), algorithm)

    def sign_pss(self, hash: int, digest: Buffer) -> bytes:
        chosen = _HASH_CLASSES[hash]
        scheme = padding.PSS(padding.MGF1(chosen), chosen.digest_size)
        return self._open().sign(bytes(digest), scheme, utils.Prehashed(chosen))


@functools.lru_cache(maxsize=64)
def _rsa_from_primes(p: int, q: int, exponent: int) -> rsa.RSAPrivateKey:
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


__all__ = ["CryptoError", "EcKey", "InvalidSignature", "RsaKey", "Secret", "digest", "equal"]
