# SPDX-License-Identifier: GPL-2.0-or-later
"""Published known answers of key agreement, and of public keys."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.crypto import nist, wycheproof
from tests.crypto.selftest import Curve, EdwardsCurve
from tests.vector_counts import CAVP, RFC, WYCHEPROOF, VectorSet

AnyCurve = Curve | EdwardsCurve
BRAINPOOL = (Curve.BRAINPOOLP256R1, Curve.BRAINPOOLP384R1, Curve.BRAINPOOLP512R1)
HOST_CURVES: dict[Curve, ec.EllipticCurve] = {
    Curve.SECP192R1: ec.SECP192R1(),
    Curve.SECP256R1: ec.SECP256R1(),
    Curve.SECP384R1: ec.SECP384R1(),
    Curve.SECP521R1: ec.SECP521R1(),
    Curve.SECP256K1: ec.SECP256K1(),
    Curve.BRAINPOOLP256R1: ec.BrainpoolP256R1(),
    Curve.BRAINPOOLP384R1: ec.BrainpoolP384R1(),
    Curve.BRAINPOOLP512R1: ec.BrainpoolP512R1(),
}
NIST_NAMES = {
    "P-192": Curve.SECP192R1,
    "P-256": Curve.SECP256R1,
    "P-384": Curve.SECP384R1,
    "P-521": Curve.SECP521R1,
}
KAS_GROUPS = {
    Curve.SECP192R1: "EA",
    Curve.SECP256R1: "EC",
    Curve.SECP384R1: "ED",
    Curve.SECP521R1: "EE",
}


@dataclass(frozen=True)
class AgreementCase:
    """Points of Weierstrass curves as X || Y. `shared` is empty for what must be refused."""

    curve: AnyCurve
    private: bytes
    point: bytes
    shared: bytes
    valid: bool = True
    comment: str = ""

    def judge(self, outcome: bytes | None) -> bool:
        """Whether a shared secret, None for a refusal, is what the case asks for."""
        if self.valid:
            return outcome == self.shared
        return outcome != self.shared if self.shared else outcome is None


@dataclass(frozen=True)
class KeyCase:
    """A key and its public key; without a private key what is a point, or is none."""

    curve: AnyCurve
    private: bytes
    public: bytes
    valid: bool = True


def title(curve: AnyCurve) -> str:
    """As in the table: ECDH secp256r1."""
    return curve.name if isinstance(curve, EdwardsCurve) else f"ECDH {curve.name.lower()}"


def _prefix(curve: Curve) -> bytes:
    # SubjectPublicKeyInfo up to the point, with a named curve, as the host writes it.
    key = ec.derive_private_key(1, HOST_CURVES[curve]).public_key()
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    encoded = key.public_bytes(serialization.Encoding.DER, spki)
    return encoded[: len(encoded) - 2 * curve.width]


@cache
def wycheproof_ecdh(curve: Curve) -> VectorSet[AgreementCase]:
    """Cases whose key is a named curve and an uncompressed point; the rest is about encodings.

    'Acceptable' among them are keys damaged in transport, whose point is off the curve.
    """
    prefix, cases = _prefix(curve), []
    for test in wycheproof.tests(f"ecdh_{curve.name.lower()}"):
        public = bytes.fromhex(test.fields["public"])
        if public.startswith(prefix) and len(public) == len(prefix) + 2 * curve.width:
            private = int(test.fields["private"], 16).to_bytes(curve.width, "big")
            shared = bytes.fromhex(test.fields["shared"]) if test.valid else b""
            point, comment = public[len(prefix) :], test.fields["comment"]
            cases.append(AgreementCase(curve, private, point, shared, test.valid, comment))
    return VectorSet(WYCHEPROOF, title(curve), "uncompressed points", cases)


@cache
def nist_ecdh(curve: Curve) -> VectorSet[AgreementCase]:
    """The validity test where Z itself is given.

    Damaged there besides Z: either side's public point, and the own private key. The own public
    point is no input of the computation.
    """
    path = "asymmetric/ECDH/KASValidityTest_ECCStaticUnified_NOKC_ZZOnly_resp.fax"
    width, cases = curve.width, []
    for record in nist.records(path, "QsCAVSx", "Z"):
        if record.section[:2] != KAS_GROUPS[curve] or "IUT's Static public" in record["Result"]:
            continue
        point = record.hex("QsCAVSx", width) + record.hex("QsCAVSy", width)
        private, shared = record.hex("dsIUT", width), record.hex("Z", width)
        valid = record["Result"].startswith("P")
        cases.append(AgreementCase(curve, private, point, shared, valid, record["Result"]))
    return VectorSet(CAVP, title(curve), "validity", cases)


@cache
def brainpool(curve: Curve) -> VectorSet[AgreementCase]:
    """[RFC7027] A, from both sides."""
    path = "asymmetric/ECDH/brainpool.txt"
    records = list(nist.records(path, "dA", cut=nist.FROM_COUNT_TO_COUNT))
    record = records[BRAINPOOL.index(curve)]
    assert record["curve"].upper() == curve.name
    cases = [
        AgreementCase(
            curve,
            record.hex(f"d{own}"),
            record.hex(f"x_q{other}") + record.hex(f"y_q{other}"),
            record.hex("x_Z"),
        )
        for own, other in ("AB", "BA")
    ]
    return VectorSet(RFC, title(curve), "7027", cases)


@cache
def rfc7748(curve: EdwardsCurve) -> VectorSet[AgreementCase]:
    """[RFC7748] 5.2, without the long iteration."""
    cases = []
    for record in nist.records(f"asymmetric/{curve.name}/rfc7748.txt", "INPUT_SCALAR", "OUTPUT_U"):
        private, point = record.hex("INPUT_SCALAR"), record.hex("INPUT_U")
        cases.append(AgreementCase(curve, private, point, record.hex("OUTPUT_U")))
    return VectorSet(RFC, title(curve), "7748", cases)


@cache
def wycheproof_x25519() -> VectorSet[AgreementCase]:
    """Points on the twist, not below p, with the unused bit; small order must be refused."""
    cases = []
    for test in wycheproof.tests("x25519"):
        private, point, shared = (
            bytes.fromhex(test.fields[n]) for n in ("private", "public", "shared")
        )
        valid, comment = shared != bytes(32), test.fields["comment"]
        shared = shared if valid else b""
        cases.append(AgreementCase(EdwardsCurve.X25519, private, point, shared, valid, comment))
    return VectorSet(WYCHEPROOF, "X25519", "x25519", cases)


@cache
def nist_keys(curve: Curve) -> VectorSet[KeyCase]:
    """Key pairs."""
    cases = [
        KeyCase(
            curve,
            record.hex("d", curve.width),
            record.hex("Qx", curve.width) + record.hex("Qy", curve.width),
        )
        for record in _of(curve, "KeyPair", "d", "Qx", "Qy")
    ]
    return VectorSet(CAVP, "EC public keys", f"{curve.name.lower()}, key pairs", cases)


@cache
def nist_points(curve: Curve) -> VectorSet[KeyCase]:
    """Points on the curve and off it, those whose coordinates fit into the field's width."""
    cases = []
    for record in _of(curve, "PKV", "Qx", "Qy", "Result"):
        if max(int(record[n], 16) for n in ("Qx", "Qy")) < 1 << 8 * curve.width:
            public = record.hex("Qx", curve.width) + record.hex("Qy", curve.width)
            cases.append(KeyCase(curve, b"", public, record["Result"].startswith("P")))
    return VectorSet(CAVP, "EC public keys", f"{curve.name.lower()}, validity", cases)


def _of(curve: Curve, file: str, *needed: str) -> list[nist.Record]:
    """Records of a file below the heading of a curve, whatever headings come in between."""
    found, current = [], None
    for record in nist.records(f"asymmetric/ECDSA/FIPS_186-3/{file}.rsp"):
        heading = record.section.partition(",")[0]
        if re.fullmatch(r"[PKB]-\d+", heading):
            current = NIST_NAMES.get(heading)
        if current is curve and all(name in record for name in needed):
            found.append(record)
    return found
