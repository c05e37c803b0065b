# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixtures: one booted device per board; each test gets it from a snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import boards
from sim.device import Device
from sim.life import card as hsm
from sim.life.card import Card
from sim.residue.watch import watched
from tests.image.vector_card import DKEK, VectorCard
from tests.vector_counts import APDU, Taker

BUILD = Path(__file__).parents[2] / "build"
PIN = b"648219"
SO_PIN = b"57621880"
EC_KEY = 1


def image_path(board: str) -> Path:
    """The board's UF2; the tests are not skipped when it is missing."""
    path = BUILD / board / "hsm.uf2"
    if not path.exists():
        pytest.fail(f"no image for board {board}: run `nox -s firmware`", pytrace=False)
    return path


@dataclass
class Chip:
    """A device of the session and the snapshots that tests start from."""

    device: Device
    fresh: Any
    personalised: Any = None


@pytest.fixture(scope="session", params=boards.names())
def chip(request: pytest.FixtureRequest) -> Iterator[Chip]:
    """A device that has booted, been enumerated and powered its ICC once."""
    device = watched(Device.from_uf2(request.param, image_path(request.param)))
    device.power_on()
    yield Chip(device, device.snapshot())
    device.power_off()


@pytest.fixture(scope="session")
def personalised_chip(chip: Chip) -> Chip:
    """The same, with a second snapshot: initialised, one EC key, PIN session closed."""
    chip.device.restore(chip.fresh)
    card = Card(chip.device.transmit)
    card.select()
    card.initialize(PIN, SO_PIN)
    card.generate_key_pair(EC_KEY, hsm.ec_key_template("secp256r1"))
    card.select()
    chip.personalised = chip.device.snapshot()
    return chip


@pytest.fixture(scope="session")
def chip_with_dkek(chip: Chip) -> Chip:
    """The same, with a second snapshot: one DKEK, which the tests know; user logged in."""
    chip.device.restore(chip.fresh)
    card = Card(chip.device.transmit)
    card.select()
    card.initialize(PIN, SO_PIN, pin_iterations=hsm.PIN_ITERATIONS_MIN, dkek_shares=1)
    card.import_dkek_share(DKEK)
    return Chip(chip.device, chip.fresh, chip.device.snapshot())


@pytest.fixture
def card(chip_with_dkek: Chip) -> VectorCard:
    """A card without keys, for known answers."""
    chip_with_dkek.device.restore(chip_with_dkek.personalised)
    return VectorCard(chip_with_dkek.device)


@pytest.fixture
def vectors() -> Taker:
    """Takes spreads of published cases."""
    return Taker(APDU)


@pytest.fixture
def device(chip: Chip) -> Device:
    """As after power-on."""
    chip.device.restore(chip.fresh)
    return chip.device


@pytest.fixture
def personalised(personalised_chip: Chip) -> Device:
    """Initialised, with the key EC_KEY, nobody logged in."""
    personalised_chip.device.restore(personalised_chip.personalised)
    return personalised_chip.device
