# SPDX-License-Identifier: GPL-2.0-or-later
"""Boot order, and the loop from command to answer. Nothing else."""

from hsm.apdu.dispatcher import Dispatcher
from hsm.card import Card
from hsm.commands import find_handler, status_of
from hsm.files.object_ids import ID_PHYSICAL_SETTINGS
from hsm.platform import button, indicator, transport
from hsm.profile import ATR
from hsm.store import READY

# So long an answer takes at most that a host is waiting for.
_ANSWER_MS = 250


def boot():
    """The card with its store mounted, and its dispatcher."""
    card = Card(transport.response_buffer())
    card.store.mount()
    _apply_settings(card)
    return card, Dispatcher(card, transport, find_handler, status_of)


def _apply_settings(card):
    # Where they cannot be read any more, the board shows itself as it is.
    if card.store.state != READY or not card.store.contains(ID_PHYSICAL_SETTINGS):
        return
    from hsm.files.physical_settings import PhysicalSettings

    try:
        PhysicalSettings(card.store.read(ID_PHYSICAL_SETTINGS)).apply(card.presence)
    except Exception:
        pass


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
        if card.restart is not None:
            card.end_session()
            button.sleep_ms(_ANSWER_MS)
            card.restart()
