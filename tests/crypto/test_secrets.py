# SPDX-License-Identifier: GPL-2.0-or-later
"""Multiset hash, XOR and check value of secrets, against CPython's own arithmetic."""

from __future__ import annotations

import hashlib
import random

import pytest

from tests.crypto.selftest import Operation, Refused, Result, SelfTest

KEY = bytes(range(16))
ZERO = bytes(32)
ADD, REMOVE = 0, 1
MODULUS = 1 << 256


def term(element: bytes, key: bytes = KEY) -> int:
    """What an element adds to the sum."""
    return int.from_bytes(hashlib.sha256(key + element).digest(), "little")


def number(total: int) -> bytes:
    """As an accumulator."""
    return (total % MODULUS).to_bytes(32, "little")


def fold(target: SelfTest, element: bytes, before: bytes, sign: int = ADD) -> bytes:
    """The accumulator after one element."""
    return target.one(Operation.FOLD, KEY, element, before, sign)


@pytest.mark.parametrize("length", [0, 1, 15, 24, 39])
def test_an_element_is_a_hash_under_the_key(target: SelfTest, length: int):
    element = bytes(range(100, 100 + length))
    assert fold(target, element, ZERO) == number(term(element))
    assert fold(target, element, ZERO, REMOVE) == number(-term(element))


@pytest.mark.parametrize("before", [0, 1, MODULUS - 1, MODULUS >> 1, 0xFF << 248], ids=hex)
def test_the_sum_wraps(target: SelfTest, before: int):
    element = b"carry"
    assert fold(target, element, number(before)) == number(before + term(element))
    assert fold(target, element, number(before), REMOVE) == number(before - term(element))


def test_the_order_does_not_count(target: SelfTest):
    """A set that grew and shrank has the hash of what is left of it."""
    choices = random.Random(1)
    elements = [choices.randbytes(24) for _ in range(40)]
    steps = [(element, ADD) for element in elements]
    steps += [(element, REMOVE) for element in elements[::2]]
    choices.shuffle(steps)
    accumulator = ZERO
    for element, sign in steps:
        accumulator = fold(target, element, accumulator, sign)
    assert accumulator == number(sum(map(term, elements[1::2])))


@pytest.mark.parametrize("key_length, element_length", [(16, 40), (32, 24), (55, 1), (56, 0)])
def test_more_than_one_block_is_refused(target: SelfTest, key_length: int, element_length: int):
    with pytest.raises(Refused) as refused:
        target.call(Operation.FOLD, bytes(key_length), bytes(element_length), ZERO, ADD)
    assert refused.value.result == Result.ARGUMENT


@pytest.mark.parametrize("key_length, element_length", [(16, 39), (32, 23), (55, 0), (1, 54)])
def test_one_full_block(target: SelfTest, key_length: int, element_length: int):
    key, element = bytes(key_length), bytes(element_length)
    answer = target.one(Operation.FOLD, key, element, ZERO, ADD)
    assert answer == number(term(element, key))


def test_combine_is_xor(target: SelfTest):
    first, second = bytes(range(32)), bytes(range(0, 256, 8))
    expected = bytes(a ^ b for a, b in zip(first, second, strict=True))
    assert target.one(Operation.COMBINE, first, second) == expected


@pytest.mark.parametrize("secret", [bytes(32), bytes(range(32))], ids=["zeros", "counting"])
def test_the_check_value_is_the_start_of_a_hash(target: SelfTest, secret: bytes):
    expected = hashlib.sha256(secret).digest()[:8]
    assert target.one(Operation.CHECK_VALUE, secret) == expected
