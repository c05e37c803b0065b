# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands of a SmartCard-HSM that only some hosts send.

Source: [SCHSM], by section. Beside those of `Card`, which every life needs.
"""

from __future__ import annotations

from dataclasses import dataclass

from sim.apdu import command
from sim.life import card as hsm
from sim.life.card import Card, tlv
from sim.life.cvc import ECDSA_SHA256_OID
from sim.life.party import ROOT_ROLE, Party


@dataclass(frozen=True)
class RawCurve:
    """Prime, order and generator, which is sent by its first coordinate alone."""

    prime: bytes
    order: bytes
    generator: bytes


_P_25519 = (2**255 - 19).to_bytes(32, "big")
_N_25519 = (2**252 + 27742317777372353535851937790883648493).to_bytes(32, "big")
_P_448 = (2**448 - 2**224 - 1).to_bytes(56, "big")
_N_448_BELOW = 13818066809895115352007386748515426880336692474882178609894547503885
_N_448 = (2**446 - _N_448_BELOW).to_bytes(56, "big")
_G_ED448 = bytes.fromhex(
    "14fa30f25b790898adc8d74e2c13bdfdc4397ce61cffd33ad7c2a0051e9c78874098a36c7373ea4b62c7c956"
    "3720768824bcb66e71463f6900"
)
# [RFC7748] 4.1 and 4.2, [RFC8032] 5.1 and 5.2.
RAW_CURVES = {
    "X25519": RawCurve(_P_25519, _N_25519, b"\x09" + bytes(31)),
    "Ed25519": RawCurve(_P_25519, _N_25519, b"\x58" + b"\x66" * 31),
    "X448": RawCurve(_P_448, _N_448, b"\x05" + bytes(55)),
    "Ed448": RawCurve(_P_448, _N_448, _G_ED448),
}


def raw_key_template(curve_name: str) -> bytes:
    """The value of 7F49 for a key pair on a curve of RAW_CURVES ([SCHSM] 13.2)."""
    curve = RAW_CURVES[curve_name]
    template = tlv(0x06, ECDSA_SHA256_OID) + tlv(0x81, curve.prime) + tlv(0x82, curve.order)
    return template + tlv(0x83, curve.generator)


def select_rescue(card: Card) -> None:
    """SELECT the rescue application, which ends the session ([SCHSM] 24)."""
    card.do("SELECT (rescue)", command(0x00, 0xA4, 0x04, 0x00, hsm.RESCUE_AID, 256))


def write_settings(card: Card, settings: bytes) -> None:
    """Replace all physical settings; the rescue application waits for the button."""
    card.do("WRITE (settings)", command(0x80, 0x1C, 0x01, 0x00, settings))


def attestation_key(card: Card) -> bytes:
    """The public key, which the rescue application makes when there is none."""
    return card.do("ATTEST (public key)", command(0x80, 0x10, 0x02, 0x00, ne=256))


def put_seed(card: Card, number: int, seed: bytes) -> None:
    """HIERARCHICAL KEYS: the master node of a seed on secp256k1 ([SCHSM] 22)."""
    card.do("HIERARCHICAL KEYS", command(0x80, 0x4A, 0x01, number, seed))


def generate_aes(card: Card, key_id: int, metadata: bytes = b"") -> None:
    """GENERATE SYMMETRIC KEY: AES-256 ([SCHSM] 13.5)."""
    card.do("GENERATE SYMMETRIC KEY", command(0x00, 0x48, key_id, 0xB2, metadata))


def encrypt_block(card: Card, key_id: int) -> bytes:
    """CIPHER, AES-CBC: a block of zeros, whose cryptogram tells keys apart ([SCHSM] 19)."""
    apdu = command(0x80, 0x78, key_id, 0x10, bytes(16), 256)
    return card.do("CIPHER", apdu)


def derive_key(card: Card, key_id: int, new_id: int) -> None:
    """DERIVE EC KEY: the old one plus 7 ([SCHSM] 18)."""
    card.do("DERIVE EC KEY", command(0x80, 0x76, key_id, new_id, b"\x98" + bytes(31) + b"\x07"))


def set_options(card: Card, high_byte: int) -> None:
    """EXTRAS: the device options that can change at any time ([SCHSM] 23)."""
    card.do("EXTRAS", command(0x80, 0x64, 0x06, 0x00, bytes((high_byte,))))


def trust(card: Card, party: Party, authority: Party | None = None) -> None:
    """VERIFY CERTIFICATE: the card keeps it ([SCHSM] 20); without `authority` it is a root's."""
    if authority is not None:
        reference = tlv(0x83, authority.name)
        card.do("MANAGE SECURITY ENVIRONMENT", command(0x00, 0x22, 0x81, 0xB6, reference))
    certificate = party.certificate(authority or party, ROOT_ROLE)
    apdu = command(0x00, 0x2A, 0x00, 0xBE, certificate, extended=True)
    card.do("VERIFY CERTIFICATE", apdu)


def register(card: Card, request: bytes, slot: int | None = None) -> None:
    """MANAGE PUBLIC KEY AUTHENTICATION: a custodian's attested key, in place of that of `slot`."""
    p1, p2 = (0x00, 0x00) if slot is None else (0x01, slot)
    apdu = command(0x80, 0x54, p1, p2, request, 256, extended=True)
    card.do("MANAGE PUBLIC KEY AUTHENTICATION", apdu)


def initialize_with_custodians(
    card: Card, pin: bytes, so_pin: bytes, custodians: int, required: int
) -> None:
    """INITIALIZE: of so many custodians so many must sign; replaceable ([SCHSM] 10.2)."""
    data = tlv(0x80, b"\x00\x09") + tlv(0x81, pin) + tlv(0x82, so_pin)
    data += tlv(hsm.TAG_PIN_ITERATIONS, hsm.PIN_ITERATIONS_MIN.to_bytes(4, "big"))
    data += tlv(0x93, bytes((custodians, required)))
    card.do("INITIALIZE DEVICE", command(0x80, 0x50, 0x00, 0x00, data))


def new_pin_by_officer(card: Card, new_pin: bytes) -> None:
    """RESET RETRY COUNTER in a session of the SO-PIN: a new user PIN ([SCHSM] 9.3)."""
    apdu = command(0x00, 0x2C, 0x02, hsm.USER_PIN_REFERENCE, new_pin)
    card.do("RESET RETRY COUNTER", apdu)
