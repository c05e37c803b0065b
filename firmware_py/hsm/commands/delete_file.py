# SPDX-License-Identifier: GPL-2.0-or-later
"""DELETE FILE: the file named in the data field, or the current EF.

Spec: [7816-9] 9.3.4; [SCHSM] 8.5; invariant KEY-1. A key takes its metadata with it, not its
description and certificate.
"""

from hsm.apdu.status_word import (
    SW_FILE_OR_APPLICATION_NOT_FOUND,
    SW_WRONG_LENGTH,
    CommandError,
)


def delete_file(card, command, response):
    """E4: 6A82 absent, 6982 not allowed now, 6986 never allowed."""
    data = command.data
    if not data:
        fid = card.files.current
        if fid is None:
            raise CommandError(SW_FILE_OR_APPLICATION_NOT_FOUND)
    elif len(data) == 2:
        fid = data[0] << 8 | data[1]
    else:
        raise CommandError(SW_WRONG_LENGTH)
    card.files.delete(fid)
