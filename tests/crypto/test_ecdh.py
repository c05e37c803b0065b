# SPDX-License-Identifier: GPL-2.0-or-later
"""ECDH and points: published secrets, points off the curve, curve parameters."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.crypto import nist, wycheproof
from tests.crypto.conftest import Pick
from tests.crypto.selftest import Curve, Operation, Refused, Result, SelfTest
from tests.crypto.test_ecdsa import HOST_CURVES

SPREAD = {Curve.SECP256R1: 40, Curve.SECP384R1: 10, Curve.SECP521R1: 8}
BRAINPOOL = [Curve.BRAINPOOLP256R1, Curve.BRAINPOOLP384R1, Curve.BRAINPOOLP512R1]
KAS_GROUPS = {
    Curve.SECP192R1: "EA",
    Curve.SECP256R1: "EC",
    Curve.SECP384R1: "ED",
    Curve.SECP521R1: "EE",
}
# SubjectPublicKeyInfo up to the point, with a named curve, as the host writes it.
SPKI = serialization.PublicFormat.SubjectPublicKeyInfo


def _prefix(curve: Curve) -> bytes:
    key = ec.derive_private_key(1, HOST_CURVES[curve]).public_key()
    encoded = key.public_bytes(serialization.Encoding.DER, SPKI)
    return encoded[: len(encoded) - 2 * curve.width]


@pytest.mark.parametrize("name", ["ecdh_secp256r1", "ecdh_secp384r1", "ecdh_secp521r1"])
def test_wycheproof(target: SelfTest, name: str, pick: Pick):
    """Cases whose key is a named curve and an uncompressed point; the rest is about encodings.

    'Acceptable' among them are keys damaged in transport, whose point is off the curve.
    """
    curve = Curve[name.removeprefix("ecdh_").upper()]
    prefix = _prefix(curve)
    usable = []
    for test in wycheproof.tests(name):
        public = bytes.fromhex(test.fields["public"])
        if public.startswith(prefix) and len(public) == len(prefix) + 2 * curve.width:
            usable.append((test, public[len(prefix) :]))
    assert len(usable) > 100
    for test, point in pick(usable, SPREAD[curve]):
        private = int(test.fields["private"], 16).to_bytes(curve.width, "big")
        if test.valid:
            secret = target.one(Operation.ECDH, curve, private, point)
            assert secret.hex() == test.fields["shared"], (test.number, test.fields["comment"])
        else:
            assert not target.accepts(Operation.ECDH, curve, private, point), test.number


@pytest.mark.parametrize("curve", KAS_GROUPS)
def test_nist_primitive(target: SelfTest, curve: Curve, pick: Pick):
    """CAVP's validity test, where Z itself is given.

    Damaged there besides Z: either side's public point, and the own private key. The own public
    point is not an input of the core.
    """
    path = "asymmetric/ECDH/KASValidityTest_ECCStaticUnified_NOKC_ZZOnly_resp.fax"
    found = [r for r in nist.records(path, "QsCAVSx", "Z") if r.section[:2] == KAS_GROUPS[curve]]
    assert len(found) >= 20
    width = curve.width
    for record in pick(found, 12 if curve is Curve.SECP256R1 else 3):
        point = record.hex("QsCAVSx", width) + record.hex("QsCAVSy", width)
        private = record.hex("dsIUT", width)
        try:
            agrees = target.one(Operation.ECDH, curve, private, point) == record.hex("Z", width)
        except Refused as refused:
            # The changed private key may be no scalar at all.
            assert refused.result in (Result.POINT, Result.ARGUMENT)
            agrees = False
        result = record["Result"]
        if result.startswith("P"):
            assert agrees, result
        elif "IUT's Static public key" not in result:
            assert not agrees, result


@pytest.mark.parametrize("index, curve", list(enumerate(BRAINPOOL)))
def test_brainpool(target: SelfTest, index: int, curve: Curve):
    """[RFC7027] A."""
    path = "asymmetric/ECDH/brainpool.txt"
    record = list(nist.records(path, "dA", cut=nist.FROM_COUNT_TO_COUNT))[index]
    assert record["curve"].upper() == curve.name
    own = record.hex("x_qA") + record.hex("y_qA")
    assert target.one(Operation.EC_PUBLIC, curve, record.hex("dA")) == own
    other = record.hex("x_qB") + record.hex("y_qB")
    assert target.one(Operation.ECDH, curve, record.hex("dA"), other) == record.hex("x_Z")


@pytest.mark.parametrize("curve", Curve)
def test_bad_points(target: SelfTest, curve: Curve):
    p, _, _, _, generator, _ = target.call(Operation.CURVE, curve)
    width, prime = curve.width, int.from_bytes(p, "big")
    x, y = generator[1 : 1 + width], generator[1 + width :]
    zero, ones = bytes(width), b"\xff" * width
    off = (int.from_bytes(y, "big") ^ 1).to_bytes(width, "big")
    private = (2).to_bytes(width, "big")
    bad = {
        "neutral element": zero + zero,
        "off the curve": x + off,
        "x = 0 without its y": zero + y,
        "x not below p": p + y,
        "y not below p": x + p,
        "all ones": ones + ones,
        "coordinates swapped": y + x,
    }
    if int.from_bytes(x, "big") + prime < 1 << 8 * width:
        bad["x + p"] = (int.from_bytes(x, "big") + prime).to_bytes(width, "big") + y
    for name, point in bad.items():
        for operation, parts in (
            (Operation.ECDH, (curve, private, point)),
            (Operation.ECDSA_VERIFY, (curve, point, bytes(32), private + private)),
        ):
            with pytest.raises(Refused) as refused:
                target.call(operation, *parts)
            assert refused.value.result == Result.POINT, (name, operation)


@pytest.mark.parametrize("curve", Curve)
def test_private_keys_out_of_range(target: SelfTest, curve: Curve):
    *_, order, generator, _ = target.call(Operation.CURVE, curve)
    n = int.from_bytes(order, "big")
    for number in (0, n, n + 1, (1 << 8 * curve.width) - 1):
        with pytest.raises(Refused) as refused:
            target.call(Operation.EC_PUBLIC, curve, number.to_bytes(curve.width, "big"))
        assert refused.value.result == Result.ARGUMENT
    assert target.one(Operation.EC_PUBLIC, curve, (1).to_bytes(curve.width, "big")) == generator[1:]


@pytest.mark.parametrize("curve", HOST_CURVES)
def test_parameters(target: SelfTest, curve: Curve):
    """The curve's equation, its generator and its order; generator and order from the host."""
    *numbers, generator, cofactor = target.call(Operation.CURVE, curve)
    p, a, b, n = (int.from_bytes(number, "big") for number in numbers)
    assert generator[0] == 4 and cofactor == (1).to_bytes(4, "little")
    x = int.from_bytes(generator[1 : 1 + curve.width], "big")
    y = int.from_bytes(generator[1 + curve.width :], "big")
    assert (y * y - (x * x * x + a * x + b)) % p == 0
    host = ec.derive_private_key(1, HOST_CURVES[curve]).public_key().public_numbers()
    assert (x, y) == (host.x, host.y)
    assert p.bit_length() == HOST_CURVES[curve].key_size
    # (n - 1) G = -G
    last = ec.derive_private_key(n - 1, HOST_CURVES[curve]).public_key().public_numbers()
    assert (last.x, last.y) == (x, p - y)


def test_unknown_curves_are_refused(target: SelfTest):
    for number in (0, 10, 255, 1 << 31):
        with pytest.raises(Refused) as refused:
            target.call(Operation.EC_GENERATE, number)
        assert refused.value.result == Result.ARGUMENT
