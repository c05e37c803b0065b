# SPDX-License-Identifier: GPL-2.0-or-later
"""Secret.fold, fold_each, combine, check_value from the firmware: results, cost."""

from __future__ import annotations

import hashlib
import struct

import pytest

from tests.binding.remote import Remote, bytearray_, crypto, memoryview_, part, repeat

KEY = bytes(range(16))
ELEMENT = bytes(range(100, 124))
# A mount does this for every record. One compression is 5,600 and 3,200 instructions of it.
INSTRUCTIONS_MAX = {"pico": 7_800, "pico2": 4_800}
CALLS = 200


def total(*elements: bytes) -> bytes:
    """The accumulator of a set of elements."""
    terms = (hashlib.sha256(KEY + element).digest() for element in elements)
    value = sum(int.from_bytes(term, "little") for term in terms)
    return (value % (1 << 256)).to_bytes(32, "little")


def test_elements_come_and_go(chip: Remote) -> None:
    secret = chip.keep(crypto.Secret.from_bytes(KEY))
    accumulator = chip.keep(bytearray_(32))
    assert chip.run(secret.fold(accumulator, 1, ELEMENT)) is None
    chip.run(secret.fold(accumulator, 1, b"an", b"other"))
    assert chip.run(accumulator) == total(ELEMENT, b"another")
    chip.run(secret.fold(accumulator, -1, ELEMENT[:4], ELEMENT[4:]))
    assert chip.run(accumulator) == total(b"another")
    chip.run(secret.fold(accumulator, -1, b"another"))
    assert chip.run(accumulator) == bytes(32)


def test_a_view_of_odd_alignment(chip: Remote) -> None:
    secret = chip.keep(crypto.Secret.from_bytes(KEY))
    buffer = chip.keep(bytearray_(40))
    chip.run(secret.fold(part(memoryview_(buffer), 3, 35), 1, ELEMENT))
    assert chip.run(buffer) == bytes(3) + total(ELEMENT) + bytes(5)


def test_many_elements_at_once(chip: Remote) -> None:
    secret = chip.keep(crypto.Secret.from_bytes(KEY))
    accumulator = chip.keep(bytearray_(32))
    offsets = struct.pack("<5I", 8, 0, 1, 76, 8)
    chip.run(secret.fold_each(accumulator, bytes(range(100)), offsets, len(ELEMENT)))
    elements = [bytes(range(at, at + len(ELEMENT))) for at in (8, 1, 76, 8)]
    assert chip.run(accumulator) == total(*elements)
    chip.run(secret.fold_each(accumulator, b"", b"", 24))
    assert chip.run(accumulator) == total(*elements)


@pytest.mark.parametrize("length", [1, 31, 32, 64])
def test_combine_is_xor(chip: Remote, length: int) -> None:
    first, second = bytes(range(length)), bytes(range(7, 7 + 3 * length, 3))
    combined = crypto.Secret.from_bytes(first).combine(crypto.Secret.from_bytes(second))
    expected = bytes(a ^ b for a, b in zip(first, second, strict=True))
    assert chip.run(combined.mac(b"")) == chip.run(crypto.Secret.from_bytes(expected).mac(b""))


def test_the_check_value_is_the_start_of_a_hash(chip: Remote) -> None:
    # The DKEK that two equal shares make: a value that hosts' tests know.
    assert chip.run(crypto.Secret.from_bytes(bytes(32)).check_value()).hex() == "66687aadf862bd77"
    assert len(chip.run(crypto.Secret.random(1).check_value())) == 8


def test_a_fold_is_quick(chip: Remote) -> None:
    """Call from MicroPython and its loop included."""
    secret = chip.keep(crypto.Secret.from_bytes(KEY))
    accumulator = chip.keep(bytearray_(32))
    counts = []
    for calls in (0, CALLS):
        before = chip.device.instructions
        chip.run(repeat(calls, secret.fold, accumulator, 1, ELEMENT))
        counts.append(chip.device.instructions - before)
    assert (counts[1] - counts[0]) / CALLS < INSTRUCTIONS_MAX[chip.device.board.name]
