# SPDX-License-Identifier: GPL-2.0-or-later
"""The cards that rows begin with, as the APDUs that make them of a blank one."""

from __future__ import annotations

from sim.apdu import command
from sim.life.card import ec_key_template, rsa_key_template, tlv
from sim.life.party import Party
from tests.refusals.table import PIN, SELECT, SIGN, SO_PIN

# --- Keys of the used card ------------------------------------------------------------------------
EC, RSA, AES, EDWARDS, MONTGOMERY = 0x01, 0x02, 0x03, 0x04, 0x05
EC_EXHAUSTED, AES_EXHAUSTED = 0x06, 0x07
# May do one thing only: ECDSA with SHA-256, and CMAC.
EC_RESTRICTED, AES_RESTRICTED = 0x08, 0x09
# Of the domain whose second share nobody brought.
EC_IN_DOMAIN_1 = 0x0A
ABSENT_KEY = 0x77
RSA_BYTES = 128

SHARE = bytes(range(32))
DOMAINS = 3

# --- Files, seeds ---------------------------------------------------------------------------------
PUBLIC_FILE, PRIVATE_FILE, EMPTY_FILE = 0xCF01, 0xCD01, 0xCF02
CONTENTS = b"contents"
EC_SEED, SYMMETRIC_SEED = 0, 1

# --- A public key infrastructure ------------------------------------------------------------------
ROOT, MEMBER = Party(b"UTROOT00001", 11), Party(b"UTDEVICE00001", 12)
CUSTODIAN, NEWCOMER = Party(b"UTCUSTODIAN00001", 13), Party(b"UTCUSTODIAN00002", 14)
STRANGER = Party(b"UTSTRANGER00001", 15)
ROOT_ROLE, DEVICE_ROLE = 0xC0, 0x00
SELECT_ROOT = command(0x00, 0x22, 0x81, 0xB6, tlv(0x83, ROOT.name))


def initialize(options: int, *more: bytes) -> bytes:
    """INITIALIZE DEVICE with the lowest cost of a PIN."""
    data = tlv(0x80, options.to_bytes(2)) + tlv(0x81, PIN) + tlv(0x82, SO_PIN)
    return command(0x80, 0x50, 0, 0, data + tlv(0x9E, b"\0\x10") + b"".join(more))


def generation(template: bytes, *metadata: bytes) -> bytes:
    """The data of GENERATE ASYMMETRIC KEY PAIR."""
    return tlv(0x7F49, template) + b"".join(metadata)


def _generate(key_id: int, template: bytes, *metadata: bytes) -> bytes:
    return command(0x00, 0x46, key_id, 0, generation(template, *metadata), 65536, extended=True)


def _generate_aes(key_id: int, *metadata: bytes) -> bytes:
    return command(0x00, 0x48, key_id, 0xB2, b"".join(metadata))


def update(fid: int, contents: bytes) -> bytes:
    """UPDATE BINARY from the beginning."""
    return command(0x00, 0xD7, fid >> 8, fid & 0xFF, tlv(0x54, b"\0\0") + tlv(0x53, contents))


def raw_key_template(prime: int, generator: bytes) -> bytes:
    """The value of 7F49 for a key on a curve of [RFC7748]."""
    oid = bytes.fromhex("060A04007F00070202020203")
    return oid + tlv(0x81, prime.to_bytes(len(generator))) + tlv(0x83, generator)


P256 = ec_key_template("secp256r1")
RSA_1024 = rsa_key_template(1024)
_25519 = 2**255 - 19
_X25519_GENERATOR = b"\x09" + bytes(31)
_ED25519_GENERATOR = bytes.fromhex("58" + 31 * "66")
_ONE_USE = tlv(0x90, b"\0\0\0\1")

TRUST = (
    command(0x00, 0x2A, 0x00, 0xBE, ROOT.certificate(ROOT, ROOT_ROLE)),
    SELECT_ROOT,
    command(0x00, 0x2A, 0x00, 0xBE, MEMBER.certificate(ROOT, DEVICE_ROLE)),
)
REGISTER = command(0x80, 0x54, 0, 0, CUSTODIAN.request(MEMBER), 256)

# Name: the commands that make it, each answered with 9000. INITIALIZE leaves the user logged in.
CARDS: dict[str, tuple[bytes, ...]] = {
    "blank": (),
    "used": (
        SELECT,
        initialize(0x0001, tlv(0x97, bytes([DOMAINS]))),
        command(0x80, 0x52, 0x01, 0, b"\1", 256),
        command(0x80, 0x52, 0x00, 0, SHARE, 256),
        command(0x80, 0x52, 0x01, 1, b"\2", 256),
        command(0x80, 0x52, 0x00, 1, SHARE, 256),
        _generate(EC, P256),
        _generate(RSA, RSA_1024),
        _generate_aes(AES),
        _generate(EDWARDS, raw_key_template(_25519, _ED25519_GENERATOR)),
        _generate(MONTGOMERY, raw_key_template(_25519, _X25519_GENERATOR)),
        _generate(EC_EXHAUSTED, P256, _ONE_USE),
        SIGN[:2] + bytes([EC_EXHAUSTED]) + SIGN[3:],
        _generate_aes(AES_EXHAUSTED, _ONE_USE),
        command(0x80, 0x78, AES_EXHAUSTED, 0x18, b"message", 16),
        _generate(EC_RESTRICTED, P256, tlv(0x91, b"\x73")),
        _generate_aes(AES_RESTRICTED, tlv(0x91, b"\x18")),
        _generate(EC_IN_DOMAIN_1, P256, tlv(0x92, b"\1")),
        command(0x80, 0x4A, 0x01, EC_SEED, bytes(32)),
        command(0x80, 0x4A, 0x03, SYMMETRIC_SEED, bytes(32)),
        update(PUBLIC_FILE, CONTENTS),
        update(PRIVATE_FILE, CONTENTS),
        update(EMPTY_FILE, b""),
        *TRUST[:1],
    ),
    # Two custodians, of whom one is registered and must sign; keys can be replaced.
    "custodians": (SELECT, initialize(0x0009, tlv(0x93, b"\2\1")), *TRUST, REGISTER),
    # The same with one custodian, who cannot be replaced.
    "all custodians": (SELECT, initialize(0x0001, tlv(0x93, b"\1\1")), *TRUST, REGISTER),
    "no reset": (SELECT, initialize(0x0000)),
    "reset only": (SELECT, initialize(0x0021)),
    "transport PIN": (SELECT, initialize(0x0003)),
    "session PINs": (SELECT, initialize(0x0005)),
}
