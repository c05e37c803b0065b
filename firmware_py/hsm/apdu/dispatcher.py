# SPDX-License-Identifier: GPL-2.0-or-later
"""From APDU to handler and back: class, protection, chains, the only except.

Spec: [7816-4] 5.1 and 11.7.1 (GET RESPONSE), [SCHSM] 2, 21.
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
    SW_SECURE_MESSAGING_OBJECTS_INCORRECT,
    CommandError,
)

_INS_GET_RESPONSE = const(0xC0)
_CLA_SECURE_MESSAGING = const(0x0C)


class Dispatcher:
    """Runs one command at a time on `card`, in the static buffers of `transport`.

    `find_handler(card, command)`: a function (card, command, response) -> None or a status word;
    None if the selected application does not know INS. `status_of(exception)`: the status word
    that an error of a lower floor stands for, or None.
    """

    def __init__(self, card, transport, find_handler, status_of):
        self._card = card
        self._transport = transport
        self._response = ResponseApdu(transport.response_buffer(), transport.wipe_response_buffer)
        self._chain = CommandChain(transport.chain_buffer(), transport.wipe_chain_buffer)
        self._secure_messaging = None
        self._find_handler = find_handler
        self._status_of = status_of

    def process(self, apdu):
        """Run the command in `apdu`; returns the length of the answer in the response buffer."""
        ne = ne_inside = 0
        channel = None
        try:
            command = CommandApdu(apdu)
            ne = command.ne
            channel = self._unwrap(command)
            ne_inside = command.ne
            status_word = self._run(command, channel)
        except CommandError as error:
            status_word = self._fail(error.status_word)
        except Exception as error:
            status_word = self._fail(self._status_of(error))
        if channel is not None and channel is self._card.channel:
            status_word = self._wrap(channel, ne_inside, status_word)
        self._card.settle_channel()
        return self._response.finish(ne, status_word)

    def has_more(self):
        """True if GET RESPONSE may ask for more: the response buffer must outlive the answer."""
        return self._response.has_more()

    def end_session(self):
        """Forget everything that belongs to the session: the host or the power went away."""
        self._drop_commands()
        self._response.discard()

    def _drop_commands(self):
        self._chain.drop()
        if self._secure_messaging is not None:
            self._secure_messaging.drop_rest()

    def _fail(self, status_word):
        self._drop_commands()
        self._response.discard()
        if status_word is None:
            # Not foreseen: nothing of the session is trusted any longer.
            self._card.end_session()
            return SW_NO_PRECISE_DIAGNOSIS
        return status_word

    def _unwrap(self, command):
        # The channel that protects `command`, or None; a plain command ends it, and the session.
        card = self._card
        if not command.cla & _CLA_SECURE_MESSAGING:
            continues = command.ins == _INS_GET_RESPONSE and self._response.has_more()
            if card.channel is not None and not continues:
                self._end_channel()
            return None
        if ~command.cla & _CLA_SECURE_MESSAGING or card.channel is None:
            raise CommandError(SW_CLASS_NOT_SUPPORTED)
        secure_messaging = self._load_secure_messaging()
        room = command.data[:0]
        if command.ins != _INS_GET_RESPONSE:
            # What GET RESPONSE has not fetched stands in the same buffer.
            secure_messaging.drop_rest()
            room = self._chain.room()
        try:
            secure_messaging.unwrap(card.channel, command, room)
        except CommandError:
            self._end_channel()
            raise
        except Exception:
            # Whatever was wrong with it: nobody is told.
            self._end_channel()
            raise CommandError(SW_SECURE_MESSAGING_OBJECTS_INCORRECT)
        return card.channel

    def _wrap(self, channel, ne, status_word):
        try:
            return self._secure_messaging.wrap(channel, self._response, ne, status_word)
        except Exception:
            self._end_channel()
            self._response.discard()
            return SW_NO_PRECISE_DIAGNOSIS

    def _end_channel(self):
        self._drop_commands()
        self._card.close_channel()
        self._card.log_out()

    def _load_secure_messaging(self):
        if self._secure_messaging is None:
            from hsm.apdu.secure_messaging import SecureMessaging

            transport = self._transport
            buffer, wipe = transport.chain_buffer(), transport.wipe_chain_buffer
            self._secure_messaging = SecureMessaging(buffer, wipe)
        return self._secure_messaging

    def _run(self, command, channel):
        # 00 and 80 are accepted for every INS; so are both with the chaining bit.
        if command.cla & ~(CLA_CHAINING | 0x80):
            raise CommandError(SW_CLASS_NOT_SUPPORTED)
        if command.ins == _INS_GET_RESPONSE:
            if command.cla & CLA_CHAINING:
                raise CommandError(SW_CLASS_NOT_SUPPORTED)
            handler = self._get_response if channel is None else self._get_rest
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

    def _get_rest(self, _card, command, response):
        response.clear()
        if command.p1 or command.p2 or len(command.data):
            raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)
        if not self._secure_messaging.has_rest():
            raise CommandError(SW_CONDITIONS_OF_USE_NOT_SATISFIED)
