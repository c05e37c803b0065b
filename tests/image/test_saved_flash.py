# SPDX-License-Identifier: GPL-2.0-or-later
"""The flash of earlier firmware in this image: all is there, and goes on working."""

from __future__ import annotations

import pytest

import boards
from sim.device import Device
from sim.life import card as hsm
from sim.life.card import Card
from sim.life.cvc import check_device_certificate, check_request
from sim.life.story import check_signature
from sim.residue.watch import watched
from tests.image import saved_flash
from tests.image.conftest import image_path
from tests.image.saved_flash import DELETED_KEY, EC_KEY, FILES, PIN, RSA_KEY, SHARE, SavedFlash

VERSIONS = (2,)
ALGORITHMS = {EC_KEY: hsm.SIGN_ECDSA_SHA256, RSA_KEY: hsm.SIGN_RSA_PKCS1_SHA256}
CASES = [(version, board) for version in VERSIONS for board in boards.names()]


def with_flash_of(saved: SavedFlash, board: str) -> Device:
    """The board with the present image and the saved data region."""
    device = watched(Device.from_uf2(board, image_path(board)))
    device.flash.poke(device.board.flash.data_offset, saved.region)
    device.power_on()
    return device


@pytest.fixture(params=CASES, ids=lambda case: f"format {case[0]} on {case[1]}")
def case(request: pytest.FixtureRequest) -> tuple[SavedFlash, Device]:
    """A saved flash, and the device that has it."""
    version, board = request.param
    saved = saved_flash.load(version, board)
    return saved, with_flash_of(saved, board)


def test_all_is_there_and_works(case: tuple[SavedFlash, Device]) -> None:
    saved, device = case
    card = Card(device.transmit)
    card.select()
    assert card.version()[4] == 0
    assert device.journal == [], "it was left settled"
    assert card.pin_status() == 0x63C2
    card.verify(PIN)
    for file_id, content in FILES.items():
        assert card.read_file(file_id) == content, f"{file_id:04X}"
    certificate = check_device_certificate(card.read_file(hsm.EF_DEVICE_CERTIFICATE))
    for key_id, request in saved.requests.items():
        assert card.read_file(hsm.CERTIFICATE_PREFIX | key_id) == request
        key = check_request(request, certificate).key
        signature = card.sign(key_id, ALGORITHMS[key_id], b"another message")
        check_signature(key, ALGORITHMS[key_id], signature, b"another message")
    assert card.uses_left(EC_KEY) == saved_flash.USES - saved_flash.USES_SPENT - 1


def test_nothing_is_there_that_was_deleted(case: tuple[SavedFlash, Device]) -> None:
    saved, device = case
    card = Card(device.transmit)
    card.select()
    listed = card.list_objects()
    keys = {file_id & 0xFF for file_id in listed if file_id >> 8 == hsm.KEY_PREFIX >> 8}
    assert keys - {0} == set(saved.requests)
    assert DELETED_KEY not in keys
    domain = card.key_domain()
    assert domain is not None and (domain.shares, domain.missing) == (1, 0)
    # A share that is XORed with nothing is the DKEK, and all can compute its check value.
    card.verify(PIN)
    waiting = card.clear_key_domain()
    assert waiting.missing == 1
    assert card.import_dkek_share(SHARE).check_value == domain.check_value


def test_it_can_be_changed_and_initialised(case: tuple[SavedFlash, Device]) -> None:
    _, device = case
    card = Card(device.transmit)
    card.select()
    card.verify(PIN)
    card.write_file(0xCF04, b"new")
    card.generate_key_pair(DELETED_KEY, hsm.ec_key_template("secp256r1"))
    device.power_off()
    device.power_on()
    card = Card(device.transmit)
    card.select()
    assert card.read_file(0xCF04) == b"new"
    card.initialize(PIN, saved_flash.SO_PIN, pin_iterations=hsm.PIN_ITERATIONS_MIN)
    card.select()
    assert hsm.KEY_PREFIX | EC_KEY not in card.list_objects()


@pytest.mark.parametrize("version, board", CASES)
def test_a_saved_flash_is_small(version: int, board: str) -> None:
    assert saved_flash.path_of(version, board).stat().st_size < 50_000
