# SPDX-License-Identifier: GPL-2.0-or-later
"""File control parameters: the answer to SELECT.

Spec: [7816-4] 7.4.3, [SCHSM] 3 and 5.3.
"""

import struct

from micropython import const

from hsm.encoding import ber_tlv
from hsm.files.object_ids import (
    MF,
    PREFIX_CERTIFICATE,
    PREFIX_KEY,
    PREFIX_PRIVATE_KEY_DESCRIPTION,
)
from hsm.profile import PROTOCOL_MAJOR, PROTOCOL_MINOR

_TAG_FCP = const(0x62)
_TAG_DF_NAME = const(0x84)
_TAG_KEY_METADATA = b"\xa5\x81"

# Tag and length of what has a fixed one.
_SIZE = const(0x8102)
_DESCRIPTOR = const(0x8201)
_FID = const(0x8302)
_LIFE_CYCLE = const(0x8A01)
_PROPRIETARY = const(0x8505)

_OPERATIONAL = const(0x05)
_DESCRIPTOR_TRANSPARENT = const(0x01)
_DESCRIPTOR_INTERNAL = const(0x08)
_DESCRIPTOR_DF = const(0x38)
_TYPE_SMARTCARD_HSM = const(0xFF)

_SIZE_MAX = const(0xFFFF)
_INTERNAL_PREFIXES = (PREFIX_PRIVATE_KEY_DESCRIPTION, PREFIX_KEY, PREFIX_CERTIFICATE)


def of_application(aid, options):
    """FCP of the application: its name, and options and version that hosts read."""
    return ber_tlv.encode(
        _TAG_FCP,
        struct.pack(">HHHBHH", _SIZE, 0, _DESCRIPTOR, _DESCRIPTOR_TRANSPARENT, _FID, 0),
        ber_tlv.encode(_TAG_DF_NAME, aid),
        struct.pack(">HBHH", _LIFE_CYCLE, _OPERATIONAL, _PROPRIETARY, options),
        bytes((_TYPE_SMARTCARD_HSM, PROTOCOL_MAJOR, PROTOCOL_MINOR)),
    )


def of_file(fid, size, metadata=b""):
    """FCP of a file; `metadata`: the TLVs of a key, in A5 with a length of two bytes."""
    if fid == MF:
        descriptor = _DESCRIPTOR_DF
    elif fid & 0xFF == 0 and fid >> 8 in _INTERNAL_PREFIXES:
        descriptor = _DESCRIPTOR_INTERNAL
    else:
        descriptor = _DESCRIPTOR_TRANSPARENT
    size = min(size, _SIZE_MAX)
    body = struct.pack(
        ">HHHBHHHB", _SIZE, size, _DESCRIPTOR, descriptor, _FID, fid, _LIFE_CYCLE, _OPERATIONAL
    )
    if metadata:
        body += _TAG_KEY_METADATA + bytes((len(metadata),)) + metadata
    return ber_tlv.header(_TAG_FCP, len(body)) + body
