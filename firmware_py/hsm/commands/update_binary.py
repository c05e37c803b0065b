# SPDX-License-Identifier: GPL-2.0-or-later
"""UPDATE BINARY with odd INS: make, replace, extend or change a file.

Spec: [7816-4] 11.3.3; [SCHSM] 8.4. Data is `54 n offset | 53 length contents`.
"""

from micropython import const

from hsm import limits
from hsm.apdu.status_word import SW_NOT_ENOUGH_MEMORY_SPACE, SW_WRONG_LENGTH, CommandError
from hsm.commands import offset_data
from hsm.encoding import ber_tlv
from hsm.files.object_ids import EF_TOKEN_INFO, EF_WRAPPED_KEY

_TAG_CONTENTS = const(0x53)
# Of files that the card itself reads as a whole.
_SIZES_MAX = {
    EF_TOKEN_INFO: limits.TOKEN_INFO_BYTES_MAX,
    EF_WRAPPED_KEY: limits.KEY_BLOB_BYTES_MAX,
}


def update_binary_odd(card, command, response):
    """D7: the file in P1 P2, or the current one; it is the current one afterwards."""
    data = command.data
    offset, end = offset_data.offset(data)
    tag, start, end = ber_tlv.read(data, end)
    if tag != _TAG_CONTENTS or end != len(data):
        raise CommandError(SW_WRONG_LENGTH)
    fid = offset_data.file_id(card, command)
    if offset + end - start > _SIZES_MAX.get(fid, limits.FILE_BYTES_MAX):
        raise CommandError(SW_NOT_ENOUGH_MEMORY_SPACE)
    card.files.update(fid, offset, data[start:end])
