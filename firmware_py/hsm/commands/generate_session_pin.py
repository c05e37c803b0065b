# SPDX-License-Identifier: GPL-2.0-or-later
"""GENERATE SESSION PIN: a PIN for the session, inside secure messaging only.

Spec: [SCHSM] 9.6. The device options allow it: 0004 until the session ends, 000C until it is
cleared.
"""

from micropython import const

from hsm.apdu.status_word import (
    SW_CONDITIONS_OF_USE_NOT_SATISFIED,
    SW_FUNCTION_NOT_SUPPORTED,
    SW_INCORRECT_PARAMETERS_P1_P2,
    SW_SECURITY_STATUS_NOT_SATISFIED,
    SW_WRONG_LENGTH,
    CommandError,
)
from hsm.security import device_options, session_pin

_P2_USER_PIN = const(0x81)
_CLEAR = const(0)
_GENERATE = const(1)


def generate_session_pin(card, command, response):
    """5A: P1 01 answers with a new one; P1 00 clears it. 6985: outside of secure messaging."""
    if command.p1 > _GENERATE or command.p2 != _P2_USER_PIN:
        raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)
    if command.data:
        raise CommandError(SW_WRONG_LENGTH)
    if command.p1 == _CLEAR:
        card.session_pin.clear()
        return
    options = device_options.get(card.store)
    if not options & device_options.SESSION_PIN:
        raise CommandError(SW_FUNCTION_NOT_SUPPORTED)
    if options & device_options.SECURE_LOCK:
        # It would open the user class in a session that has not seen the mask.
        raise CommandError(SW_CONDITIONS_OF_USE_NOT_SATISFIED)
    _check(card)
    _check(card)
    keep = device_options.session_pin_is_kept(options)
    card.session_pin.generate_into(response.room(), keep)
    response.extend(session_pin.BYTES)


def _check(card):
    if card.channel is None:
        raise CommandError(SW_CONDITIONS_OF_USE_NOT_SATISFIED)
    if not card.status.pin_is_verified():
        raise CommandError(SW_SECURITY_STATUS_NOT_SATISFIED)
