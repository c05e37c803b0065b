# SPDX-License-Identifier: GPL-2.0-or-later
"""Recorded exchanges, and what of a recorded answer another card cannot repeat.

A mask names bytes that are not compared: keys, signatures and random numbers differ from card to
card. All other bytes must be equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sim.life import cvc
from sim.life.cvc import CertificateError, parse_tlv

FOLDER = Path(__file__).resolve().parents[1] / "vectors" / "sessions"

INS_GET_CHALLENGE, INS_GENERATE, INS_LIST, INS_DECIPHER = 0x84, 0x46, 0x58, 0x62
INS_SIGN, INS_WRAP, INS_SELECT, INS_READ, INS_UPDATE, INS_DELETE = (
    0x68,
    0x72,
    0xA4,
    0xB1,
    0xD7,
    0xE4,
)

RSA_ALGORITHMS = range(0x20, 0x50)
# KCV, type of key, the default algorithm, three empty fields ([SCHSM] 12.3).
BLOB_HEADER_BYTES = 8 + 1 + 12 + 6
# Objects of a certificate or request: the point or modulus, names, signatures ([SCHSM] 14).
_CARD_TAGS = {0x86, cvc.SIGNATURE, cvc.HOLDER_REFERENCE, cvc.AUTHORITY_REFERENCE}
_CONSTRUCTED = {cvc.AUTHENTICATED_REQUEST, cvc.CERTIFICATE, cvc.BODY, cvc.PUBLIC_KEY}
_RSA_MODULUS = 0x81


@dataclass(frozen=True)
class Exchange:
    """A command APDU and its recorded answer, each as it was on the wire."""

    command: bytes
    answer: bytes

    @property
    def ins(self) -> int:
        return self.command[1]

    @property
    def selects_application(self) -> bool:
        return self.ins == INS_SELECT and self.command[2] == 0x04


def load(name: str) -> list[Exchange]:
    """The exchanges of the session `name`."""
    lines = (FOLDER / f"{name}.txt").read_text().splitlines()[1:]
    pairs = zip(lines[0::2], lines[1::2], strict=True)
    return [Exchange(bytes.fromhex(a[3:]), bytes.fromhex(b[3:])) for a, b in pairs]


@dataclass
class Masked:
    """Data with its masked bytes taken out: what is left is compared."""

    mask: str
    kept: bytes
    masked_bytes: int


def plain(data: bytes) -> Masked:
    """Nothing is masked."""
    return Masked("", data, 0)


def whole(mask: str, data: bytes, fixed_length: bool = False) -> Masked:
    """Everything is masked; with `fixed_length`, not how much it is."""
    kept = len(data).to_bytes(2, "big") if fixed_length else b""
    return Masked(mask, kept, len(data))


def front(mask: str, data: bytes, length: int) -> Masked:
    """All but the first `length` bytes is masked."""
    return Masked(mask, data[:length], len(data) - length)


def request(mask: str, data: bytes) -> Masked:
    """Certificates and requests: key, names and signatures are masked, not their tags."""
    kept, masked = _walk(data)
    return Masked(mask, kept, masked)


def _walk(data: bytes) -> tuple[bytes, int]:
    kept, masked = b"", 0
    is_rsa = data[2:12] == cvc.RSA_SHA256_OID and data[0] == cvc.OID
    for tag, value, _ in parse_tlv(data):
        kept += tag.to_bytes(2, "big")
        if tag in _CONSTRUCTED:
            inner, inner_masked = _walk(value)
            kept, masked = kept + inner, masked + inner_masked
        elif (tag in _CARD_TAGS and value != b"UTCA00001") or (is_rsa and tag == _RSA_MODULUS):
            masked += len(value)
        else:
            kept += value
    return kept, masked


def is_certificate(data: bytes) -> bool:
    """True for what `request` takes."""
    try:
        return [tag for tag, _, _ in parse_tlv(data)][0] in _CONSTRUCTED
    except (CertificateError, IndexError):
        return False


def answer(exchange: Exchange, data: bytes) -> Masked:
    """`data` of an answer to the exchange's command, recorded or our own, without what is masked.

    READ BINARY and SELECT are not judged here: what is masked in them depends on the file.
    """
    p2 = exchange.command[3]
    if exchange.ins == INS_GET_CHALLENGE:
        return whole("random number", data, fixed_length=True)
    if exchange.ins == INS_GENERATE:
        return request("key request", data)
    if exchange.ins == INS_SIGN:
        # An ECDSA signature in DER has no fixed length.
        return whole("signature", data, fixed_length=p2 in RSA_ALGORITHMS)
    if exchange.ins == INS_DECIPHER:
        return whole("deciphered with another key", data, fixed_length=True)
    if exchange.ins == INS_WRAP:
        return front("key blob", data, BLOB_HEADER_BYTES)
    return plain(data)
