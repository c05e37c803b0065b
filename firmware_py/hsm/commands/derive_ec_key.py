# SPDX-License-Identifier: GPL-2.0-or-later
"""DERIVE EC KEY: a new private key, the old one plus a number of the host's.

Spec: [SCHSM] 18; modulo the order of the group. The new key keeps to the limits of the old one,
since the host knows how they differ: algorithms, key domain and wrapping key are the same; of the
uses left one moves to the new key, so that all that comes of a key is used as often as it would be.
"""

from hsm.apdu.status_word import (
    SW_INCORRECT_PARAMETERS_P1_P2,
    SW_WRONG_LENGTH,
    CommandError,
)
from hsm.commands import new_key
from hsm.keys.algorithms import EC_DERIVE, KEY_EC
from hsm.keys.metadata import UNLIMITED, KeyInfo


def derive_ec_key(card, command, response):
    """76: P1 key id, P2 id of the new key; data is 98 and a big-endian number."""
    key_id, new_id, data = command.p1, command.p2, command.data
    new_key.check(card, new_id)
    if new_id == key_id:
        raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)
    if len(data) < 2 or data[0] != EC_DERIVE:
        raise CommandError(SW_WRONG_LENGTH)
    with card.keys.open_for_use(key_id, (KEY_EC,), EC_DERIVE) as key:
        info = card.keys.info(key_id)
        if len(data) - 1 > (info.bits + 7) // 8:
            raise CommandError(SW_WRONG_LENGTH)
        with key.derive(data[1:]) as derived, card.store.transaction() as change:
            card.keys.move_use(change, key_id)
            uses = new_key.uses_unasked(card) if info.uses == UNLIMITED else 1
            derived_info = KeyInfo(KEY_EC, info.curve, info.bits, uses, info.objects)
            new_key.put(card, change, new_id, derived, derived_info)
            change.commit()
