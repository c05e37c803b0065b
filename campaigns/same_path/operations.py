# SPDX-License-Identifier: GPL-2.0-or-later
"""What is compared: commands, their secrets, what must not tell them.

Keys come in key blobs of one length, so that the card is in the same state but for the secret
([SCHSM] 9, 12, 16, 17, 19).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import campaigns.twins  # noqa: F401  (puts tests/firmware on the import path)

# isort: split
import hsm_crypto
import hsm_crypto_blob
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM
from key_blob import AES, EC, RSA, KeyBlob

from campaigns.same_path import secrets
from sim.apdu import command
from sim.life.card import PIN_ITERATIONS_MIN, Card, tlv
from sim.life.curves import CURVES
from sim.life.secure_channel import SecureChannel

PIN, SO_PIN = b"135790", b"30313233"
DKEK = bytes(range(32))
KEY = 1
DIGEST = bytes(range(32))
ECDSA, EDDSA, RSA_RAW_SIGN, ECDH, WRAP, UNWRAP = 0x70, 0x70, 0x20, 0x80, 0x92, 0x93
EXTENDED_DECRYPT = 0x52
# Of a slow operation, so many secrets in the time of a quick one.
SAMPLE_RUNS = 8
AES_256_GCM_OID = bytes.fromhex("60864801650304012E")
AES_256_CCM_OID = bytes.fromhex("60864801650304012F")


@dataclass(frozen=True)
class Operation:
    """`inside`: only calls of this C function are compared; empty: the whole command.

    `load(card, secret)` puts a secret into the card, unobserved; `apdu(secret)` is observed.
    `quick`: one of those that are compared when nothing else is asked for.
    `sampled_on`: of a slow one, the boards on which SAMPLE_RUNS secrets are compared then.
    `sram`: whether addresses in SRAM are compared; it has no cache that would tell them apart.
    """

    name: str
    what: str
    inside: str
    secrets: Callable[[int], Sequence[object]]
    load: Callable[[Card, object], None]
    apdu: Callable[[object], bytes]
    quick: bool = True
    sram: bool = True
    sampled_on: tuple[str, ...] = ()


def prepare(card: Card) -> None:
    """An initialised card with a DKEK, the user logged in."""
    card.select()
    card.initialize(PIN, SO_PIN, tries=10, pin_iterations=PIN_ITERATIONS_MIN, dkek_shares=1)
    card.import_dkek_share(DKEK)
    card.verify(PIN)


def no_load(card: Card, secret: object) -> None:
    """The secret is in the command alone."""
    del card, secret


# --- Key blobs ------------------------------------------------------------------------------------


def ec_blob(curve: str, scalar: int) -> bytes:
    """A key on a curve of short Weierstrass form."""
    prime, a, b, generator, order = CURVES[curve].fields()
    length = len(prime)
    point = secrets.public_point(EC_CURVES[curve](), scalar)
    fields = [a, b, prime, order, generator, scalar.to_bytes(length, "big"), point]
    return _blob(EC, 8 * length, fields)


def raw_blob(curve: int, private: bytes) -> bytes:
    """A key on an Edwards or Montgomery curve."""
    is_edwards = curve in (hsm_crypto.CURVE_ED25519, hsm_crypto.CURVE_ED448)
    kind = hsm_crypto.EdwardsKey if is_edwards else hsm_crypto.MontgomeryKey
    return hsm_crypto_blob.wrap(DKEK, kind._from_bytes(curve, private), b"")


def aes_blob(key: bytes) -> bytes:
    """An AES key."""
    return _blob(AES, len(key), [key])


def rsa_blob(numbers: tuple[int, int, int]) -> bytes:
    """An RSA key by d, n and e."""
    bits = numbers[1].bit_length()
    d, n = (number.to_bytes(bits // 8, "big") for number in numbers[:2])
    return _blob(RSA, bits, [d, n, numbers[2].to_bytes(3, "big")])


def _blob(kind: int, size: int, fields: list[bytes]) -> bytes:
    return KeyBlob(kind, size, fields).encode(DKEK)


def unwrap(blob: bytes) -> bytes:
    """UNWRAP KEY."""
    return command(0x80, 0x74, KEY, UNWRAP, blob, extended=True)


EC_CURVES = {
    "secp256r1": ec.SECP256R1,
    "secp384r1": ec.SECP384R1,
    "secp521r1": ec.SECP521R1,
    "secp256k1": ec.SECP256K1,
    "brainpoolP256r1": ec.BrainpoolP256R1,
    "brainpoolP384r1": ec.BrainpoolP384R1,
    "brainpoolP512r1": ec.BrainpoolP512R1,
}


def ec_scalars(curve: str) -> Callable[[int], list[int]]:
    """Private keys of a curve."""
    return lambda count: secrets.scalars(int(CURVES[curve].order, 16), count)


def load_key(blob_of: Callable[[Any], bytes]) -> Callable[[Card, object], None]:
    """UNWRAP the secret's key."""

    def load(card: Card, secret: object) -> None:
        card.unwrap_key(KEY, blob_of(secret))

    return load


def constant(apdu: bytes) -> Callable[[object], bytes]:
    """The same command whatever the secret."""
    return lambda _: apdu


# --- Commands whose data are the secret -----------------------------------------------------------


def _wrong_pin(secret: Any) -> bytes:
    return command(0x00, 0x20, 0x00, 0x81, secret)


def _wrong_code(secret: Any) -> bytes:
    return command(0x80, 0x50, 0x00, 0x00, tlv(0x81, PIN) + tlv(0x82, secret))


RIGHT_BLOB = ec_blob("secp256r1", 0x1234567)
MAC_BYTES = 16
NONCE = bytes(12)
AES_KEY = bytes(range(32))
RIGHT_GCM = AESGCM(AES_KEY).encrypt(NONCE, DIGEST, b"")


def _wrong_mac(secret: Any) -> bytes:
    return unwrap(RIGHT_BLOB[:-MAC_BYTES] + secret)


RIGHT_CCM = AESCCM(AES_KEY).encrypt(NONCE, DIGEST, None)


def _wrong_tag(oid: bytes, right: bytes) -> Callable[[Any], bytes]:
    def apdu(secret: Any) -> bytes:
        data = tlv(0x06, oid) + tlv(0x81, right[:-MAC_BYTES] + secret) + tlv(0x82, NONCE)
        return command(0x80, 0x78, KEY, EXTENDED_DECRYPT, data, 256)

    return apdu


def _tag(name: str, oid: bytes, right: bytes) -> Operation:
    return Operation(
        f"{name} tag",
        f"comparison of {name.upper()}'s tag",
        "",
        lambda count: secrets.near(right[-MAC_BYTES:], count),
        lambda card, _: card.unwrap_key(KEY, aes_blob(AES_KEY)),
        _wrong_tag(oid, right),
    )


class ProtectedCommand:
    """A command in a secure channel, whose MAC is replaced."""

    MAC_BYTES = 8
    EPHEMERAL = 0x1234567890ABCDEF1234567890ABCDEF

    def __init__(self) -> None:
        self._channel: SecureChannel | None = None

    def load(self, card: Card, _: object) -> None:
        """Opens the channel."""

        def link(apdu: bytes) -> bytes:
            response = card.send(apdu)
            return response.data + response.sw.to_bytes(2, "big")

        self._channel = SecureChannel(link, self.EPHEMERAL)

    def apdu(self, secret: Any) -> bytes:
        """VERIFY without data, its MAC wrong by `secret`: what is added to its bits."""
        assert self._channel is not None
        right = self._channel.wrap(bytes.fromhex("00200081"))
        at = right.rindex(bytes((0x8E, self.MAC_BYTES))) + 2
        mac = right[at : at + self.MAC_BYTES]
        wrong = bytes(a ^ b for a, b in zip(mac, secret, strict=True))
        return right[:at] + wrong + right[at + self.MAC_BYTES :]


PROTECTED = ProtectedCommand()


# --- The operations -------------------------------------------------------------------------------


def sign(algorithm: int, data: bytes = DIGEST) -> bytes:
    """SIGN."""
    return command(0x80, 0x68, KEY, algorithm, data, 512, extended=True)


def agree(point: bytes) -> bytes:
    """DECIPHER: ECDH."""
    return command(0x80, 0x62, KEY, ECDH, point, 512, extended=True)


def _suffix(sram: bool) -> str:
    return "" if sram else " without sram"


def _remark(sram: bool) -> str:
    return "" if sram else ", SRAM as one address"


def _ecdsa(curve: str, quick: bool = True, sram: bool = True) -> Operation:
    return Operation(
        f"ecdsa {curve}{_suffix(sram)}",
        f"ECDSA on {curve}{_remark(sram)}",
        "crypto_ec_sign",
        ec_scalars(curve),
        load_key(lambda scalar: ec_blob(curve, scalar)),
        constant(sign(ECDSA)),
        quick,
        sram,
    )


def _ecdh(curve: str, quick: bool = True, sram: bool = True) -> Operation:
    return Operation(
        f"ecdh {curve}{_suffix(sram)}",
        f"ECDH on {curve}{_remark(sram)}",
        "crypto_ec_shared_secret",
        ec_scalars(curve),
        load_key(lambda scalar: ec_blob(curve, scalar)),
        constant(agree(secrets.public_point(EC_CURVES[curve](), 0x7654321))),
        quick,
        sram,
    )


def _raw(
    name: str, curve: int, length: int, inside: str, apdu: bytes, quick: bool = True
) -> Operation:
    return Operation(
        name,
        name,
        inside,
        lambda count: secrets.strings(length, count),
        load_key(lambda private: raw_blob(curve, private)),
        constant(apdu),
        quick,
    )


def _rsa(
    bits: int, quick: bool = False, sram: bool = True, sampled_on: tuple[str, ...] = ()
) -> Operation:
    return Operation(
        f"rsa {bits}{_suffix(sram)}",
        f"RSA private operation by CRT, {bits} bits{_remark(sram)}",
        "private_power",
        lambda count: secrets.rsa_numbers(bits, count),
        load_key(rsa_blob),
        constant(sign(RSA_RAW_SIGN, bytes(bits // 8 - 32) + DIGEST)),
        quick,
        sram,
        sampled_on,
    )


@dataclass(frozen=True)
class _Backup:
    """A kind of keys that comes in key blobs and goes out in them."""

    name: str
    what: str
    secrets: Callable[[int], Sequence[object]]
    blob_of: Callable[[Any], bytes]
    quick: bool = True

    def unwrap(self) -> Operation:
        return Operation(
            f"unwrap {self.name}",
            f"UNWRAP KEY of {self.what}",
            "crypto_blob_unwrap",
            self.secrets,
            no_load,
            lambda secret: unwrap(self.blob_of(secret)),
            self.quick,
        )

    def wrap(self) -> Operation:
        return Operation(
            f"wrap {self.name}",
            f"WRAP KEY of {self.what}",
            "crypto_blob_wrap",
            self.secrets,
            load_key(self.blob_of),
            constant(command(0x80, 0x72, KEY, WRAP, ne=65536, extended=True)),
            self.quick,
        )


def _p256_blob(scalar: int) -> bytes:
    return ec_blob("secp256r1", scalar)


def _aes_keys(count: int) -> Sequence[object]:
    return secrets.strings(32, count)


def _rsa_keys(count: int) -> Sequence[object]:
    return secrets.rsa_numbers(1024, count)


_BACKUPS = (
    _Backup("ec", "a P-256 key", ec_scalars("secp256r1"), _p256_blob),
    _Backup("aes", "an AES key", _aes_keys, aes_blob),
    _Backup("rsa", "an RSA key by d, 1024 bits", _rsa_keys, rsa_blob, quick=False),
)

ALL = (
    Operation(
        "pin",
        "PIN comparison",
        "",
        lambda count: secrets.near(PIN, count),
        no_load,
        _wrong_pin,
    ),
    Operation(
        "initialisation code",
        "comparison of the initialisation code",
        "",
        lambda count: secrets.near(SO_PIN, count),
        no_load,
        _wrong_code,
    ),
    Operation(
        "key blob mac",
        "comparison of a key blob's MAC",
        "",
        lambda count: secrets.near(RIGHT_BLOB[-MAC_BYTES:], count),
        no_load,
        _wrong_mac,
    ),
    Operation(
        "secure messaging mac",
        "comparison of a protected command's MAC",
        "",
        lambda count: secrets.near(bytes(ProtectedCommand.MAC_BYTES), count),
        PROTECTED.load,
        PROTECTED.apdu,
    ),
    _tag("gcm", AES_256_GCM_OID[2:], RIGHT_GCM),
    _tag("ccm", AES_256_CCM_OID[2:], RIGHT_CCM),
    _ecdsa("secp256r1"),
    _ecdsa("secp384r1", quick=False),
    _ecdsa("secp521r1", quick=False),
    _ecdsa("secp521r1", quick=False, sram=False),
    _ecdsa("secp256k1"),
    _ecdsa("brainpoolP256r1", quick=False),
    _ecdsa("brainpoolP384r1", quick=False),
    _ecdsa("brainpoolP512r1", quick=False),
    _raw("ed25519", hsm_crypto.CURVE_ED25519, 32, "crypto_edwards_sign", sign(EDDSA)),
    _raw("ed448", hsm_crypto.CURVE_ED448, 57, "crypto_edwards_sign", sign(EDDSA), quick=False),
    _ecdh("secp256r1"),
    _ecdh("secp384r1", quick=False),
    _ecdh("secp521r1", quick=False),
    _ecdh("secp521r1", quick=False, sram=False),
    _ecdh("secp256k1", quick=False),
    _ecdh("brainpoolP256r1", quick=False),
    _ecdh("brainpoolP384r1", quick=False),
    _ecdh("brainpoolP512r1", quick=False),
    _raw(
        "x25519",
        hsm_crypto.CURVE_X25519,
        32,
        "crypto_montgomery_shared_secret",
        agree(b"\x09" + bytes(31)),
    ),
    _raw(
        "x448",
        hsm_crypto.CURVE_X448,
        56,
        "crypto_montgomery_shared_secret",
        agree(b"\x05" + bytes(55)),
        quick=False,
    ),
    _rsa(1024, quick=True),
    _rsa(2048),
    _rsa(2048, sram=False, sampled_on=("pico2",)),
    _rsa(3072),
    _rsa(3072, sram=False),
    _rsa(4096),
    _rsa(4096, sram=False),
    *(kind.unwrap() for kind in _BACKUPS),
    *(kind.wrap() for kind in _BACKUPS),
)
OPERATIONS = {operation.name: operation for operation in ALL}
