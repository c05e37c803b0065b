# SPDX-License-Identifier: GPL-2.0-or-later
"""ENUMERATE OBJECTS: the FIDs of keys, descriptions and CA certificates.

Spec: [SCHSM] 8.1. CA certificates are listed too: hosts look for a free id among them.
"""

from hsm.files.object_ids import (
    FID_DEVICE_KEY,
    FID_DEVICE_KEY_DESCRIPTION,
    PREFIX_CA_CERTIFICATE,
    PREFIX_CERTIFICATE_DESCRIPTION,
    PREFIX_DATA_DESCRIPTION,
    PREFIX_KEY,
    PREFIX_PRIVATE_KEY_DESCRIPTION,
)

_ORDER = (
    PREFIX_KEY,
    PREFIX_PRIVATE_KEY_DESCRIPTION,
    PREFIX_CERTIFICATE_DESCRIPTION,
    PREFIX_DATA_DESCRIPTION,
    PREFIX_CA_CERTIFICATE,
)


def enumerate_objects(card, command, response):
    """58: two bytes per object; the device key first, then by kind and number."""
    found = []
    for id in card.store.ids():
        prefix = id >> 8
        if prefix in _ORDER:
            found.append(_ORDER.index(prefix) << 16 | id)
    found.sort()
    for fid in (FID_DEVICE_KEY_DESCRIPTION, FID_DEVICE_KEY):
        if card.store.contains(fid):
            response.append(bytes((fid >> 8, fid & 0xFF)))
    for entry in found:
        fid = entry & 0xFFFF
        if fid not in (FID_DEVICE_KEY_DESCRIPTION, FID_DEVICE_KEY):
            response.append(bytes((fid >> 8, fid & 0xFF)))
