# SPDX-License-Identifier: GPL-2.0-or-later
"""Counters as bit fields: a program clears bits, nothing is ever erased to count.

Retry field: 128 slots of 4 bits, the high nibble of a byte first. Spending a try clears the two
high bits of the next slot; one of them at 0 counts as spent, so that a half-programmed slot is a
spent try. A success clears the two low bits of the last spent slot; only both at 0 count.
Use field: 256 slots of 2 bits, high bits first; one bit at 0 counts as used.
"""

from hsm.store.record import FIELD_BYTES

RETRY_SLOTS = 2 * FIELD_BYTES
USE_SLOTS = 4 * FIELD_BYTES


def _first_erased(field):
    """Index of the first byte that is FF; FIELD_BYTES if none."""
    index = bytes(field).find(b"\xff")
    return FIELD_BYTES if index < 0 else index


def _retry_slot(field, slot):
    byte = field[slot >> 1]
    return byte & 0x0F if slot & 1 else byte >> 4


def retry_slots_used(field):
    """Slots with at least one bit at 0, counted from the start."""
    full = _first_erased(field)
    if full and _retry_slot(field, 2 * full - 1) == 0x0F:
        return 2 * full - 1
    return 2 * full


def tries_spent(field):
    """Slots spent since the last success."""
    used = retry_slots_used(field)
    spent = 0
    while spent < used and _retry_slot(field, used - 1 - spent) & 0x03:
        spent += 1
    return spent


def retry_mark(field, success):
    """(byte offset, byte) to program: the next try, or success for the last; None if no slot."""
    used = retry_slots_used(field)
    if success:
        if not used:
            return None
        slot, bits = used - 1, 0x0C
    elif used == RETRY_SLOTS:
        return None
    else:
        slot, bits = used, 0x03
    if slot & 1:
        return slot >> 1, field[slot >> 1] & (0xF0 | bits)
    return slot >> 1, field[slot >> 1] & (0x0F | bits << 4)


def with_tries_spent(tries):
    """How a new retry field begins that keeps `tries`; FIELD_BYTES at most."""
    return b"\x33" * (tries >> 1) + b"\x3f" * (tries & 1)


def uses_spent(field):
    """Slots with at least one bit at 0, counted from the start."""
    full = _first_erased(field)
    if not full:
        return 0
    byte = field[full - 1]
    spent = 4 * full
    mask = 0x03
    while byte & mask == mask:
        spent -= 1
        mask <<= 2
    return spent


def use_mark(field):
    """(byte offset, byte) to program for the next use; None if no slot is left."""
    spent = uses_spent(field)
    if spent == USE_SLOTS:
        return None
    return spent >> 2, field[spent >> 2] & ~(0xC0 >> 2 * (spent & 3)) & 0xFF
