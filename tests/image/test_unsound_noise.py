# SPDX-License-Identifier: GPL-2.0-or-later
"""No keys and no challenges from a noise source that fails its health tests."""

from __future__ import annotations

from typing import Any

import pytest

from sim.device import Device
from sim.life import card as hsm
from sim.life.card import Card
from sim.peripherals.rosc import RoscFault
from sim.peripherals.trng import TrngFault
from tests.image.conftest import EC_KEY, PIN

KEY = EC_KEY + 1
FAULTS = {
    "rp2040": [("ROSC", fault) for fault in RoscFault if fault is not RoscFault.NONE],
    "rp2350": [("TRNG", fault) for fault in TrngFault if fault is not TrngFault.NONE],
}
SW_SUCCESS = 0x9000


def broken_sources(device: Device) -> Any:
    """Every fault of the chip's source in turn: set while the power is off, there from reset on."""
    yield from FAULTS[device.board.chip]


@pytest.mark.parametrize("template", ["ec", "rsa"])
def test_no_key_is_made(personalised: Device, template: str):
    templates = {"ec": hsm.ec_key_template("secp256r1"), "rsa": hsm.rsa_key_template(2048)}
    for block, fault in broken_sources(personalised):
        personalised.power_off()
        personalised.machine.block(block).fault = fault
        personalised.power_on()
        card = Card(personalised.transmit)
        card.select()
        card.verify(PIN)
        with pytest.raises(hsm.CardError) as refused:
            card.generate_key_pair(KEY, templates[template])
        assert refused.value.sw != SW_SUCCESS, fault
        assert hsm.KEY_PREFIX | KEY not in card.list_objects(), fault


def test_no_challenge_is_drawn(personalised: Device):
    for block, fault in broken_sources(personalised):
        personalised.power_off()
        personalised.machine.block(block).fault = fault
        personalised.power_on()
        card = Card(personalised.transmit)
        card.select()
        with pytest.raises(hsm.CardError):
            card.challenge(16)
        assert hsm.KEY_PREFIX | EC_KEY in card.list_objects(), fault


def test_a_new_card_is_not_initialized(device: Device):
    block, fault = next(broken_sources(device))
    device.power_off()
    device.machine.block(block).fault = fault
    device.power_on()
    card = Card(device.transmit)
    card.select()
    with pytest.raises(hsm.CardError):
        card.initialize(PIN, b"57621880")
