# SPDX-License-Identifier: GPL-2.0-or-later
"""File control parameters: the answer to SELECT.

Spec: [7816-4] 7.4.3, [SCHSM] 3 and 5.3.
"""

import struct

from micropython import const

from hsm.encoding import ber_tlv
from hsm.files.object_ids import MF
from hsm.profile import PROTOCOL_MAJOR, PROTOCOL_MINOR

_TAG_FCP = const(0x62)
_TAG_SIZE = b"\x81\x02"
_TAG_DESCRIPTOR = b"\x82\x01"
_TAG_FID = b"\x83\x02"
_LIFE_CYCLE = b"\x8a\x01\x05"  # operational, activated
_TAG_DF_NAME = const(0x84)
_TAG_PROPRIETARY = b"\x85\x05"
_TAG_KEY_METADATA = b"\xa5\x81"

_DESCRIPTOR_TRANSPARENT = const(0x01)
_DESCRIPTOR_INTERNAL = const(0x08)
_DESCRIPTOR_DF = const(0x38)
_TYPE_SMARTCARD_HSM = const(0xFF)

_SIZE_MAX = const(0xFFFF)


def of_application(aid, options):
    """FCP of the application: its name, and options and version that hosts read."""
    return ber_tlv.encode(
        _TAG_FCP,
        _TAG_SIZE,
        b"\0\0",
        _TAG_DESCRIPTOR,
        bytes((_DESCRIPTOR_TRANSPARENT,)),
        _TAG_FID,
        b"\0\0",
        ber_tlv.encode(_TAG_DF_NAME, aid),
        _LIFE_CYCLE,
        _TAG_PROPRIETARY,
        struct.pack(">HBBB", options, _TYPE_SMARTCARD_HSM, PROTOCOL_MAJOR, PROTOCOL_MINOR),
    )


def of_file(fid, size, metadata=b""):
    """FCP of a file; `metadata`: the TLVs of a key, in A5 with a length of two bytes."""
    if fid == MF:
        descriptor = _DESCRIPTOR_DF
    elif fid & 0xFF == 0 and fid >> 8 in (0xC4, 0xCC, 0xCE):
        descriptor = _DESCRIPTOR_INTERNAL
    else:
        descriptor = _DESCRIPTOR_TRANSPARENT
    parts = [
        _TAG_SIZE,
        struct.pack(">H", min(size, _SIZE_MAX)),
        _TAG_DESCRIPTOR,
        bytes((descriptor,)),
        _TAG_FID,
        struct.pack(">H", fid),
        _LIFE_CYCLE,
    ]
    if metadata:
        parts += (_TAG_KEY_METADATA, bytes((len(metadata),)), metadata)
    return ber_tlv.encode(_TAG_FCP, *parts)
