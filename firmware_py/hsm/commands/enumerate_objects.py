# SPDX-License-Identifier: GPL-2.0-or-later
"""ENUMERATE OBJECTS: the FIDs of keys, descriptions and CA certificates.

Spec: [SCHSM] 8.1. CA certificates are listed too: hosts look for a free id among them.
"""

import struct

from micropython import const

from hsm.apdu.status_word import SW_INCORRECT_PARAMETERS_P1_P2, SW_WRONG_LENGTH, CommandError
from hsm.files.object_ids import (
    FID_DEVICE_KEY,
    FID_DEVICE_KEY_DESCRIPTION,
    PREFIX_CA_CERTIFICATE,
    PREFIX_CERTIFICATE_DESCRIPTION,
    PREFIX_DATA_DESCRIPTION,
    PREFIX_KEY,
    PREFIX_PRIVATE_KEY_DESCRIPTION,
)

# Order of the kinds in the answer.
_KINDS = (
    PREFIX_KEY,
    PREFIX_PRIVATE_KEY_DESCRIPTION,
    PREFIX_CERTIFICATE_DESCRIPTION,
    PREFIX_DATA_DESCRIPTION,
    PREFIX_CA_CERTIFICATE,
)
# A bit for each number of a kind.
_KIND_BYTES = const(32)

_DEVICE = (FID_DEVICE_KEY_DESCRIPTION, FID_DEVICE_KEY)


def enumerate_objects(card, command, response):
    """58: two bytes per object; the device key first, then by kind and number."""
    if command.p1 or command.p2:
        raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)
    if command.data:
        raise CommandError(SW_WRONG_LENGTH)
    found = _found(card.store)
    for fid in _DEVICE:
        if card.store.contains(fid):
            response.append(struct.pack(">H", fid))
    room = response.room()
    length = 0
    for place, bits in enumerate(found):
        number = (place % _KIND_BYTES) << 3
        while bits:
            if bits & 1:
                room[length] = _KINDS[place // _KIND_BYTES]
                room[length + 1] = number
                length += 2
            bits >>= 1
            number += 1
    response.extend(length)


def _found(store):
    # A map of bits: there can be a thousand objects, and no large block in the heap for a list.
    found = bytearray(len(_KINDS) * _KIND_BYTES)
    start = {kind: rank * _KIND_BYTES for rank, kind in enumerate(_KINDS)}
    for id in store.ids():
        place = start.get(id >> 8)
        if place is not None:
            found[place + (id >> 3 & 31)] |= 1 << (id & 7)
    for fid in _DEVICE:
        found[start[fid >> 8]] &= ~1
    return found
