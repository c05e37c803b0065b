# SPDX-License-Identifier: GPL-2.0-or-later
"""From APDU to handler and back: class, chaining, GET RESPONSE, the only except.

Spec: [7816-4] 5.1 and 11.7.1 (GET RESPONSE), [SCHSM] 2.
"""

from micropython import const

from hsm.apdu.chaining import CommandChain
from hsm.apdu.command_apdu import CLA_CHAINING, CommandApdu
from hsm.apdu.response_apdu import ResponseApdu
from hsm.apdu.status_word import (
    SW_CLASS_NOT_SUPPORTED,
    SW_CONDITIONS_OF_USE_NOT_SATISFIED,
    SW_INCORRECT_PARAMETERS_P1_P2,
    SW_INSTRUCTION_NOT_SUPPORTED,
    SW_NO_FURTHER_QUALIFICATION,
    SW_NO_PRECISE_DIAGNOSIS,
    CommandError,
)

_INS_GET_RESPONSE = const(0xC0)


class Dispatcher:
    """Runs one command at a time on `card`, in the static buffers of `transport`.

    `find_handler(card, command)`: a function (card, command, response) -> None or a status word;
    None if the selected application does not know INS. `status_of(exception)`: the status word
    that an error of a lower floor stands for, or None.
    """

    def __init__(self, card, transport, find_handler, status_of):
        self._card = card
        self._response = ResponseApdu(transport.response_buffer(), transport.wipe_response_buffer)
        self._chain = CommandChain(transport.chain_buffer(), transport.wipe_chain_buffer)
        self._find_handler = find_handler
        self._status_of = status_of

    def process(self, apdu):
        """Run the command in `apdu`; returns the length of the answer in the response buffer."""
        ne = 0
        try:
            command = CommandApdu(apdu)
            ne = command.ne
            status_word = self._run(command)
        except CommandError as error:
            status_word = self._fail(error.status_word)
        except Exception as error:
            status_word = self._fail(self._status_of(error))
        return self._response.finish(ne, status_word)

    def has_more(self):
        """True if GET RESPONSE may ask for more: the response buffer must outlive the answer."""
        return self._response.has_more()

    def end_session(self):
        """Forget everything that belongs to the session: the host or the power went away."""
        self._chain.drop()
        self._response.discard()

    def _fail(self, status_word):
        self._chain.drop()
        self._response.discard()
        if status_word is None:
            # Not foreseen: nothing of the session is trusted any longer.
            self._card.end_session()
            return SW_NO_PRECISE_DIAGNOSIS
        return status_word

    def _run(self, command):
        # 00 and 80 are accepted for every INS; so are both with the chaining bit.
        if command.cla & ~(CLA_CHAINING | 0x80):
            raise CommandError(SW_CLASS_NOT_SUPPORTED)
        if command.ins == _INS_GET_RESPONSE:
            handler = self._get_response
        else:
            self._response.clear()
            handler = self._find_handler(self._card, command)
        if handler is None:
            raise CommandError(SW_INSTRUCTION_NOT_SUPPORTED)
        if self._chain.add(command):
            return SW_NO_FURTHER_QUALIFICATION
        status_word = handler(self._card, command, self._response)
        self._chain.drop()
        return SW_NO_FURTHER_QUALIFICATION if status_word is None else status_word

    def _get_response(self, _card, command, response):
        if command.p1 or command.p2 or len(command.data):
            raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)
        if not response.has_more():
            raise CommandError(SW_CONDITIONS_OF_USE_NOT_SATISFIED)
