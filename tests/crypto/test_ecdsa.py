# SPDX-License-Identifier: GPL-2.0-or-later
"""ECDSA: published signatures, wrong ones, RFC 6979's nonces, hedging."""

from __future__ import annotations

import hashlib
import re

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from tests.crypto import nist, wycheproof
from tests.crypto.conftest import Pick
from tests.crypto.selftest import Curve, Hash, Operation, Refused, Result, SelfTest

NIST_NAMES = {
    "P-192": Curve.SECP192R1,
    "P-256": Curve.SECP256R1,
    "P-384": Curve.SECP384R1,
    "P-521": Curve.SECP521R1,
    "K-256": Curve.SECP256K1,
}
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
# Per curve: about half a thousand million instructions on the RP2040.
SPREAD = {Curve.SECP256R1: 48, Curve.SECP384R1: 10, Curve.SECP521R1: 8}


def raw_signature(der: bytes, width: int) -> bytes | None:
    """r || s of a DER signature; None if its encoding or its numbers do not fit."""
    try:
        numbers = utils.decode_dss_signature(der)
        if utils.encode_dss_signature(*numbers) != der:
            return None
        return b"".join(number.to_bytes(width, "big") for number in numbers)
    except (ValueError, OverflowError):
        return None


@pytest.mark.parametrize(
    "name",
    [
        "ecdsa_secp256r1_sha256",
        "ecdsa_secp256r1_sha512",
        "ecdsa_secp384r1_sha384",
        "ecdsa_secp384r1_sha512",
        "ecdsa_secp521r1_sha512",
    ],
)
def test_wycheproof(target: SelfTest, name: str, pick: Pick):
    _, curve_name, hash_name = name.split("_")
    curve = Curve[curve_name.upper()]
    usable = []
    for test in wycheproof.tests(name):
        signature = raw_signature(bytes.fromhex(test.fields["sig"]), curve.width)
        if signature is not None:
            usable.append((test, signature))
    assert len(usable) > 200
    for test, signature in pick(usable, SPREAD[curve]):
        key = test.group["key"]
        point = b"".join(int(key[part], 16).to_bytes(curve.width, "big") for part in ("wx", "wy"))
        digest = hashlib.new(hash_name, bytes.fromhex(test.fields["msg"])).digest()
        accepted = target.accepts(Operation.ECDSA_VERIFY, curve, point, digest, signature)
        assert accepted == test.valid, (test.number, test.fields["comment"])


def _of_nist(path: str) -> list[tuple[Curve, str, nist.Record]]:
    found = []
    for record in nist.records(path, "Msg", "Qx", "Qy", "R", "S"):
        curve_name, _, hash_name = record.section.partition(",")
        if curve_name in NIST_NAMES:
            curve = NIST_NAMES[curve_name]
            found.append((curve, hash_name.replace("-", "").lower(), record))
    return found


@pytest.mark.parametrize("curve", sorted(set(NIST_NAMES.values())))
def test_published_signatures(target: SelfTest, curve: Curve, pick: Pick):
    k256 = curve is Curve.SECP256K1
    path = f"asymmetric/ECDSA/{'SECP256K1' if k256 else 'FIPS_186-3'}/SigGen.txt"
    found = [item for item in _of_nist(path) if item[0] is curve]
    assert len(found) >= 60
    for _, hash_name, record in pick(found, 16 if curve is Curve.SECP256R1 else 4):
        point = record.hex("Qx", curve.width) + record.hex("Qy", curve.width)
        digest = hashlib.new(hash_name, record.hex("Msg")).digest()
        signature = record.hex("R", curve.width) + record.hex("S", curve.width)
        assert target.accepts(Operation.ECDSA_VERIFY, curve, point, digest, signature)


@pytest.mark.parametrize("curve", [c for n, c in NIST_NAMES.items() if n.startswith("P")])
def test_altered_signatures(target: SelfTest, curve: Curve, pick: Pick):
    """CAVP's SigVer: message, key or a number changed."""
    found = [
        item for item in _of_nist("asymmetric/ECDSA/FIPS_186-3/SigVer.rsp") if item[0] is curve
    ]
    assert len(found) >= 60
    for _, hash_name, record in pick(found, 20 if curve is Curve.SECP256R1 else 6):
        point = record.hex("Qx", curve.width) + record.hex("Qy", curve.width)
        digest = hashlib.new(hash_name, record.hex("Msg")).digest()
        signature = record.hex("R", curve.width) + record.hex("S", curve.width)
        accepted = target.accepts(Operation.ECDSA_VERIFY, curve, point, digest, signature)
        assert accepted == record["Result"].startswith("P"), record["Result"]


def _rfc6979() -> list[tuple[str, int, bytes, bytes, bytes]]:
    """(curve name, key, message, hash name, DER) of the deterministic signatures of RFC 6979."""
    content = nist.text("asymmetric/ECDSA/RFC6979/evppkey_ecdsa_rfc6979.txt")
    keys = {}
    key_pattern = r"PrivateKey=(\S+)\n(-----BEGIN.*?END PRIVATE KEY-----)"
    for name, pem in re.findall(key_pattern, content, re.DOTALL):
        if name.split("_")[0] in NIST_NAMES:
            key = serialization.load_pem_private_key(pem.encode(), None)
            assert isinstance(key, ec.EllipticCurvePrivateKey)
            keys[name] = key.private_numbers().private_value
    pattern = (
        r"DigestSign = (\S+)\nKey = (\S+)\nNonceType = deterministic\n"
        r'Input = "(.*)"\nOutput = (\S+)'
    )
    return [
        (name.split("_")[0], keys[name], message.encode(), hash_name.encode(), bytes.fromhex(der))
        for hash_name, name, message, der in re.findall(pattern, content)
        if name in keys
    ]


def test_rfc6979_nonces(target: SelfTest):
    """Without additional entropy the signature is RFC 6979's, where it uses our nonce's hash."""
    found = 0
    for curve_name, key, message, hash_name, der in _rfc6979():
        curve = NIST_NAMES[curve_name]
        if Hash[hash_name.decode()] is not (Hash.SHA256 if curve.width <= 32 else Hash.SHA512):
            continue
        digest = hashlib.new(hash_name.decode(), message).digest()
        private = key.to_bytes(curve.width, "big")
        raw, encoded = target.call(Operation.ECDSA_SIGN, curve, private, digest, b"")
        assert raw == raw_signature(der, curve.width), curve_name
        assert encoded == der
        found += 1
    assert found == 8


@pytest.mark.parametrize("curve", Curve)
def test_sign_with_a_fresh_key(target: SelfTest, curve: Curve):
    private, point = target.call(Operation.EC_GENERATE, curve)
    assert target.one(Operation.EC_PUBLIC, curve, private) == point
    digest = hashlib.sha256(b"message").digest()
    signature = target.one(Operation.ECDSA_HEDGED, curve, private, digest)
    assert target.accepts(Operation.ECDSA_VERIFY, curve, point, digest, signature)
    if curve in HOST_CURVES:
        key = ec.EllipticCurvePublicKey.from_encoded_point(HOST_CURVES[curve], b"\x04" + point)
        width = curve.width
        r, s = (int.from_bytes(signature[at : at + width], "big") for at in (0, width))
        how = ec.ECDSA(utils.Prehashed(hashes.SHA256()))
        key.verify(utils.encode_dss_signature(r, s), digest, how)
        with pytest.raises(InvalidSignature):
            key.verify(utils.encode_dss_signature(r, s + 1), digest, how)


# Leftmost bits count: [FIPS186-5] 6.4.1. 66 bytes fill P-521 and are shifted by 7 bits.
@pytest.mark.parametrize("curve", [Curve.SECP256R1, Curve.SECP521R1])
@pytest.mark.parametrize("length", [1, 19, 20, 31, 32, 33, 48, 64, 65, 66])
def test_any_length_of_hash(target: SelfTest, curve: Curve, length: int):
    """The nonce that follows from s, the key and the number that should be signed must give r."""
    n = int.from_bytes(target.call(Operation.CURVE, curve)[3], "big")
    key = 0xC0FFEE
    private = key.to_bytes(curve.width, "big")
    digest = bytes([0xE5] * length)
    bits = 521 if curve is Curve.SECP521R1 else 256
    number = int.from_bytes(digest, "big") >> max(0, 8 * length - bits)
    signature = target.one(Operation.ECDSA_SIGN, curve, private, digest, b"")
    r, s = (int.from_bytes(signature[at : at + curve.width], "big") for at in (0, curve.width))
    k = (number + r * key) * pow(s, -1, n) % n
    point = ec.derive_private_key(k, HOST_CURVES[curve]).public_key().public_numbers()
    assert point.x % n == r


@pytest.mark.parametrize("length", [0, 67])
def test_a_hash_without_or_with_too_many_bytes_is_refused(target: SelfTest, length: int):
    private = (1).to_bytes(32, "big")
    with pytest.raises(Refused) as refused:
        target.call(Operation.ECDSA_HEDGED, Curve.SECP256R1, private, bytes(length))
    assert refused.value.result == Result.ARGUMENT


def test_nonces_are_hedged(target: SelfTest):
    """Two signatures of one message differ, and fresh entropy is not all that goes in."""
    curve, private = Curve.SECP256R1, (7).to_bytes(32, "big")
    first = target.one(Operation.ECDSA_HEDGED, curve, private, bytes(32))
    assert target.one(Operation.ECDSA_HEDGED, curve, private, bytes(32)) != first
    entropy = bytes(32)
    sign = Operation.ECDSA_SIGN
    r_values = {
        target.one(sign, curve, private, bytes(32), entropy)[:32],
        target.one(sign, curve, private, bytes(31) + b"\1", entropy)[:32],
        target.one(sign, curve, (8).to_bytes(32, "big"), bytes(32), entropy)[:32],
    }
    assert len(r_values) == 3
