# SPDX-License-Identifier: GPL-2.0-or-later
"""Boot order, and the loop from command to answer. Nothing else."""

from hsm.apdu.dispatcher import Dispatcher
from hsm.card import Card
from hsm.commands import find_handler, status_of
from hsm.platform import indicator, transport
from hsm.profile import ATR


def boot():
    """The card with its store mounted, and its dispatcher."""
    card = Card(transport.response_buffer())
    card.store.mount()
    return card, Dispatcher(card, transport, find_handler, status_of)


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
        length = dispatcher.process(apdu)
        transport.respond(length, dispatcher.has_more())
