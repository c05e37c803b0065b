# SPDX-License-Identifier: GPL-2.0-or-later
"""Bad input to every command of the image: a row of each kind, on both boards."""

from __future__ import annotations

from typing import Any

import pytest

from sim.device import Device
from tests.image.conftest import Chip
from tests.refusals.cards import CARDS
from tests.refusals.rows import RESCUE_ROWS, ROWS
from tests.refusals.table import Refusal

SUCCESS = b"\x90\x00"


def one_of_each_kind(rows: list[Refusal]) -> list[Refusal]:
    """The first row of each kind of bad input, for each card."""
    return list({(row.why, row.card): row for row in reversed(rows)}.values())


SLICE = {f"{ins:02X}": one_of_each_kind(rows) for ins, rows in ROWS.items()}
SLICE["rescue"] = [row for rows in RESCUE_ROWS.values() for row in one_of_each_kind(rows)]


@pytest.fixture(scope="module")
def snapshots(chip: Chip) -> dict[str, Any]:
    """The cards of the table that were made on the board, by name."""
    return {}


def start(chip: Chip, snapshots: dict[str, Any], card: str) -> Device:
    device = chip.device
    if card not in snapshots:
        device.restore(chip.fresh)
        send_all(device, CARDS[card])
        snapshots[card] = device.snapshot()
    device.restore(snapshots[card])
    return device


def send_all(device: Device, apdus: tuple[bytes, ...]) -> None:
    for apdu in apdus:
        assert device.transmit(apdu)[-2:] == SUCCESS, apdu.hex()


@pytest.mark.parametrize("rows", SLICE.values(), ids=SLICE)
def test_bad_input_is_refused(chip: Chip, snapshots: dict[str, Any], rows: list[Refusal]) -> None:
    for row in rows:
        device = start(chip, snapshots, row.card)
        send_all(device, row.before)
        operations = len(device.journal)
        answer = device.transmit(row.apdu).hex().upper()
        assert answer == f"{row.status_word:04X}", row
        assert (len(device.journal) > operations) == row.costs_a_try, row
        assert device.transmit(row.after)[-2:] == SUCCESS, row
