# SPDX-License-Identifier: GPL-2.0-or-later
"""The RP2040 image in rp2040py and rp2040js: the same as in our model?"""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

import boards
from sim.apdu import command
from sim.device import Device
from sim.life import card as hsm
from sim.life.card import Card
from sim.life.cvc import check_request
from tests.second_opinion.callback_host import CallbackHost
from tests.second_opinion.conftest import (
    KEY,
    PICO_FLASH_BYTES,
    PIN,
    UF2,
    UNIQUE_ID,
    Personalised,
)

MESSAGE = b"Attack at dawn."


def test_rp2040py_enumerates_our_identity(personalised: Personalised):
    identity = boards.load("pico").usb
    device = personalised.host.device_descriptor
    assert int.from_bytes(device[8:10], "little") == identity.vendor_id
    assert int.from_bytes(device[10:12], "little") == identity.product_id


def test_rp2040py_signs_with_a_key_it_made(personalised: Personalised):
    key = check_request(personalised.request, personalised.certificate).key
    signature = personalised.card.sign(KEY, hsm.SIGN_ECDSA_SHA256, MESSAGE)
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(signature, MESSAGE, ec.ECDSA(hashes.SHA256()))


def test_rp2040py_spends_a_try_and_gives_it_back(personalised: Personalised):
    assert personalised.card.try_pin(b"000000") == 0x63C2
    assert personalised.card.try_pin(PIN) == 0x9000
    personalised.card.verify(PIN)


def test_our_model_opens_what_rp2040py_wrote(personalised: Personalised, tmp_path: Path):
    """What one emulator's flash holds must mean the same to the image in the other."""
    flash_file = tmp_path / "hsm.flash"
    flash_file.write_bytes(personalised.emulator.flash[:PICO_FLASH_BYTES])
    device = Device.from_uf2("pico", UF2, flash_file)
    assert device.flash.unique_id == UNIQUE_ID
    device.power_on()
    card = Card(device.transmit)
    card.select()
    assert card.list_objects() == personalised.card.list_objects()
    assert card.read_file(hsm.CERTIFICATE_PREFIX | KEY) == personalised.request
    card.verify(PIN)
    key = check_request(personalised.request, personalised.certificate).key
    signature = card.sign(KEY, hsm.SIGN_ECDSA_SHA256, MESSAGE)
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(signature, MESSAGE, ec.ECDSA(hashes.SHA256()))
    device.power_off()


def test_rp2040js_reads_what_rp2040py_wrote(personalised: Personalised, rp2040js: CallbackHost):
    assert rp2040js.configuration_descriptor == personalised.host.configuration_descriptor
    card = Card(rp2040js.transmit)
    assert card.select()
    assert card.list_objects() == personalised.card.list_objects()
    assert card.read_file(hsm.CERTIFICATE_PREFIX | KEY) == personalised.request
    assert hsm.KEY_PREFIX | KEY in card.list_objects()


def test_rp2040js_draws_challenges(rp2040js: CallbackHost):
    card = Card(rp2040js.transmit)
    first, second = card.challenge(32), card.challenge(32)
    assert len(first) == 32
    assert first != second


def test_rp2040js_refuses_what_it_cannot_make_durable(rp2040js: CallbackHost):
    """Flash writes are lost there: no attempt at the PIN may be judged, right or wrong."""
    status = rp2040js.transmit(command(0x00, 0x20, 0x00, 0x81, PIN))
    assert status not in (b"\x90\x00", b"\x63\xc2")
