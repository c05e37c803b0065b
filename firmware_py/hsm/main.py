# SPDX-License-Identifier: GPL-2.0-or-later
"""Boot order, and the loop from command to answer. Nothing else."""

from hsm import limits
from hsm.apdu.chaining import CommandChain
from hsm.apdu.dispatcher import Dispatcher
from hsm.apdu.response_apdu import ResponseApdu
from hsm.atr import ATR
from hsm.card import Card
from hsm.commands import find_handler
from hsm.commands.failures import status_of
from hsm.commands.select import AID_SMARTCARD_HSM
from hsm.platform import identity, indicator, transport
from hsm.platform.flash import Flash


def boot():
    """The card with its store mounted, and its dispatcher."""
    response_buffer = transport.response_buffer()
    scratch = response_buffer[: limits.CHUNK_BYTES]
    card = Card(Flash(), AID_SMARTCARD_HSM, identity.unique_id(), scratch)
    card.store.mount()
    response = ResponseApdu(response_buffer, transport.wipe_response_buffer)
    chain = CommandChain(transport.chain_buffer(), transport.wipe_chain_buffer)
    return card, Dispatcher(card, response, chain, find_handler, status_of)


def run():
    """Serve the host for ever."""
    card, dispatcher = boot()
    transport.start(ATR)
    while True:
        indicator.led(indicator.LED_READY)
        apdu = transport.wait()
        if apdu is None:
            card.end_session()
            dispatcher.end_session()
            continue
        indicator.led(indicator.LED_BUSY)
        transport.respond(dispatcher.process(apdu))
