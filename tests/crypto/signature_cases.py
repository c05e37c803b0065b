# SPDX-License-Identifier: GPL-2.0-or-later
"""Published signatures of ECDSA and EdDSA."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from tests.crypto import nist, wycheproof
from tests.crypto.agreement_cases import NIST_NAMES
from tests.crypto.selftest import Curve, EdwardsCurve, Hash
from tests.vector_counts import CAVP, RFC, WYCHEPROOF, VectorSet

CURVES = {**NIST_NAMES, "K-256": Curve.SECP256K1}
WYCHEPROOF_FILES = (
    "ecdsa_secp256r1_sha256",
    "ecdsa_secp256r1_sha512",
    "ecdsa_secp384r1_sha384",
    "ecdsa_secp384r1_sha512",
    "ecdsa_secp521r1_sha512",
)


@dataclass(frozen=True)
class EcdsaCase:
    """A signature r || s over a digest, under a public key X || Y."""

    curve: Curve
    point: bytes
    digest: bytes
    signature: bytes
    valid: bool
    comment: str = ""


@dataclass(frozen=True)
class NonceCase:
    """What a key signs without additional entropy: r || s, and the same as DER."""

    curve: Curve
    private: bytes
    digest: bytes
    signature: bytes
    der: bytes


@dataclass(frozen=True)
class EddsaCase:
    """What a seed signs; `public` is empty where the source gives none."""

    curve: EdwardsCurve
    seed: bytes
    public: bytes
    message: bytes
    signature: bytes


def raw_signature(der: bytes, width: int) -> bytes | None:
    """r || s of a DER signature; None if its encoding or its numbers do not fit."""
    try:
        numbers = utils.decode_dss_signature(der)
        if utils.encode_dss_signature(*numbers) != der:
            return None
        return b"".join(number.to_bytes(width, "big") for number in numbers)
    except (ValueError, OverflowError):
        return None


def _title(curve: Curve) -> str:
    return f"ECDSA {curve.name.lower()}"


@cache
def wycheproof_ecdsa(file: str) -> VectorSet[EcdsaCase]:
    """Those whose encoding and numbers fit: the core takes r || s."""
    _, curve_name, hash_name = file.split("_")
    curve, cases = Curve[curve_name.upper()], []
    for test in wycheproof.tests(file):
        signature = raw_signature(bytes.fromhex(test.fields["sig"]), curve.width)
        if signature is not None:
            key = test.group["key"]
            point = b"".join(int(key[n], 16).to_bytes(curve.width, "big") for n in ("wx", "wy"))
            digest = hashlib.new(hash_name, bytes.fromhex(test.fields["msg"])).digest()
            comment = test.fields["comment"]
            cases.append(EcdsaCase(curve, point, digest, signature, test.valid, comment))
    return VectorSet(WYCHEPROOF, _title(curve), file, cases)


def _nist(curve: Curve, path: str) -> Iterator[EcdsaCase]:
    for record in nist.records(f"asymmetric/ECDSA/{path}", "Msg", "Qx", "Qy", "R", "S"):
        curve_name, _, hash_name = record.section.partition(",")
        if CURVES.get(curve_name) is curve:
            point = record.hex("Qx", curve.width) + record.hex("Qy", curve.width)
            name = hash_name.replace("-", "").lower()
            digest = hashlib.new(name, record.hex("Msg")).digest()
            signature = record.hex("R", curve.width) + record.hex("S", curve.width)
            result = record["Result"] if "Result" in record else "P"
            valid = result.startswith("P")
            yield EcdsaCase(curve, point, digest, signature, valid, result)


@cache
def nist_signatures(curve: Curve) -> VectorSet[EcdsaCase]:
    """What was signed with every hash."""
    folder = "SECP256K1" if curve is Curve.SECP256K1 else "FIPS_186-3"
    cases = list(_nist(curve, f"{folder}/SigGen.txt"))
    return VectorSet(CAVP, _title(curve), "signatures", cases)


@cache
def nist_altered(curve: Curve) -> VectorSet[EcdsaCase]:
    """Message, key or a number changed."""
    cases = list(_nist(curve, "FIPS_186-3/SigVer.rsp"))
    return VectorSet(CAVP, _title(curve), "altered signatures", cases)


@cache
def rfc6979() -> VectorSet[NonceCase]:
    """Those whose nonce comes from the core's hash: SHA-256, of longer keys SHA-512."""
    content = nist.text("asymmetric/ECDSA/RFC6979/evppkey_ecdsa_rfc6979.txt")
    keys = {}
    key_pattern = r"PrivateKey=(\S+)\n(-----BEGIN.*?END PRIVATE KEY-----)"
    for name, pem in re.findall(key_pattern, content, re.DOTALL):
        if name.split("_")[0] in CURVES:
            key = serialization.load_pem_private_key(pem.encode(), None)
            assert isinstance(key, ec.EllipticCurvePrivateKey)
            keys[name] = key.private_numbers().private_value
    pattern = (
        r"DigestSign = (\S+)\nKey = (\S+)\nNonceType = deterministic\n"
        r'Input = "(.*)"\nOutput = (\S+)'
    )
    cases = []
    for hash_name, name, message, encoded in re.findall(pattern, content):
        curve, der = CURVES.get(name.split("_")[0]), bytes.fromhex(encoded)
        if curve and Hash[hash_name] is (Hash.SHA256 if curve.width <= 32 else Hash.SHA512):
            digest = hashlib.new(hash_name, message.encode()).digest()
            private = keys[name].to_bytes(curve.width, "big")
            signature = raw_signature(der, curve.width)
            assert signature is not None
            cases.append(NonceCase(curve, private, digest, signature, der))
    return VectorSet(RFC, "ECDSA nonces", "6979", cases)


@cache
def ed25519_authors() -> VectorSet[EddsaCase]:
    """Lines of seed || public, public, message, signature || message."""
    cases = []
    for line in nist.text("asymmetric/Ed25519/sign.input").split():
        seed, public, message, signed = map(bytes.fromhex, line.split(":")[:4])
        cases.append(EddsaCase(EdwardsCurve.ED25519, seed[:32], public, message, signed[:64]))
    return VectorSet("Ed25519's authors", "Ed25519", "sign.input", cases)


@cache
def wycheproof_eddsa() -> VectorSet[EddsaCase]:
    """The valid ones are those that [RFC8032] defines; the card verifies none."""
    cases = []
    for test in wycheproof.tests("eddsa"):
        if test.valid:
            seed, public = (bytes.fromhex(test.group["key"][name]) for name in ("sk", "pk"))
            message, signature = (bytes.fromhex(test.fields[name]) for name in ("msg", "sig"))
            cases.append(EddsaCase(EdwardsCurve.ED25519, seed, public, message, signature))
    return VectorSet(WYCHEPROOF, "Ed25519", "eddsa", cases)


@cache
def ed448() -> VectorSet[EddsaCase]:
    """[RFC8032] 7.4, those without a context."""
    cases = [
        EddsaCase(
            EdwardsCurve.ED448,
            *(record.hex(name) for name in ("SECRET", "PUBLIC", "MESSAGE", "SIGNATURE")),
        )
        for record in nist.records("asymmetric/Ed448/rfc8032.txt", "SECRET", "SIGNATURE")
        if "CONTEXT" not in record
    ]
    return VectorSet(RFC, "Ed448", "8032", cases)
