# SPDX-License-Identifier: GPL-2.0-or-later
"""READ BINARY: even INS with an offset in P1 P2, odd INS with a data object.

Spec: [7816-4] 11.3.2; [SCHSM] 8.2, 8.3.
"""

from micropython import const

from hsm import limits
from hsm.apdu.status_word import (
    SW_END_OF_FILE_REACHED,
    SW_INCORRECT_PARAMETERS_P1_P2,
    SW_WRONG_LENGTH,
    SW_WRONG_PARAMETERS_P1_P2,
    CommandError,
)
from hsm.commands import offset_data
from hsm.files.object_ids import EF_DIR, EF_TOKEN_INFO

_P1_SHORT_ID = const(0x80)


def read_binary(card, command, response):
    """B0: from the current EF, or from 2F00 plus short EF identifier."""
    if command.data:
        raise CommandError(SW_WRONG_LENGTH)
    if command.p1 & _P1_SHORT_ID:
        number, offset = command.p1 & ~_P1_SHORT_ID, command.p2
    else:
        number, offset = 0, command.p1 << 8 | command.p2
    if number > offset_data.SHORT_ID_MAX:
        raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)
    return _read(card, offset_data.short_id(card, number), offset, command.ne, response)


def read_binary_odd(card, command, response):
    """B1: data is `54 n offset`; fewer bytes than asked for are 9000."""
    offset, end = offset_data.offset(command.data)
    if end != len(command.data):
        raise CommandError(SW_WRONG_LENGTH)
    fid = offset_data.file_id(card, command)
    return _read(card, fid, offset, command.ne, response)


def _read(card, fid, offset, ne, response):
    # Without Le the host fetches the contents by GET RESPONSE.
    length = min(ne, limits.RESPONSE_DATA_BYTES_MAX) or limits.RESPONSE_DATA_BYTES_MAX
    if card.files.read(fid, offset, length, response):
        return None
    if fid in (EF_DIR, EF_TOKEN_INFO):
        raise CommandError(SW_WRONG_PARAMETERS_P1_P2)
    return SW_END_OF_FILE_REACHED
