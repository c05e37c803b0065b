# SPDX-License-Identifier: GPL-2.0-or-later
"""No keys and no challenges from a noise source that fails its health tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sim.device import Device
from sim.life import card as hsm
from sim.life.card import Card
from sim.peripherals.rosc import RoscFault
from sim.peripherals.trng import TrngFault
from tests.image.conftest import EC_KEY, PIN, SO_PIN

KEY = EC_KEY + 1
FAULTS = {
    "rp2040": [("ROSC", fault) for fault in RoscFault if fault is not RoscFault.NONE],
    "rp2350": [("TRNG", fault) for fault in TrngFault if fault is not TrngFault.NONE],
}
SW_EXECUTION_ERROR = 0x6400


def broken_cards(device: Device) -> Iterator[tuple[Card, object]]:
    """The card after a power-on with each fault of the chip's source, and the fault."""
    for block, fault in FAULTS[device.board.chip]:
        device.power_off()
        device.machine.block(block).fault = fault
        device.power_on()
        card = Card(device.transmit)
        card.select()
        yield card, fault


@pytest.mark.parametrize("template", ["ec", "rsa"])
def test_no_key_is_made(personalised: Device, template: str):
    templates = {"ec": hsm.ec_key_template("secp256r1"), "rsa": hsm.rsa_key_template(2048)}
    for card, fault in broken_cards(personalised):
        card.verify(PIN)
        with pytest.raises(hsm.CardError) as refused:
            card.generate_key_pair(KEY, templates[template])
        assert refused.value.sw == SW_EXECUTION_ERROR, fault
        assert hsm.KEY_PREFIX | KEY not in card.list_objects(), fault


def test_no_challenge_is_drawn(personalised: Device):
    for card, fault in broken_cards(personalised):
        with pytest.raises(hsm.CardError) as refused:
            card.challenge(16)
        assert refused.value.sw == SW_EXECUTION_ERROR, fault
        assert hsm.KEY_PREFIX | EC_KEY in card.list_objects(), fault


def test_a_new_card_is_not_initialized(device: Device):
    card, _ = next(broken_cards(device))
    with pytest.raises(hsm.CardError) as refused:
        card.initialize(PIN, SO_PIN)
    assert refused.value.sw == SW_EXECUTION_ERROR
