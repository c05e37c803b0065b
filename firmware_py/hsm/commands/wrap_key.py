# SPDX-License-Identifier: GPL-2.0-or-later
"""WRAP KEY: a key leaves the card, encrypted under its key domain's DKEK.

Spec: [SCHSM] 12.1, 12.3. The metadata of the key decide: which domain it belongs to, and whether it
may be wrapped at all. The device key never leaves.
"""

from hsm_crypto import equal

from hsm.apdu.status_word import (
    SW_EXECUTION_ERROR,
    SW_WRONG_LENGTH,
    SW_WRONG_PARAMETERS_P1_P2,
    CommandError,
)
from hsm.keys.algorithms import ALL_KINDS, WRAP
from hsm.security import access_rules, key_domains
from hsm.security.key_domains import CHECK_VALUE_BYTES, KeyDomain
from hsm.store import NotFound

# Of keys whose metadata name none ([SCHSM] 13.4).
_DOMAIN_DEFAULT = 0


def wrap_key(card, command, response):
    """72: P1 key id, P2 92; answers the key blob. 6A88: the domain has no complete DKEK."""
    if command.p2 != WRAP:
        raise CommandError(SW_WRONG_PARAMETERS_P1_P2)
    if command.data:
        raise CommandError(SW_WRONG_LENGTH)
    access_rules.check_user(card.status)
    key_id = command.p1
    if key_id == 0:
        raise NotFound
    with key_domains.open_dkek(card.store, _domain(card, key_id)) as dkek:
        with card.keys.open_for_use(key_id, ALL_KINDS, WRAP) as key:
            allowed = card.keys.info(key_id).algorithms() or b""
            room = response.room()
            length = dkek.wrap_into(key, allowed, room)
    _check_domain(card, key_id, room)
    _check_domain(card, key_id, room)
    response.extend(length)


def _domain(card, key_id):
    domain = card.keys.info(key_id).domain()
    return _DOMAIN_DEFAULT if domain is None else domain


def _check_domain(card, key_id, blob):
    # Looked up anew: a skipped instruction must not wrap a key for the custodians of another
    # domain, or under a few of the shares. The blob begins with the DKEK's own check value.
    expected = KeyDomain(card.store, _domain(card, key_id)).check_value()
    if not equal(blob[:CHECK_VALUE_BYTES], expected):
        raise CommandError(SW_EXECUTION_ERROR)
