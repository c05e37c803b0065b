# SPDX-License-Identifier: GPL-2.0-or-later
"""MANAGE KEY DOMAIN: the status of the one key domain, which has no DKEK.

Spec: [SCHSM] 11. DKEK shares and further domains are not part of this card yet.
"""

from micropython import const

from hsm.apdu.status_word import (
    SW_COMMAND_NOT_ALLOWED,
    SW_INCORRECT_PARAMETERS_P1_P2,
    SW_INSTRUCTION_NOT_SUPPORTED,
    SW_WRONG_PARAMETERS_P1_P2,
    CommandError,
)
from hsm.files.object_ids import ID_USER_PIN

_P1_STATUS = const(0x00)
_DOMAINS_MAX = const(16)
# No shares, none missing, no key check value.
_STATUS_WITHOUT_DKEK = bytes(10)


def manage_key_domain(card, command, response):
    """52: hosts count domains by asking until 6A86, and read share counts from domain 0."""
    if command.p1 != _P1_STATUS:
        raise CommandError(SW_INSTRUCTION_NOT_SUPPORTED)
    if not card.store.contains(ID_USER_PIN) or command.p2 >= _DOMAINS_MAX:
        raise CommandError(SW_WRONG_PARAMETERS_P1_P2)
    if command.p2:
        raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)
    if command.data:
        # A DKEK share for a domain that expects none.
        raise CommandError(SW_COMMAND_NOT_ALLOWED)
    response.append(_STATUS_WITHOUT_DKEK)
