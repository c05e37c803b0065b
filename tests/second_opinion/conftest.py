# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixtures: one HSM made in rp2040py, and its flash contents booted in rp2040js."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sim.life import card as hsm
from sim.life.card import Card
from sim.life.cvc import CvCertificate, check_device_certificate, check_request
from tests.second_opinion.callback_host import CallbackHost
from tests.second_opinion.rp2040js_emulator import Rp2040JsEmulator
from tests.second_opinion.rp2040py_emulator import Rp2040PyEmulator

BUILD = Path(__file__).parents[2] / "build"
UF2 = BUILD / "pico" / "hsm.uf2"
RP2040JS = BUILD / "node" / "node_modules" / "rp2040js" / "dist" / "esm" / "index.js"

PIN = b"648219"
SO_PIN = b"57621880"
KEY = 1
# The flash chip's unique id is in the root key: all three emulators answer that of our flash model.
UNIQUE_ID = bytes.fromhex("E4600123456789AB")
PICO_FLASH_BYTES = 2 << 20


@dataclass
class Personalised:
    """An initialised HSM with one P-256 key, in rp2040py."""

    emulator: Rp2040PyEmulator
    host: CallbackHost
    card: Card
    certificate: CvCertificate
    request: bytes


@pytest.fixture(scope="session")
def image() -> Path:
    """The RP2040 image; a missing one fails, it does not skip."""
    if not UF2.exists():
        pytest.fail("no image for board pico: run `nox -s firmware`", pytrace=False)
    return UF2


@pytest.fixture(scope="session")
def personalised(image: Path) -> Personalised:
    """INITIALIZE (at the lowest documented PIN cost), VERIFY and a P-256 key in rp2040py."""
    emulator = Rp2040PyEmulator(image, UNIQUE_ID)
    host = CallbackHost(emulator)
    host.enumerate()
    host.power_on()
    card = Card(host.transmit)
    card.select()
    card.initialize(PIN, SO_PIN, pin_iterations=hsm.PIN_ITERATIONS_MIN)
    card.select()
    card.verify(PIN)
    certificate = check_device_certificate(card.read_file(hsm.EF_DEVICE_CERTIFICATE))
    request = card.generate_key_pair(KEY, hsm.ec_key_template("secp256r1"))
    check_request(request, certificate)
    return Personalised(emulator, host, card, certificate, request)


@pytest.fixture(scope="session")
def rp2040js(
    personalised: Personalised, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CallbackHost]:
    """rp2040js booted with the flash contents that rp2040py made, enumerated, ICC powered."""
    if not RP2040JS.exists():
        pytest.fail("no rp2040js: run `make setup`", pytrace=False)
    flash = personalised.emulator.flash[:PICO_FLASH_BYTES]
    folder = tmp_path_factory.mktemp("rp2040js")
    emulator = Rp2040JsEmulator(RP2040JS, flash, UNIQUE_ID, folder)
    host = CallbackHost(emulator)
    try:
        host.enumerate()
        host.power_on()
        yield host
    finally:
        emulator.close()
