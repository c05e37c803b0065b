# SPDX-License-Identifier: GPL-2.0-or-later
"""A planted defect that the campaign must notice: nobody compares a commit's MAC.

A short life on the desktop firmware stands for that of a board.
"""

from __future__ import annotations

import pytest

from campaigns.rollback.life import Moment, Record
from campaigns.rollback.situation import Situations
from campaigns.rollback.swaps import Regions, Swap
from campaigns.rollback.verdict import Table, came_back, contradiction
from campaigns.rollback.witness import Observation, observe
from sim.flash import SECTOR_BYTES
from sim.life import card as hsm
from sim.life.card import Card
from sim.life.cvc import find

# ruff: isort: split
from device import Device
from hsm.security.seal import Seal

PIN, SO_PIN = b"648219", b"57621880"
SECTORS = 24
TABLE = Table.load()


class DesktopBoard:
    """The desktop firmware, as the witness wants it."""

    def __init__(self) -> None:
        self.twin = Device(SECTORS)
        self.transmit = self.twin.transmit

    def snapshot(self) -> bytes:
        """The flash; nothing else outlives the power."""
        return self.twin.flash.image()

    def restore(self, snapshot: bytes) -> None:
        """Power on with these contents."""
        self.twin.flash.cells[:] = snapshot
        self.twin.power_on()


@pytest.fixture(scope="module")
def board() -> DesktopBoard:
    return DesktopBoard()


@pytest.fixture(scope="module")
def record(board: DesktopBoard) -> Record:
    """A key is made, a long file takes the log to another sector, the key is deleted."""
    done = Record("pico", 0)
    done.memory.pins["PIN"] = PIN
    card = Card(board.transmit)

    def moment(name: str) -> None:
        before = board.snapshot()
        board.restore(before)
        done.moments.append(Moment(name, before, observe(board, done.memory)))
        board.restore(before)
        card.verify(PIN)

    card.initialize(PIN, SO_PIN, pin_iterations=hsm.PIN_ITERATIONS_MIN)
    moment("initialised")
    value = card.generate_key_pair(1, hsm.ec_key_template("secp256r1"))
    for tag in (0x67, 0x7F21, 0x7F4E, 0x7F49, 0x86):
        value, _ = find(value, tag)
    done.memory.keys["key 1"] = (1, value)
    moment("key generated")
    card.write_file(0xCF01, bytes(SECTOR_BYTES))
    moment("file written")
    card.delete_file(hsm.KEY_PREFIX | 1)
    moment("key deleted")
    return done


def put_back(board: DesktopBoard, record: Record) -> tuple[str, str, Observation]:
    """The key's sector is put back after the deletion: row, contradiction, what the host sees."""
    regions = Regions(record)
    swap = Swap(3, 2, (0,))
    assert 0 in regions.changed(2, 3)
    situation = Situations(record, regions).of(swap)
    board.restore(regions.apply(swap))
    seen = observe(board, record.memory)
    present = record.moments[3].seen
    return situation.row, contradiction(TABLE, "pico", situation, seen, present), seen


def test_a_deleted_key_that_is_put_back_is_refused(board, record):
    assert put_back(board, record) == ("revived", "", Observation("damaged"))


def test_without_the_mac_it_is_back_and_noticed(board, record, monkeypatch):
    monkeypatch.setattr(Seal, "equal", lambda self, a, b: True)
    row, told, seen = put_back(board, record)
    assert row == "revived"
    assert told == "accepted, the table says refused"
    assert came_back(seen, record.moments[3].seen) == {"key"}
