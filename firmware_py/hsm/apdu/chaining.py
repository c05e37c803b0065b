# SPDX-License-Identifier: GPL-2.0-or-later
"""Command chaining: parts collect in the transport's second static buffer.

Spec: [7816-4] 5.1.1.1, [SCHSM] 2. CLA bit 10 marks every part but the last; all parts have the same
CLA, INS, P1 and P2 otherwise.
"""

from hsm.apdu.command_apdu import CLA_CHAINING
from hsm.apdu.status_word import (
    SW_LAST_COMMAND_OF_CHAIN_EXPECTED,
    SW_WRONG_LENGTH,
    CommandError,
)


class CommandChain:
    """The chain that is being received, if there is one."""

    def __init__(self, buffer, wipe):
        self._buffer = buffer
        self._wipe = wipe
        self._header = None
        self._length = 0
        self._is_used = False

    def drop(self):
        """Forget the chain and wipe what was written to the buffer."""
        self._header = None
        self._length = 0
        if self._is_used:
            self._is_used = False
            self._wipe()

    def room(self):
        """What the chain has left of the buffer: a protected command is decrypted there."""
        self._is_used = True
        return self._buffer[self._length :]

    def add(self, command):
        """Take one part. True: the chain goes on. False: `command` now has all of the data.

        CommandError(6883): the part does not continue the chain. 6700: the buffer is full.
        """
        more = command.cla & CLA_CHAINING
        header = (command.cla & ~CLA_CHAINING, command.ins, command.p1, command.p2)
        if self._header is None:
            if not more:
                return False
            self._header = header
            self._is_used = True
        elif header != self._header:
            self.drop()
            raise CommandError(SW_LAST_COMMAND_OF_CHAIN_EXPECTED)
        end = self._length + len(command.data)
        if end > len(self._buffer):
            self.drop()
            raise CommandError(SW_WRONG_LENGTH)
        self._buffer[self._length : end][:] = command.data
        self._length = end
        if not more:
            command.data = self._buffer[:end]
        return more
