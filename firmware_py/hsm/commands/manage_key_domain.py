# SPDX-License-Identifier: GPL-2.0-or-later
"""MANAGE KEY DOMAIN: set up domains, import DKEK shares, tell the state.

Spec: [SCHSM] 11, 17.3; invariant DOM-1. P2 is the domain. It collects shares of a DKEK, or belongs
to a group whose devices agree on one.
"""

from hsm_crypto import reseed
from micropython import const

from hsm import limits
from hsm.apdu.status_word import (
    SW_COMMAND_NOT_ALLOWED,
    SW_CONDITIONS_OF_USE_NOT_SATISFIED,
    SW_FILE_ALREADY_EXISTS,
    SW_INCORRECT_PARAMETERS_P1_P2,
    SW_REFERENCED_DATA_NOT_FOUND,
    SW_WRONG_LENGTH,
    SW_WRONG_PARAMETERS_P1_P2,
    CommandError,
)
from hsm.files.object_ids import ID_USER_PIN
from hsm.security import key_domains
from hsm.security.key_domains import DKEK_BYTES, KeyDomain

_STATUS_OR_IMPORT = const(0x00)
_SET_UP = const(0x01)
_JOIN = const(0x02)
_DELETE = const(0x03)
_CLEAR = const(0x04)


def manage_key_domain(card, command, response):
    """52: by P1; answers shares in total, shares missing, check value of the DKEK, group's UID."""
    run = _ACTIONS.get(command.p1)
    if run is None:
        raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)
    number = command.p2
    if not card.store.contains(ID_USER_PIN) or number >= limits.KEY_DOMAINS_MAX:
        raise CommandError(SW_WRONG_PARAMETERS_P1_P2)
    # Hosts count domains by asking until this answer.
    if number >= key_domains.count(card.store):
        raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)
    run(card, number, command.data)
    if not key_domains.is_set_up(card.store, number):
        # After a deletion this is the answer of success.
        return SW_REFERENCED_DATA_NOT_FOUND
    domain = KeyDomain(card.store, number)
    response.append(bytes((domain.shares, domain.missing())))
    response.append(domain.check_value())
    response.append(key_domains.uid(card.store, number) or b"")
    return None


def _status_or_import(card, number, data):
    # A share needs no login: custodians bring theirs, and only together they know the DKEK.
    if not data:
        return
    if len(data) != DKEK_BYTES:
        raise CommandError(SW_WRONG_LENGTH)
    if not key_domains.is_set_up(card.store, number):
        raise CommandError(SW_COMMAND_NOT_ALLOWED)
    KeyDomain(card.store, number).import_share(data)


def _set_up(card, number, data):
    _check_user(card)
    if len(data) != 1:
        raise CommandError(SW_WRONG_LENGTH)
    if key_domains.is_set_up(card.store, number):
        raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)
    reseed()
    with card.store.transaction() as change:
        key_domains.put(change, card.store.seal, number, data[0])
        change.commit()


def _join(card, number, data):
    # Loaded here: few domains are set up, and fewer of them for a group.
    from hsm.security import key_exchange

    _check_user(card)
    if not data:
        raise CommandError(SW_WRONG_LENGTH)
    if key_domains.is_set_up(card.store, number):
        raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)
    with card.keys.open_device_key() as device_key:
        point = device_key.public()
    uid = key_exchange.group_uid(data, point, card.trust)
    _check_user(card)
    with card.store.transaction() as change:
        key_domains.put_with_uid(change, card.store.seal, number, uid)
        change.commit()


def _delete(card, number, data):
    domain = _existing(card, number, data)
    if card.keys.any_in_domain(number):
        raise CommandError(SW_FILE_ALREADY_EXISTS)
    domain.delete()


def _clear(card, number, data):
    _existing(card, number, data).clear()


def _existing(card, number, data):
    _check_user(card)
    if data:
        raise CommandError(SW_WRONG_LENGTH)
    if not key_domains.is_set_up(card.store, number):
        raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)
    return KeyDomain(card.store, number)


def _check_user(card):
    # Evaluated twice, the second time anew: one skipped instruction changes no domain.
    if not card.status.user_is_authenticated():
        raise CommandError(SW_CONDITIONS_OF_USE_NOT_SATISFIED)
    if not card.status.user_is_authenticated():
        raise CommandError(SW_CONDITIONS_OF_USE_NOT_SATISFIED)


_ACTIONS = {
    _STATUS_OR_IMPORT: _status_or_import,
    _SET_UP: _set_up,
    _JOIN: _join,
    _DELETE: _delete,
    _CLEAR: _clear,
}
