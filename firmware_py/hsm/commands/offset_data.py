# SPDX-License-Identifier: GPL-2.0-or-later
"""What READ and UPDATE BINARY with odd INS share: file reference and offset.

Spec: [7816-4] 11.3.2 and 11.3.3, [SCHSM] 8.2, 8.4.
"""

from micropython import const

from hsm.apdu.status_word import (
    SW_FILE_OR_APPLICATION_NOT_FOUND,
    SW_WRONG_LENGTH,
    CommandError,
)
from hsm.encoding import ber_tlv
from hsm.files.object_ids import PREFIX_TOKEN

SHORT_ID_MAX = const(0x1E)

_TAG_OFFSET = const(0x54)
_OFFSET_BYTES_MAX = const(4)


def file_id(card, command):
    """The FID in P1 P2; 0000 names the current EF, 0001 to 001E are short EF identifiers.

    6A82: no EF is current.
    """
    fid = command.p1 << 8 | command.p2
    return short_id(card, fid) if fid <= SHORT_ID_MAX else fid


def short_id(card, number):
    """The FID of a short EF identifier, 2F00 plus `number`; 0 names the current EF. 6A82."""
    if number:
        return PREFIX_TOKEN << 8 | number
    if card.files.current is None:
        raise CommandError(SW_FILE_OR_APPLICATION_NOT_FOUND)
    return card.files.current


def offset(data):
    """(offset, where its data object ends) at the start of `data`. 6700: none, or too long."""
    tag, start, end = ber_tlv.read(data, 0)
    if tag != _TAG_OFFSET or end - start > _OFFSET_BYTES_MAX:
        raise CommandError(SW_WRONG_LENGTH)
    return int.from_bytes(data[start:end], "big"), end
