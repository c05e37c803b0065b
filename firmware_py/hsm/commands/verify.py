# SPDX-License-Identifier: GPL-2.0-or-later
"""VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER.

Spec: [7816-4] 11.6.6, 11.6.7, 11.6.10; [SCHSM] 9.1 to 9.5; invariants PIN-1, PIN-2.
"""

from hsm_crypto import CryptoError
from micropython import const

from hsm import limits
from hsm.apdu.status_word import (
    SW_AUTHENTICATION_METHOD_BLOCKED,
    SW_COMMAND_NOT_ALLOWED,
    SW_CONDITIONS_OF_USE_NOT_SATISFIED,
    SW_COUNTER,
    SW_INCORRECT_PARAMETERS_P1_P2,
    SW_NO_FURTHER_QUALIFICATION,
    SW_REFERENCE_DATA_NOT_USABLE,
    SW_REFERENCED_DATA_NOT_FOUND,
    SW_WRONG_LENGTH,
    SW_WRONG_PARAMETERS_P1_P2,
    CommandError,
)
from hsm.files.object_ids import ID_SO_PIN, ID_USER_PIN
from hsm.security import device_options, key_domains, reference_data
from hsm.security.device_options import RESET_RETRY_COUNTER_ENABLED, RESET_RETRY_COUNTER_ONLY
from hsm.security.reference_data import FLAG_TRANSPORT, ReferenceData
from hsm.store import StoreFailure, StoreFull

_P2_USER_PIN = const(0x81)
_P2_SO_PIN = const(0x88)

# RESET RETRY COUNTER, P1
_WITH_SO_PIN_AND_NEW_PIN = const(0)
_WITH_SO_PIN = const(1)
_WITH_NEW_PIN = const(2)
_WITH_NOTHING = const(3)


def verify(card, command, response):
    """20: verify, or without data ask for the state: 9000, 63Cx, 6983, 6984, 6A88."""
    is_user = _is_user(command)
    if not command.data:
        return _state(card, is_user)
    _close(card, is_user)
    reference = _reference(card, is_user)
    pin = command.data
    _check_length(is_user, len(pin))
    if is_user and _open_by_session_pin(card, reference, pin):
        return None
    secret = reference.verify(pin)
    _open(card, is_user, secret)
    return None


def change_reference_data(card, command, response):
    """24: old and new reference data; the old one's stored length splits them."""
    is_user = _is_user(command)
    reference = _reference(card, is_user)
    data = command.data
    old_length = reference.length
    if len(data) <= old_length:
        raise CommandError(SW_WRONG_LENGTH)
    _check_length(is_user, len(data) - old_length)
    _close(card, is_user)
    secret = reference.verify(data[:old_length], transport_ok=True)
    try:
        _put(card, reference, data[old_length:], secret)
    except Exception:
        secret.wipe()
        raise
    _open(card, is_user, secret)


def reset_retry_counter(card, command, response):
    """2C: the security officer gives tries back, with a new PIN (P1 00, 02) or without (01, 03)."""
    if command.p2 != _P2_USER_PIN:
        raise CommandError(SW_REFERENCED_DATA_NOT_FOUND)
    p1 = command.p1
    if p1 > _WITH_NOTHING:
        raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)
    options = device_options.get(card.store)
    sets_pin = p1 in (_WITH_SO_PIN_AND_NEW_PIN, _WITH_NEW_PIN)
    if not options & RESET_RETRY_COUNTER_ENABLED:
        raise CommandError(SW_COMMAND_NOT_ALLOWED)
    if sets_pin and options & RESET_RETRY_COUNTER_ONLY:
        raise CommandError(SW_COMMAND_NOT_ALLOWED)
    user = _reference(card, True)
    so_bytes = limits.SO_PIN_BYTES if p1 in (_WITH_SO_PIN_AND_NEW_PIN, _WITH_SO_PIN) else 0
    new_pin = command.data[so_bytes:]
    if len(command.data) < so_bytes or (not sets_pin and new_pin):
        raise CommandError(SW_WRONG_LENGTH)
    if sets_pin:
        _check_length(True, len(new_pin))
    card.status.close_user()
    if not so_bytes:
        secret = card.status.so_secret()
        if secret is None:
            raise CommandError(SW_CONDITIONS_OF_USE_NOT_SATISFIED)
        _reset(card, user, new_pin, secret)
    else:
        with _by_code(card, command.data[:so_bytes]) as secret:
            _reset(card, user, new_pin, secret)


def _by_code(card, code):
    # As in VERIFY, a code that is wrong ends the security officer's session.
    try:
        return _reference(card, False).verify(code)
    except Exception:
        card.status.close_so()
        raise


def _reset(card, user, new_pin, secret):
    if not new_pin:
        user.restore_tries()
    else:
        _put(card, user, new_pin, secret)


def _put(card, reference, new_pin, secret):
    # The same reference data with another value, and all tries.
    with card.store.transaction() as change:
        reference_data.put(
            change,
            card.store.seal,
            reference.id,
            new_pin,
            reference.tries_limit,
            reference.iterations,
            secret,
        )
        change.commit()
    if reference.id == ID_USER_PIN:
        card.session_pin.clear()


def _is_user(command):
    if command.p1 or command.p2 & 0x60:
        raise CommandError(SW_WRONG_PARAMETERS_P1_P2)
    if command.p2 == _P2_USER_PIN:
        return True
    if command.p2 == _P2_SO_PIN:
        return False
    raise CommandError(SW_REFERENCED_DATA_NOT_FOUND)


def _reference(card, is_user):
    id = ID_USER_PIN if is_user else ID_SO_PIN
    if not card.store.contains(id):
        raise CommandError(SW_REFERENCED_DATA_NOT_FOUND)
    return ReferenceData(card.store, id)


def _check_length(is_user, length):
    # No reference data have another length: nothing is compared, and no try is spent.
    if is_user:
        right = limits.USER_PIN_BYTES_MIN <= length <= limits.USER_PIN_BYTES_MAX
    else:
        right = length == limits.SO_PIN_BYTES
    if not right:
        raise CommandError(SW_WRONG_LENGTH)


def _close(card, is_user):
    if is_user:
        card.status.close_user()
    else:
        card.status.close_so()


def _open(card, is_user, secret):
    if is_user:
        with secret:
            _open_user(card, secret)
    else:
        card.status.open_so(secret)


def _open_user(card, master_key):
    card.status.open_user(master_key)
    if card.status.waits_for_unlock():
        return
    try:
        key_domains.protect(card.store)
    except (CryptoError, StoreFailure, StoreFull):
        # It waits for the next login: a flash that lost bits, or has no more room, still opens.
        pass
    if not card.status.pin_is_verified():
        # A failure of the flash was settled by a mount, which ends sessions.
        card.status.open_user(master_key)


def _open_by_session_pin(card, reference, pin):
    # A wrong one is a wrong user PIN, and costs a try; a blocked user PIN blocks it.
    if not reference.tries_left() or reference.flags & FLAG_TRANSPORT:
        return False
    key = card.session_pin.open(pin)
    if key is None:
        return False
    card.status.open_user_class(key)
    return True


def _state(card, is_user):
    status = card.status
    if status.pin_is_verified() if is_user else status.so_is_authenticated():
        return SW_NO_FURTHER_QUALIFICATION
    reference = _reference(card, is_user)
    left = reference.tries_left()
    if not left:
        return SW_AUTHENTICATION_METHOD_BLOCKED
    if reference.flags & FLAG_TRANSPORT:
        return SW_REFERENCE_DATA_NOT_USABLE
    return SW_COUNTER | left
