# SPDX-License-Identifier: GPL-2.0-or-later
"""Multiples of the generators: every row of the combs, and scalars at their edges."""

from __future__ import annotations

import random

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.crypto.conftest import Pick
from tests.crypto.selftest import Curve, Operation, SelfTest
from tests.crypto.test_ecdsa import HOST_CURVES

# Columns and last digits d of the combs, from the lowest tooth, with which n + 2 d ends as well:
# its last addition is a doubling.
LAST_DIGITS = {
    Curve.SECP256K1: (43, (1, -1, 1, -1, -1, -1)),
    Curve.BRAINPOOLP256R1: (43, (-1, 1, 1, 1, 1, -1)),
    Curve.BRAINPOOLP512R1: (86, (1, 1, -1, 1, -1, -1)),
    Curve.SECP384R1: (48, (-1, 1, -1, -1, -1, -1, -1, -1)),
    Curve.SECP521R1: (66, (1, -1, 1, 1, -1, -1, -1, -1)),
}
# Each reads half a hundred rows or more: together all 64 or 128 many times.
RANDOM_SCALARS = 12


def _scalars(curve: Curve, order: int) -> list[int]:
    generator = random.Random(curve.name)
    bits = order.bit_length()
    found = [1, 2, 3, order - 1, order - 2, order // 2, order // 2 + 1]
    found += [1 << bits - 1, (1 << bits - 1) - 1, (1 << bits // 2) - 1, 1 << bits // 2]
    if curve in LAST_DIGITS:
        columns, digits = LAST_DIGITS[curve]
        last = sum(digit << columns * tooth for tooth, digit in enumerate(digits))
        found += [order + 2 * last, -2 * last]
    return found + [generator.randrange(1, order) for _ in range(RANDOM_SCALARS)]


@pytest.mark.parametrize("curve", HOST_CURVES)
def test_multiples(target: SelfTest, curve: Curve, pick: Pick):
    order = int.from_bytes(target.call(Operation.CURVE, curve)[3], "big")
    for scalar in pick(_scalars(curve, order), 25):
        host = ec.derive_private_key(scalar, HOST_CURVES[curve]).public_key().public_numbers()
        expected = b"".join(number.to_bytes(curve.width, "big") for number in (host.x, host.y))
        private = scalar.to_bytes(curve.width, "big")
        assert target.one(Operation.EC_PUBLIC, curve, private) == expected, hex(scalar)
