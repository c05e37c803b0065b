# SPDX-License-Identifier: GPL-2.0-or-later
"""The button of a board, asked for in the middle of a command."""

import pytest

from sim.device import Device
from sim.life import card as hsm
from sim.life.card import Card
from tests.image.conftest import EC_KEY, PIN, SO_PIN

PRESS_TO_CONFIRM = 0x0101
NEW_CODE = b"87654321"
ERASURE_MS = 10_000
CONFIRMATION_MS = 15_000
SIGN = hsm.command(0x80, 0x68, EC_KEY, hsm.SIGN_ECDSA_SHA256, b"message", 256, extended=True)


@pytest.fixture
def confirming(device: Device) -> Device:
    """Initialised to ask before a key is used; one EC key, the user is logged in."""
    card = Card(device.transmit)
    card.select()
    card.initialize(PIN, SO_PIN, pin_iterations=16, options=PRESS_TO_CONFIRM)
    card.generate_key_pair(EC_KEY, hsm.ec_key_template("secp256r1"))
    return device


def initialization(code: bytes) -> bytes:
    data = hsm.tlv(0x80, b"\0\1") + hsm.tlv(0x81, PIN) + hsm.tlv(0x82, code)
    return hsm.command(0x80, 0x50, 0x00, 0x00, data + hsm.tlv(0x9E, b"\0\x10"))


def status_word(answer: bytes) -> int:
    return int.from_bytes(answer[-2:], "big")


def test_a_press_confirms_a_signature(confirming: Device) -> None:
    confirming.start_transmit(SIGN)
    # The host stays patient for longer than it would without time extensions.
    confirming.run_for_ms(8_000)
    confirming.press_button()
    confirming.run_for_ms(300)
    confirming.release_button()
    answer = confirming.finish_transmit()
    assert status_word(answer) == 0x9000 and len(answer) > 64


def test_nobody_at_the_button(confirming: Device) -> None:
    begin = confirming.virtual_ms
    assert status_word(confirming.transmit(SIGN)) == 0x6600
    assert CONFIRMATION_MS < confirming.virtual_ms - begin < CONFIRMATION_MS + 1_500
    assert Card(confirming.transmit).pin_status() == 0x9000


def test_a_button_that_is_held_confirms_nothing(confirming: Device) -> None:
    confirming.press_button()
    assert status_word(confirming.transmit(SIGN)) == 0x6600
    confirming.release_button()


def test_the_host_may_end_the_wait(confirming: Device) -> None:
    confirming.start_transmit(SIGN)
    confirming.run_for_ms(500)
    confirming.icc_power_off()
    confirming.icc_power_on()
    assert Card(confirming.transmit).pin_status() != 0x9000


def test_the_button_held_erases_without_the_code(personalised: Device) -> None:
    assert status_word(personalised.transmit(initialization(NEW_CODE))) == 0x63CE
    personalised.press_button()
    begin = personalised.virtual_ms
    assert status_word(personalised.transmit(initialization(NEW_CODE))) == 0x9000
    assert ERASURE_MS < personalised.virtual_ms - begin < ERASURE_MS + 1_500
    personalised.release_button()
    card = Card(personalised.transmit)
    assert 0xCC00 | EC_KEY not in card.list_objects()
    assert card.try_pin(NEW_CODE, hsm.SO_PIN_REFERENCE) == 0x9000


def test_the_button_let_go_early_erases_nothing(personalised: Device) -> None:
    personalised.press_button()
    personalised.start_transmit(initialization(NEW_CODE))
    personalised.run_for_ms(ERASURE_MS - 2_000)
    personalised.release_button()
    assert status_word(personalised.finish_transmit()) == 0x6600
    card = Card(personalised.transmit)
    assert card.pin_status(hsm.SO_PIN_REFERENCE) == 0x63CF
    assert 0xCC00 | EC_KEY in card.list_objects()
