# SPDX-License-Identifier: GPL-2.0-or-later
"""Counters as bit fields, by themselves: what a half-programmed slot counts as."""

import itertools

from hsm.store import field
from hsm.store.record import FIELD_BYTES

ERASED = b"\xff" * FIELD_BYTES


def marked(bits: bytes, mark: tuple[int, int] | None) -> bytes:
    """`bits` after the program of `mark`, which may only clear bits."""
    assert mark is not None
    offset, byte = mark
    assert bits[offset] & byte == byte
    return bits[:offset] + bytes([byte]) + bits[offset + 1 :]


def with_slots(slots: list[int]) -> bytes:
    """A retry field that starts with `slots`, four bits each."""
    nibbles = slots + [0xF] * (2 * FIELD_BYTES - len(slots))
    return bytes(high << 4 | low for high, low in zip(nibbles[::2], nibbles[1::2], strict=True))


def test_a_success_needs_both_bits() -> None:
    for before in (0, 1, 2, 5, 126):
        spent = [0x3] * before
        assert field.tries_spent(with_slots([*spent, 0x3])) == before + 1
        assert field.tries_spent(with_slots([*spent, 0x2])) == before + 1
        assert field.tries_spent(with_slots([*spent, 0x1])) == before + 1
        assert field.tries_spent(with_slots([*spent, 0x0])) == 0
        # A success without its try, as only a tampered field has it.
        for high in (0x4, 0x8, 0xC):
            assert field.tries_spent(with_slots([*spent, high])) == 0


def test_a_try_needs_one_bit() -> None:
    for before in (0, 1, 2, 5, 126):
        for slot in (0x3, 0x7, 0xB):
            assert field.tries_spent(with_slots([0x0] * before + [slot])) == 1


def test_every_slot_of_tries() -> None:
    bits = ERASED
    for slot in range(field.RETRY_SLOTS):
        assert field.retry_slots_used(bits) == slot
        bits = marked(bits, field.retry_mark(bits, False))
        assert field.tries_spent(bits) == slot + 1
    assert field.retry_mark(bits, False) is None
    bits = marked(bits, field.retry_mark(bits, True))
    assert field.tries_spent(bits) == 0
    assert field.retry_mark(ERASED, True) is None


def test_a_success_forgives_what_was_before_it_only() -> None:
    for outcomes in itertools.product((False, True), repeat=6):
        bits, spent = ERASED, 0
        for success in outcomes:
            bits = marked(bits, field.retry_mark(bits, False))
            spent += 1
            if success:
                bits = marked(bits, field.retry_mark(bits, True))
                spent = 0
            assert field.tries_spent(bits) == spent


def test_every_slot_of_uses() -> None:
    bits = ERASED
    for use in range(field.USE_SLOTS):
        assert field.uses_spent(bits) == use
        mark = field.use_mark(bits)
        assert mark is not None
        whole = marked(bits, mark)
        # One of the slot's two bits is a use, too.
        for bit in range(8):
            half = bits[mark[0]] & ~(bits[mark[0]] ^ mark[1]) | mark[1] | 1 << bit
            if half != mark[1] and half & bits[mark[0]] == half and half != bits[mark[0]]:
                torn = bits[: mark[0]] + bytes([half]) + bits[mark[0] + 1 :]
                assert field.uses_spent(torn) == use + 1
        bits = whole
    assert field.uses_spent(bits) == field.USE_SLOTS
    assert field.use_mark(bits) is None


def test_a_new_field_keeps_tries() -> None:
    for spent in range(16):
        bits = field.with_tries_spent(spent)
        bits += ERASED[len(bits) :]
        assert field.tries_spent(bits) == field.retry_slots_used(bits) == spent
