# SPDX-License-Identifier: GPL-2.0-or-later
"""GENERATE SYMMETRIC KEY: an AES key, with a description of the card's own.

Spec: [SCHSM] 13.4, 13.5. One transaction; no response data.
"""

from hsm_crypto import AesKey, reseed
from micropython import const

from hsm.apdu.status_word import SW_INCORRECT_PARAMETERS_P1_P2, CommandError
from hsm.commands import new_key
from hsm.keys.algorithms import KEY_AES

_P2_FIRST = const(0xB0)
# 512 bits are two keys of 256, for XTS.
_BITS = (128, 192, 256, 512)


def generate_symmetric_key(card, command, response):
    """48: P1 is the new key's id, 1 to 255; P2 B0 to B3 its size; data its metadata."""
    new_key.check(card, command.p1)
    size = command.p2 - _P2_FIRST
    if not 0 <= size < len(_BITS):
        raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)
    info = new_key.requested_info(card, command.data, KEY_AES, 0, _BITS[size])
    reseed()
    with AesKey.generate(info.bits) as handle, card.store.transaction() as change:
        new_key.put(card, change, command.p1, handle, info)
        change.commit()
