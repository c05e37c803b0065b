# SPDX-License-Identifier: GPL-2.0-or-later
"""ENUMERATE OBJECTS: the FIDs of keys, descriptions and CA certificates.

Spec: [SCHSM] 8.1. CA certificates are listed too: hosts look for a free id among them.
"""

import struct

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
_RANKS = {
    PREFIX_KEY: 0,
    PREFIX_PRIVATE_KEY_DESCRIPTION: 1,
    PREFIX_CERTIFICATE_DESCRIPTION: 2,
    PREFIX_DATA_DESCRIPTION: 3,
    PREFIX_CA_CERTIFICATE: 4,
}
_DEVICE = (FID_DEVICE_KEY_DESCRIPTION, FID_DEVICE_KEY)


def enumerate_objects(card, command, response):
    """58: two bytes per object; the device key first, then by kind and number."""
    found = []
    for id in card.store.ids():
        rank = _RANKS.get(id >> 8)
        if rank is not None and id not in _DEVICE:
            found.append(rank << 16 | id)
    found.sort()
    fids = [fid for fid in _DEVICE if card.store.contains(fid)]
    fids.extend([entry & 0xFFFF for entry in found])
    response.append(b"".join([struct.pack(">H", fid) for fid in fids]))
