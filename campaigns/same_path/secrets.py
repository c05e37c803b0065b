# SPDX-License-Identifier: GPL-2.0-or-later
"""Secrets to compare: extremes and, between them, random ones by a seed."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import TypeVar

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

T = TypeVar("T")
PUBLIC_EXPONENT = 65537
SMALL_PRIMES = (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73)
POINT = serialization.PublicFormat.UncompressedPoint


def scalars(order: int, count: int) -> list[int]:
    """Private scalars below `order`: the ends, runs of one and zero bits, single bits, random."""
    choices = random.Random(order)
    bits = order.bit_length()
    found = [1, order - 1, 1 << bits // 2, (1 << bits - 1) - 1, 1 << bits - 2, 2, order - 2, 3]
    found += [(1 << bits // 2) - 1, order >> 1, (order >> 1) + 1, order ^ ((1 << bits // 2) - 1)]
    found = [scalar for scalar in dict.fromkeys(found) if 0 < scalar < order]
    return _mixed(found, lambda: choices.randrange(1, order), count)


def _mixed(extremes: list[T], draw: Callable[[], T], count: int) -> list[T]:
    """Every second one is an extreme while there are any: few have some of both."""
    found: list[T] = []
    while len(found) < count:
        number = len(found) // 2
        is_extreme = len(found) % 2 == 0 and number < len(extremes)
        found.append(extremes[number] if is_extreme else draw())
    return found


def strings(length: int, count: int) -> list[bytes]:
    """Byte strings: all zeros, all ones, ends and middle set, random."""
    choices = random.Random(length)
    found = [bytes(length), b"\xff" * length, b"\1" + bytes(length - 1), bytes(length - 1) + b"\1"]
    found += [b"\x80" + bytes(length - 1), bytes(length - 1) + b"\x80", b"\x55" * length]
    found += [b"\xaa" * length, bytes(length // 2) + b"\xff" * (length - length // 2)]
    return _mixed(found, lambda: choices.randbytes(length), count)


def near(right: bytes, count: int) -> list[bytes]:
    """Wrong values of the same length: one bit at each end and inside, all bits, random."""
    choices = random.Random(right.hex())
    found = [
        bytes((*right[:at], right[at] ^ bit, *right[at + 1 :]))
        for at in (0, len(right) - 1, len(right) // 2)
        for bit in (1, 0x80)
    ]
    found += [bytes(byte ^ 0xFF for byte in right), bytes(len(right)), b"\xff" * len(right)]
    found = [value for value in dict.fromkeys(found) if value != right]
    # One of 2^48 PINs drawn would be the right one, whose answer is another: the comparison ends.
    return _mixed(found, lambda: choices.randbytes(len(right)), count)


def public_point(curve: ec.EllipticCurve, scalar: int) -> bytes:
    """04 || X || Y."""
    key = ec.derive_private_key(scalar, curve).public_key()
    return key.public_bytes(serialization.Encoding.X962, POINT)


def rsa_numbers(bits: int, count: int) -> list[tuple[int, int, int]]:
    """(d, n, e) of keys of `bits`; nobody can say which are extreme."""
    choices = random.Random(bits)
    found = []
    while len(found) < count:
        p, q = (_prime(bits // 2, choices) for _ in range(2))
        if p != q and (p - 1) % PUBLIC_EXPONENT and (q - 1) % PUBLIC_EXPONENT:
            private = pow(PUBLIC_EXPONENT, -1, math.lcm(p - 1, q - 1))
            found.append((private, p * q, PUBLIC_EXPONENT))
    return found


def _prime(bits: int, choices: random.Random) -> int:
    # The two uppermost bits are set, so that a product of two has all its bits.
    while True:
        candidate = choices.getrandbits(bits) | 3 << bits - 2 | 1
        if all(candidate % small for small in SMALL_PRIMES) and _passes_fermat(candidate):
            return candidate


def _passes_fermat(candidate: int) -> bool:
    # Random numbers of this size that pass and are not prime are not met.
    return all(pow(base, candidate - 1, candidate) == 1 for base in SMALL_PRIMES[:4])
