# SPDX-License-Identifier: GPL-2.0-or-later
"""EC keys derived by an offset ([SCHSM] 18): the sum is modulo the group's order."""

from __future__ import annotations

import pytest

from tests.crypto.selftest import Curve, Operation, Refused, Result, SelfTest


def order_of(target: SelfTest, curve: Curve) -> int:
    return int.from_bytes(target.call(Operation.CURVE, curve)[3], "big")


@pytest.mark.parametrize("curve", Curve)
def test_sum_is_modulo_the_order(target: SelfTest, curve: Curve):
    """At the limits; on the two slowest curves only what passes the order by a carry."""
    n, width = order_of(target, curve), curve.width
    top = (1 << 8 * width) - 1
    sums = [(n - 1, 2), (5, n), (n - 1, top)]
    if curve not in (Curve.BRAINPOOLP384R1, Curve.BRAINPOOLP512R1):
        sums += [(1, 1), (n - 1, n - 1), (n // 3, n // 2), (5, n + 1), (1, top)]
    for private, offset in sums:
        derived, public = target.call(
            Operation.EC_DERIVE,
            curve,
            private.to_bytes(width, "big"),
            offset.to_bytes(width, "big"),
        )
        assert int.from_bytes(derived, "big") == (private + offset) % n
        assert public == target.one(Operation.EC_PUBLIC, curve, derived)


def test_short_offsets(target: SelfTest):
    private = (7).to_bytes(32, "big")
    derived, _ = target.call(Operation.EC_DERIVE, Curve.SECP256R1, private, b"\x01\x02")
    assert int.from_bytes(derived, "big") == 7 + 0x0102


@pytest.mark.parametrize("length", [0, 33])
def test_offsets_of_another_length_are_refused(target: SelfTest, length: int):
    with pytest.raises(Refused) as refused:
        target.call(Operation.EC_DERIVE, Curve.SECP256R1, (7).to_bytes(32, "big"), bytes(length))
    assert refused.value.result == Result.ARGUMENT


@pytest.mark.parametrize("curve", Curve)
def test_a_sum_of_zero_is_no_key(target: SelfTest, curve: Curve):
    n, width = order_of(target, curve), curve.width
    with pytest.raises(Refused) as refused:
        parts = (3).to_bytes(width, "big"), (n - 3).to_bytes(width, "big")
        target.call(Operation.EC_DERIVE, curve, *parts)
    assert refused.value.result == Result.FAILED
