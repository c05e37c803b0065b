# SPDX-License-Identifier: GPL-2.0-or-later
"""The image on a flash that fails; it asks for nothing impossible."""

from __future__ import annotations

import pytest

from sim.device import Device
from sim.flash import PAGE_BYTES, SECTOR_BYTES
from sim.flash.endurance import BadSector, Endurance, OperationFault
from sim.flash.journal import Operation
from sim.life import card as hsm
from sim.life.card import Card
from tests.image.conftest import EC_KEY, PIN, SO_PIN

# A CA certificate: listed, readable by everyone.
FILE = 0xCA10
MEMORY_FAILURE, FULL, DONE = 0x6581, 0x6A84, 0x9000
CONTENT = b"content!" * 175
# More than a sector holds.
WRITES = 4


def write(device: Device, number: int, content: bytes) -> int:
    """The status word of writing a small file."""
    return Card(device.transmit).update_binary(FILE + number, 0, content)


def restarted(device: Device) -> Card:
    """The card after a power cycle, applet selected."""
    device.power_off()
    device.power_on()
    card = Card(device.transmit)
    card.select()
    return card


def wear_out(device: Device, behaviour: BadSector) -> None:
    """All free sectors of the data region are at their end, and none of them reads erased."""
    layout = device.board.flash
    first = layout.data_offset // SECTOR_BYTES
    flash = device.flash
    flash.endurance = Endurance(8, behaviour)
    for sector in range(first, first + layout.data_size_bytes // SECTOR_BYTES):
        if flash.read(sector * SECTOR_BYTES, 2) == b"\xff\xff":
            flash.wear.erase_counts[sector] = 9
            flash.poke((sector + 1) * SECTOR_BYTES - 1, b"\0")


@pytest.mark.parametrize("behaviour", BadSector)
def test_a_worn_out_flash_is_a_status_word_and_loses_nothing(
    personalised: Device, behaviour: BadSector
) -> None:
    card = Card(personalised.transmit)
    card.verify(PIN)
    assert write(personalised, 0, b"kept") == DONE
    wear_out(personalised, behaviour)
    statuses = {}
    for number in range(1, WRITES):
        # A failure ends the session.
        sw = card.try_pin(PIN)
        statuses[number] = write(personalised, number, CONTENT) if sw == DONE else sw
    assert set(statuses.values()) <= {DONE, MEMORY_FAILURE, FULL}
    assert set(statuses.values()) != {DONE}
    # On cells that work again, all that was acknowledged is there, and nothing else.
    personalised.flash.endurance = None
    card = restarted(personalised)
    card.verify(PIN)
    assert len(card.sign(EC_KEY, hsm.SIGN_ECDSA_SHA256, b"message")) > 64
    found = {id: card.read_file(id) for id in card.list_objects() if id >> 8 == FILE >> 8}
    done = {FILE + number: CONTENT for number, sw in statuses.items() if sw == DONE}
    assert found == {FILE: b"kept", **done}


@pytest.mark.parametrize("effect", ["none", "half", "full"])
def test_an_operation_that_fails_once(personalised: Device, effect: str) -> None:
    card = Card(personalised.transmit)
    card.verify(PIN)
    assert write(personalised, 0, b"old" * 30) == DONE
    before = personalised.flash.operation_count
    saved = personalised.snapshot()
    assert write(personalised, 0, b"new" * 30) == DONE
    total = personalised.flash.operation_count - before
    assert total >= 3
    for at in range(total):
        personalised.restore(saved)
        personalised.flash.faults = [OperationFault(before + at, effect)]
        sw = write(personalised, 0, b"new" * 30)
        assert sw == DONE if effect == "full" else sw in (DONE, MEMORY_FAILURE), at
        expected = b"new" * 30 if sw == DONE else b"old" * 30
        card = Card(personalised.transmit)
        card.select()
        card.verify(PIN)
        assert card.read_file(FILE) == expected, at
        assert write(personalised, 1, b"goes on") == DONE, at
        card = restarted(personalised)
        card.verify(PIN)
        assert card.read_file(FILE) == expected, at
        assert card.read_file(FILE + 1) == b"goes on", at


def test_a_life_stays_inside_the_region_and_asks_for_nothing_impossible(device: Device) -> None:
    device.flash.strict = True
    begin = device.flash.operation_count
    card = Card(device.transmit)
    card.select()
    for _ in range(2):
        card.initialize(PIN, SO_PIN, pin_iterations=hsm.PIN_ITERATIONS_MIN)
        card.select()
        card.verify(PIN)
        template = hsm.ec_key_template("secp256r1")
        for key in (1, 2):
            card.generate_key_pair(key, template, uses=20)
        for number in range(10):
            card.sign(1, hsm.SIGN_ECDSA_SHA256, b"message")
            card.write_file(FILE, bytes((number,)) * 1500)
            assert card.try_pin(b"000000") == 0x63C2
            card.verify(PIN)
        card.delete_file(hsm.KEY_PREFIX | 2)
        card.change_pin(PIN, b"112358")
        card = restarted(device)
        card.reset_retry_counter(SO_PIN, PIN)
    entries = device.journal[begin:]
    layout = device.board.flash
    end = layout.data_offset + layout.data_size_bytes
    for entry in entries:
        assert layout.data_offset <= entry.offset
        assert entry.offset + len(entry.before) <= end
        assert len(entry.before) == (
            SECTOR_BYTES if entry.operation is Operation.ERASE else PAGE_BYTES
        )
    assert {entry.operation for entry in entries} == set(Operation)
    assert device.flash.impossible == []
    assert device.machine.faults == []
