# SPDX-License-Identifier: GPL-2.0-or-later
"""READ of the rescue application: how full the flash is, and how worn.

Spec: [SCHSM] 24; P2 01 is this card's own. Answers are big-endian numbers of 4 bytes. Without a
login: a host that cannot log in any more is whom this application is for.
"""

import struct

from micropython import const

from hsm import limits
from hsm.apdu.status_word import (
    SW_INCORRECT_PARAMETERS_P1_P2,
    SW_WRONG_LENGTH,
    CommandError,
)
from hsm.security import access_rules
from hsm.store import BLANK, READY, StoreDamaged

_P1_FLASH = const(0x02)
_P2_SPACE = const(0x00)
_P2_WEAR = const(0x01)


def read_flash_state(card, command, response):
    """1E: P1 02, P2 00 space or 01 wear. 6581: the store cannot be read."""
    if command.p1 != _P1_FLASH or command.p2 not in (_P2_SPACE, _P2_WEAR):
        raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)
    if command.data:
        raise CommandError(SW_WRONG_LENGTH)
    if card.store.state not in (BLANK, READY):
        raise StoreDamaged
    numbers = _space(card) if command.p2 == _P2_SPACE else _wear(card.store)
    response.append(struct.pack(">IIIII", *numbers))


def _space(card):
    # Free, used and all bytes for objects, files that hosts can name, size of the whole flash.
    store = card.store
    total, free = store.capacity()
    files = sum(1 for id in store.ids() if access_rules.is_file(id))
    return free, total - free, total, files, card.flash_size_bytes


def _wear(store):
    # Erases of the most worn sector, erases of all, sectors retired, sectors, erases rated for one.
    return store.lifetime() + (limits.FLASH_ERASES_RATED,)
