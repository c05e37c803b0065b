# SPDX-License-Identifier: GPL-2.0-or-later
"""MANAGE PUBLIC KEY AUTHENTICATION: tell the state, register, replace keys.

Spec: [SCHSM] 20. A key comes as its authenticated request: it must have been made in a device whose
certificate the trust store can verify. Until all are registered that needs no login: who can add a
key but has no PIN can do nothing with it, and only who has a PIN brings a new root of trust.
"""

from micropython import const

from hsm.apdu.status_word import (
    SW_CONDITIONS_OF_USE_NOT_SATISFIED,
    SW_FILE_OR_APPLICATION_NOT_FOUND,
    SW_INCORRECT_PARAMETERS_P1_P2,
    SW_NO_FURTHER_QUALIFICATION,
    SW_REFERENCED_DATA_NOT_FOUND,
    SW_WRONG_LENGTH,
    CommandError,
)
from hsm.keys.cv_certificate_check import AuthenticatedRequest
from hsm.security import access_rules, device_options

_STATE_OR_REGISTER = const(0)
_REPLACE = const(1)
_ENUMERATE = const(2)

# The holder of the key has authenticated in this session.
_SW_AUTHENTICATED = const(0x9001)


def manage_public_key_authentication(card, command, response):
    """54: by P1, P2 a slot of P1 01 and 02; answers total, missing, required, authenticated."""
    public_keys = card.status.public_keys
    if not public_keys.is_configured():
        # Hosts tell from these two that there is none.
        raise CommandError(
            SW_FILE_OR_APPLICATION_NOT_FOUND if command.data else SW_INCORRECT_PARAMETERS_P1_P2
        )
    if command.p1 == _ENUMERATE:
        return _enumerate(public_keys, command, response)
    if command.p1 == _REPLACE:
        _replace(card, command)
    elif command.p1 != _STATE_OR_REGISTER or command.p2:
        raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)
    elif command.data:
        public_keys.register(_attested_key(card, command.data))
    response.append(bytes(public_keys.state()))
    return None


def _enumerate(public_keys, command, response):
    slot = command.p2
    if slot >= public_keys.state()[0]:
        raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)
    if command.data:
        raise CommandError(SW_WRONG_LENGTH)
    if not public_keys.is_registered(slot):
        raise CommandError(SW_REFERENCED_DATA_NOT_FOUND)
    response.append(public_keys.key(slot).holder)
    return _SW_AUTHENTICATED if public_keys.is_authenticated(slot) else SW_NO_FURTHER_QUALIFICATION


def _replace(card, command):
    public_keys = card.status.public_keys
    access_rules.check_replacement(card.status)
    # Read twice: one skipped instruction replaces no key for good.
    for _ in range(2):
        if not device_options.public_keys_are_replaceable(device_options.get(card.store)):
            raise CommandError(SW_CONDITIONS_OF_USE_NOT_SATISFIED)
    if not command.data:
        raise CommandError(SW_WRONG_LENGTH)
    if command.p2 >= public_keys.state()[0]:
        raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)
    if not public_keys.is_registered(command.p2):
        raise CommandError(SW_REFERENCED_DATA_NOT_FOUND)
    public_keys.replace(command.p2, _attested_key(card, command.data))


def _attested_key(card, data):
    request = AuthenticatedRequest(data)
    device_key = card.trust.find(request.authority)
    if device_key is None:
        raise CommandError(SW_REFERENCED_DATA_NOT_FOUND)
    return request.check(device_key)
