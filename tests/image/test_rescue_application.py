# SPDX-License-Identifier: GPL-2.0-or-later
"""READ of the rescue application, against the flash of the chip model."""

from __future__ import annotations

import struct

from sim.apdu import command
from sim.device import Device
from sim.flash import SECTOR_BYTES
from sim.life.card import Card
from tests.image.conftest import PIN, SO_PIN

AID = bytes.fromhex("A0583FC19B7E4F21")
ERASES_RATED = 100_000


def numbers(device: Device, p2: int) -> tuple[int, ...]:
    """The five numbers of READ, P1 02."""
    assert device.transmit(command(0x00, 0xA4, 0x04, 0x00, AID, 256))[-2:] == b"\x90\x00"
    answer = device.transmit(command(0x80, 0x1E, 0x02, p2, ne=256))
    assert answer[-2:] == b"\x90\x00"
    return struct.unpack(">5I", answer[:-2])


def test_space(personalised: Device) -> None:
    free, used, total, files, size = numbers(personalised, 0)
    assert free + used == total and used > 0
    # Of the device: key, description, request, certificate; of EC_KEY: key, description, request.
    assert files == 7
    assert size == personalised.board.flash.size_bytes
    card = Card(personalised.transmit)
    card.select()
    assert card.version()[:4] == free.to_bytes(4, "big")


def test_wear(device: Device) -> None:
    layout = device.board.flash
    sectors = layout.data_size_bytes // SECTOR_BYTES
    assert numbers(device, 1) == (0, 0, 0, sectors, ERASES_RATED)
    card = Card(device.transmit)
    card.select()
    card.initialize(PIN, SO_PIN, pin_iterations=16)
    for _ in range(8):
        card.write_file(0xCF01, bytes(3000))
    first = layout.data_offset // SECTOR_BYTES
    counts = device.flash.wear.erase_counts[first : first + sectors]
    assert sum(counts) > 0
    assert numbers(device, 1) == (max(counts), sum(counts), 0, sectors, ERASES_RATED)
