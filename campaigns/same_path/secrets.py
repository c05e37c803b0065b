# SPDX-License-Identifier: GPL-2.0-or-later
"""Secrets to compare: extremes first, then by a seed."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, x448, x25519

RAW, RAW_PUBLIC = serialization.Encoding.Raw, serialization.PublicFormat.Raw
PUBLIC_EXPONENT = 65537
SMALL_PRIMES = (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73)
POINT = serialization.PublicFormat.UncompressedPoint


def scalars(order: int, count: int) -> list[int]:
    """Private scalars below `order`: the ends, runs of one and zero bits, single bits, random."""
    choices = random.Random(order)
    bits = order.bit_length()
    found = [1, 2, 3, order - 1, order - 2, (1 << bits - 1) - 1, 1 << bits - 2, 1 << bits // 2]
    found += [(1 << bits // 2) - 1, order >> 1, (order >> 1) + 1, order ^ ((1 << bits // 2) - 1)]
    found = [scalar for scalar in dict.fromkeys(found) if 0 < scalar < order]
    while len(found) < count:
        found.append(choices.randrange(1, order))
    return found[:count]


def strings(length: int, count: int) -> list[bytes]:
    """Byte strings: all zeros, all ones, ends and middle set, random."""
    choices = random.Random(length)
    found = [bytes(length), b"\xff" * length, b"\1" + bytes(length - 1), bytes(length - 1) + b"\1"]
    found += [b"\x80" + bytes(length - 1), bytes(length - 1) + b"\x80", b"\x55" * length]
    found += [b"\xaa" * length, bytes(length // 2) + b"\xff" * (length - length // 2)]
    while len(found) < count:
        found.append(choices.randbytes(length))
    return found[:count]


def near(right: bytes, count: int) -> list[bytes]:
    """Wrong values of the same length: one bit at each end and inside, all bits, random."""
    choices = random.Random(right.hex())
    found = [
        bytes((*right[:at], right[at] ^ bit, *right[at + 1 :]))
        for at in (0, len(right) - 1, len(right) // 2)
        for bit in (1, 0x80)
    ]
    found += [bytes(byte ^ 0xFF for byte in right), bytes(len(right)), b"\xff" * len(right)]
    while len(found) < count:
        value = choices.randbytes(len(right))
        if value != right:
            found.append(value)
    return found[:count]


def public_point(curve: ec.EllipticCurve, scalar: int) -> bytes:
    """04 || X || Y."""
    key = ec.derive_private_key(scalar, curve).public_key()
    return key.public_bytes(serialization.Encoding.X962, POINT)


RawKey = (
    ed25519.Ed25519PrivateKey
    | ed448.Ed448PrivateKey
    | x25519.X25519PrivateKey
    | x448.X448PrivateKey
)


def raw_public(load: Callable[[bytes], RawKey], private: bytes) -> bytes:
    """The public key of an Edwards or Montgomery key."""
    return load(private).public_key().public_bytes(RAW, RAW_PUBLIC)


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
