# SPDX-License-Identifier: GPL-2.0-or-later
"""The command APDU: CLA INS P1 P2 [Lc data] [Le], short or extended, cases 1-4.

Spec: [7816-4] 5.1, [7816-3] 12.1. The data field is a view on the transport's buffer.
"""

from micropython import const

from hsm.apdu.status_word import SW_WRONG_LENGTH, CommandError

CLA_CHAINING = const(0x10)
_NE_SHORT_MAX = const(256)
_NE_EXTENDED_MAX = const(65536)


class CommandApdu:
    """A parsed command. `data`: memoryview of Nc bytes; `ne`: 0 if there is no Le field."""

    def __init__(self, apdu):
        """Parse `apdu`. CommandError(6700): the length fields do not fit its length."""
        size = len(apdu)
        if size < 4:
            raise CommandError(SW_WRONG_LENGTH)
        self.cla = apdu[0]
        self.ins = apdu[1]
        self.p1 = apdu[2]
        self.p2 = apdu[3]
        self.ne = 0
        self.data = apdu[4:4]
        if size == 4:
            return
        if apdu[4] == 0 and size > 5:
            self._parse_extended(apdu, size)
        elif size == 5:
            self.ne = apdu[4] or _NE_SHORT_MAX
        else:
            end = 5 + apdu[4]
            self.data = apdu[5:end]
            if size == end + 1:
                self.ne = apdu[end] or _NE_SHORT_MAX
            elif size != end:
                raise CommandError(SW_WRONG_LENGTH)

    def _parse_extended(self, apdu, size):
        if size < 7:
            raise CommandError(SW_WRONG_LENGTH)
        field = apdu[5] << 8 | apdu[6]
        if size == 7:
            self.ne = field or _NE_EXTENDED_MAX
            return
        end = 7 + field
        if not field or size not in (end, end + 2):
            raise CommandError(SW_WRONG_LENGTH)
        self.data = apdu[7:end]
        if size > end:
            self.ne = (apdu[end] << 8 | apdu[end + 1]) or _NE_EXTENDED_MAX
