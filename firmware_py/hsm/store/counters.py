# SPDX-License-Identifier: GPL-2.0-or-later
"""Counters of objects put with FLAG_FIELD: tries and uses, spent by clearing bits.

Invariants PIN-1, PIN-2, CTR-1; layout of the fields in store/field.py.
"""

from hsm import limits
from hsm.store import field
from hsm.store.errors import NotFound, StoreFailure
from hsm.store.record import FIELD_BYTES, FLAG_FIELD


def _field(store, id):
    # (offset in the flash, view) of an object's bit field.
    payload_at, payload, flags = store.raw(id)
    if not flags & FLAG_FIELD:
        raise NotFound
    start = len(payload) - FIELD_BYTES
    return payload_at + start, payload[start:]


def _mark(store, id, next_mark, done):
    # Clear the bits that `next_mark` of the field asks for, unless `done` says that it has them. In
    # a sector that fails they may have been cleared in part; its records move, as they are, and the
    # copy gets a second chance.
    for attempt in range(2):
        base, bits = _field(store, id)
        if attempt and done(bits):
            return
        mark = next_mark(bits)
        if mark is None:
            raise StoreFailure
        try:
            store.log.program(base + mark[0], bytes((mark[1],)))
        except StoreFailure:
            if attempt:
                raise
            store.leave(base)
            continue
        if bits[mark[0]] != mark[1]:
            raise StoreFailure
        return


def tries_spent(store, id):
    """Tries spent since the last success; who reads it knows the limit. NotFound."""
    return field.tries_spent(_field(store, id)[1])


def spend_try(store, id):
    """PIN-2: spend one try, durably. StoreFailure: it could not be spent."""
    bits = _field(store, id)[1]
    before = field.tries_spent(bits)
    if field.retry_slots_used(bits) == field.RETRY_SLOTS:
        # Power was cut whenever the object should have been put anew after a success.
        with store.transaction() as change:
            change.renew(id, field.with_tries_spent(before))
            change.commit()
    _mark(
        store,
        id,
        lambda bits: field.retry_mark(bits, False),
        lambda bits: field.tries_spent(bits) > before,
    )
    if field.tries_spent(_field(store, id)[1]) != before + 1:
        raise StoreFailure


def restore_tries(store, id):
    """Give all tries back; True if the object must be put anew, its field being used up."""
    bits = _field(store, id)[1]
    if field.tries_spent(bits):
        _mark(
            store,
            id,
            lambda bits: field.retry_mark(bits, True),
            lambda bits: not field.tries_spent(bits),
        )
    bits = _field(store, id)[1]
    if field.tries_spent(bits):
        raise StoreFailure
    return field.RETRY_SLOTS - field.retry_slots_used(bits) < 2 * limits.SO_PIN_TRIES


def uses_spent(store, id):
    """Uses counted since the object was put: 0..256. NotFound."""
    return field.uses_spent(_field(store, id)[1])


def spend_use(store, id):
    """Count one use, durably. False: the object must be put anew first, its field being used up.

    StoreFailure.
    """
    bits = _field(store, id)[1]
    before = field.uses_spent(bits)
    if before == field.USE_SLOTS:
        return False
    _mark(store, id, field.use_mark, lambda bits: field.uses_spent(bits) > before)
    if field.uses_spent(_field(store, id)[1]) != before + 1:
        raise StoreFailure
    return True
