# SPDX-License-Identifier: GPL-2.0-or-later
"""A card with a key of every kind, and every way to use them, by name.

For what measures commands: time, instructions, memory. RSA keys are the host's, always the same
ones, and come through key domain 0: a card would make others each time.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sim.apdu import command
from sim.life import card as hsm
from sim.life.card import Card, tlv
from sim.life.cvc import ECDSA_SHA256_OID, find
from sim.life.services import RAW_CURVES, raw_key_template
from tests.crypto.rsa_cases import Key
from tests.firmware import key_blob
from tests.firmware.twins.hsm_crypto_curves import CURVES
from tests.image import vector_card
from tests.image.test_key_backup import AES_SIZES, public_key

PIN, SO_PIN = b"648219", b"57621880"
SHARE = DKEK = vector_card.made_up("DKEK share")
MESSAGE = b"Attack at dawn."
KIBIBYTE = bytes(range(256)) * 4

# p and q of RSA keys, by their bits.
PRIMES = Path(__file__).parents[1] / "vectors" / "rsa_keys" / "primes.json"
RSA_BITS = (1024, 1536, 2048, 3072, 4096)
# By the names in the tables: numbers of the curves in the crypto module.
WEIERSTRASS = {
    "P-256": 2,
    "P-384": 3,
    "P-521": 4,
    "secp192r1": 1,
    "secp192k1": 5,
    "secp256k1": 6,
    "brainpoolP256r1": 7,
    "brainpoolP384r1": 8,
    "brainpoolP512r1": 9,
}
EDWARDS, MONTGOMERY = ("Ed25519", "Ed448"), ("X25519", "X448")
KEYS = {
    name: key_id
    for key_id, name in enumerate(
        (
            *WEIERSTRASS,
            *RAW_CURVES,
            *(f"RSA-{bits}" for bits in RSA_BITS),
            *(f"AES-{bits}" for bits in AES_SIZES),
        ),
        1,
    )
}
KEY_NEW = 250

SIGN_EDDSA, ECDH, DERIVE_EC, CMAC, DERIVE, CBC_ENCRYPT, CBC_DECRYPT = (
    *(0x70, 0x80, 0x98, 0x18, 0x99, 0x10, 0x11),
)
EXTENDED_ENCRYPT = 0x51


@dataclass(frozen=True)
class Use:
    """One command. `prepare(card)` gets what it takes and returns what sends it."""

    kind: str
    name: str
    prepare: Callable[[Card], Callable[[], object]]


def equip(card: Card, pin_iterations: int | None = None) -> None:
    """Initialise a blank card, log in and give it all KEYS."""
    card.select()
    card.initialize(PIN, SO_PIN, pin_iterations=pin_iterations, dkek_shares=1)
    card.import_dkek_share(SHARE)
    card.verify(PIN)
    for name in WEIERSTRASS:
        card.generate_key_pair(KEYS[name], template(name))
    for name in RAW_CURVES:
        card.generate_key_pair(KEYS[name], raw_key_template(name))
    for bits in RSA_BITS:
        card.unwrap_key(KEYS[f"RSA-{bits}"], rsa_blob(key_blob.RSA_CRT, bits))
    for bits, algorithm in AES_SIZES.items():
        send(card, command(0x00, 0x48, KEYS[f"AES-{bits}"], algorithm))


def template(name: str) -> bytes:
    """The value of 7F49 for a key on one of the curves WEIERSTRASS."""
    curve = CURVES[WEIERSTRASS[name]]
    numbers = (curve.p, curve.a, curve.b)
    fields = [number.to_bytes(curve.field_bytes, "big") for number in numbers]
    fields += [curve.encode(curve.g), curve.n.to_bytes(curve.order_bytes, "big")]
    objects = b"".join(tlv(tag, field) for tag, field in enumerate(fields, 0x81))
    return tlv(0x06, ECDSA_SHA256_OID) + objects + tlv(0x87, b"\1")


def send(card: Card, apdu: bytes) -> bytes:
    """Response data of a command that must succeed."""
    response = card.send(apdu)
    assert response.ok, f"{apdu[:4].hex()}: {response.sw:04X}"
    return response.data


# --- RSA keys of the host ---------------------------------------------------------------------


@functools.cache
def rsa_blob(kind: int, bits: int) -> bytes:
    """A key blob under DKEK; `kind`: key_blob.RSA or RSA_CRT."""
    p, q = (int(prime, 16) for prime in json.loads(PRIMES.read_text())[str(bits)])
    return vector_card.rsa_blob(Key(bits, 65537, p, q), kind).encode(DKEK)


# --- Signatures, decryption, agreement --------------------------------------------------------


def signatures() -> list[Use]:
    """SIGN: every kind of key, and with P-256 and RSA-2048 every algorithm ([SCHSM] 16)."""
    hashed, digest = hsm.SIGN_ECDSA_SHA256, bytes(range(32))
    names = ("SHA-1", "SHA-224", "SHA-256", "SHA-384", "SHA-512")
    uses = [_sign(name, name, hashed) for name in WEIERSTRASS]
    uses += [_sign(name, name, SIGN_EDDSA) for name in EDWARDS]
    uses += [_sign(f"RSA-{n}", f"RSA-{n}", hsm.SIGN_RSA_PKCS1_SHA256) for n in RSA_BITS]
    uses.append(_sign("P-256, given hash", "P-256", 0x70, digest))
    uses += [_sign(f"P-256, {hash}", "P-256", 0x71 + n) for n, hash in enumerate(names)]
    uses.append(_sign("RSA-2048, raw", "RSA-2048", 0x20, b"\x5a" * 256))
    # A DigestInfo of SHA-256 ([RFC8017] 9.2).
    info = bytes.fromhex("3031300D060960864801650304020105000420") + digest
    uses.append(_sign("RSA-2048, given DigestInfo", "RSA-2048", 0x30, info))
    uses += [_sign(f"RSA-2048, {hash}", "RSA-2048", 0x31 + n) for n, hash in enumerate(names)]
    uses.append(_sign("RSA-2048, PSS, given hash", "RSA-2048", 0x40, digest))
    return uses + [
        _sign(f"RSA-2048, PSS, {hash}", "RSA-2048", 0x41 + n) for n, hash in enumerate(names)
    ]


def _sign(name: str, key: str, algorithm: int, data: bytes = MESSAGE) -> Use:
    return Use(
        "signatures", f"SIGN {name}", lambda card: lambda: card.sign(KEYS[key], algorithm, data)
    )


def decryptions() -> list[Use]:
    """DECIPHER: every size of key, and with RSA-2048 every padding ([SCHSM] 17)."""
    # Less than the modulus, whose highest bits are 1.
    blocks = {bits: b"\x5a" * (bits // 8) for bits in RSA_BITS}
    uses = [_decrypt(f"RSA-{bits}", bits, 0x21, block) for bits, block in blocks.items()]
    numbers = key_blob.decode(rsa_blob(key_blob.RSA, 2048), DKEK).fields
    n, e = (int.from_bytes(number, "big") for number in numbers[1:])
    paddings = {
        0x22: b"\0\2" + b"\xff" * (253 - len(MESSAGE)) + b"\0" + MESSAGE,
        0x23: _oaep(MESSAGE, 256),
    }
    for (algorithm, block), name in zip(paddings.items(), ("PKCS #1", "OAEP"), strict=True):
        cryptogram = pow(int.from_bytes(block, "big"), e, n).to_bytes(256, "big")
        uses.append(_decrypt(f"RSA-2048, {name}", 2048, algorithm, cryptogram))
    return uses


def _decrypt(name: str, bits: int, algorithm: int, cryptogram: bytes) -> Use:
    apdu = command(0x80, 0x62, KEYS[f"RSA-{bits}"], algorithm, cryptogram, 512, extended=True)
    return Use("decryption and key agreement", f"DECIPHER {name}", _sends(apdu))


def _oaep(message: bytes, length: int) -> bytes:
    """A padded block ([RFC8017] 7.1.1) with SHA-256, an empty label and a seed of zeros."""
    seed, label = bytes(32), hashlib.sha256(b"").digest()
    data = label + bytes(length - 66 - len(message)) + b"\1" + message
    masked = _xor(data, _mgf1(seed, len(data)))
    return b"\0" + _xor(seed, _mgf1(masked, 32)) + masked


def _mgf1(seed: bytes, length: int) -> bytes:
    blocks = (hashlib.sha256(seed + n.to_bytes(4, "big")).digest() for n in range(length // 32 + 1))
    return b"".join(blocks)[:length]


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


def agreements() -> list[Use]:
    """ECDH on every curve. The other party has the same key: it costs the same with any."""
    return [
        Use("decryption and key agreement", f"ECDH {name}", functools.partial(_agree, name))
        for name in (*WEIERSTRASS, *MONTGOMERY)
    ]


def _agree(name: str, card: Card) -> Callable[[], object]:
    tag = 0x84 if name in MONTGOMERY else 0x86
    peer = find(public_key(card, KEYS[name]), tag)[0]
    apdu = command(0x80, 0x62, KEYS[name], ECDH, peer, 65536, extended=True)
    return lambda: send(card, apdu)


# --- Backup -------------------------------------------------------------------------------------


def backups() -> list[Use]:
    """WRAP KEY and UNWRAP KEY of every kind of key ([SCHSM] 12)."""
    names = [*KEYS]
    uses = [
        Use("key backup", f"WRAP {name}", lambda card, name=name: lambda: card.wrap_key(KEYS[name]))
        for name in names
    ]
    uses += [
        Use("key backup", f"UNWRAP {name}", functools.partial(_unwrap, name)) for name in names
    ]
    for bits in (2048, 4096):
        blob = functools.partial(rsa_blob, key_blob.RSA, bits)
        uses.append(
            Use(
                "key backup",
                f"UNWRAP RSA-{bits} without CRT",
                lambda card, blob=blob: functools.partial(card.unwrap_key, KEY_NEW, blob()),
            )
        )
    return uses


def _wrap(name: str, card: Card) -> Callable[[], object]:
    return lambda: card.wrap_key(KEYS[name])


def _unwrap(name: str, card: Card) -> Callable[[], object]:
    blob = card.wrap_key(KEYS[name])
    return lambda: card.unwrap_key(KEY_NEW, blob)


# --- Symmetric keys -----------------------------------------------------------------------------


def ciphers() -> list[Use]:
    """CIPHER with every algorithm ([SCHSM] 19), on 1 KiB; and DERIVE of an EC key."""
    plain = {"AES-CBC encrypt": CBC_ENCRYPT, "AES-CBC decrypt": CBC_DECRYPT, "CMAC": CMAC}
    uses = [_cipher(name, "AES-256", algorithm, KIBIBYTE) for name, algorithm in plain.items()]
    uses.append(_cipher("derive 32 bytes", "AES-256", DERIVE, KIBIBYTE[:32]))
    for name, (oid, iv_bytes, key) in _CIPHERS.items():
        data = KIBIBYTE[:16] if "one block" in name else KIBIBYTE
        uses.append(_extended(name, key, bytes.fromhex(oid), data, bytes(iv_bytes)))
    hmac = bytes.fromhex("2A864886F70D02")
    for number, hash in enumerate(("SHA-1", "SHA-224", "SHA-256", "SHA-384", "SHA-512"), 7):
        oid = hmac + bytes((number,))
        uses.append(_extended(f"HMAC {hash}", "AES-256", oid, KIBIBYTE))
    for number, hash in ((0x1D, "SHA-256"), (0x1F, "SHA-512")):
        oid = bytes.fromhex(f"2A864886F70D01091003{number:02X}")
        uses.append(_extended(f"HKDF {hash}", "AES-256", oid, MESSAGE))
    hmac_sha256 = tlv(0x06, hmac + b"\x09")
    iterations = tlv(0x02, (10_000).to_bytes(2, "big"))
    parameters = tlv(0x04, bytes(8)) + iterations + tlv(0x30, hmac_sha256)
    oid = bytes.fromhex("2A864886F70D01050C")
    uses.append(_extended("PBKDF2, 10,000 iterations", "AES-256", oid, parameters))
    oid = bytes.fromhex("2B81051086483F")
    uses.append(_extended("X9.63 SHA-256", "AES-256", oid, hmac + b"\x09"))
    return uses


# OID, length of the IV, key.
_CIPHERS = {
    name: (f"6086480165030401{number:02X}", iv_bytes, "AES-256")
    for name, number, iv_bytes in (
        ("AES-ECB, one block", 41, 0),
        ("AES-OFB", 43, 16),
        ("AES-CFB", 44, 16),
        ("AES-CTR", 49, 16),
        ("AES-GCM", 46, 12),
        ("AES-CCM", 47, 12),
    )
} | {
    "AES-XTS": ("2B6F028C5300000102", 16, "AES-512"),
    "ChaCha20-Poly1305": ("2A864886F70D0109100312", 12, "AES-256"),
}


def _cipher(name: str, key: str, algorithm: int, data: bytes) -> Use:
    apdu = command(0x80, 0x78, KEYS[key], algorithm, data, 65536, extended=True)
    return Use("symmetric keys, on 1 KiB", f"CIPHER {name}", _sends(apdu))


def _extended(name: str, key: str, oid: bytes, data: bytes, iv: bytes = b"") -> Use:
    objects = tlv(0x06, oid) + tlv(0x81, data) + (tlv(0x82, iv) if iv else b"")
    return _cipher(name, key, EXTENDED_ENCRYPT, objects)


# --- The rest -------------------------------------------------------------------------------------


def generations() -> list[Use]:
    """New keys, of kinds that do not depend on luck; DERIVE EC KEY."""
    uses = [
        _generate(name, template(name))
        for name in ("P-256", "P-384", "P-521", "secp256k1", "brainpoolP256r1", "brainpoolP512r1")
    ]
    uses += [_generate(name, raw_key_template(name)) for name in RAW_CURVES]
    uses.append(Use("new keys", "GENERATE AES-256", _sends(command(0x00, 0x48, KEY_NEW, 0xB2))))
    number = bytes((DERIVE_EC,)) + bytes(31) + b"\1"
    apdu = command(0x80, 0x76, KEYS["P-256"], KEY_NEW, number)
    return [*uses, Use("new keys", "DERIVE P-256", _sends(apdu))]


def _generate(name: str, public_key_template: bytes) -> Use:
    return Use(
        "new keys",
        f"GENERATE {name}",
        lambda card: lambda: card.generate_key_pair(KEY_NEW, public_key_template),
    )


def _sends(apdu: bytes) -> Callable[[Card], Callable[[], object]]:
    return lambda card: lambda: send(card, apdu)


def all_uses() -> list[Use]:
    """Every way to use a key, in the order of the tables."""
    sessions = [Use("sessions", "VERIFY", lambda card: lambda: card.verify(PIN))]
    return [
        *sessions,
        *signatures(),
        *decryptions(),
        *agreements(),
        *generations(),
        *backups(),
        *ciphers(),
    ]
