# SPDX-License-Identifier: GPL-2.0-or-later
"""After a command, what it carried is neither in SRAM nor in the USB controller."""

from __future__ import annotations

import pytest

from sim.life.card import Card
from tests.port.on_chip import Chip

PIN = b"83746152"
SO_PIN = b"57621880"
WRONG_PIN = b"19283746"
SRAM_BASE = 0x2000_0000
# A part of it is as good as the whole.
PART_BYTES = 5


def left(chip: Chip, secret: bytes) -> list[str]:
    """Where parts of the secret are."""
    sram = chip.machine.read_memory(SRAM_BASE, chip.address("__StackTop") - SRAM_BASE)
    memories = {"SRAM": sram, "DPRAM": bytes(chip.machine.block("USBCTRL_DPRAM").memory)}
    parts = [secret[i : i + PART_BYTES] for i in range(len(secret) - PART_BYTES + 1)]
    return [name for name, memory in memories.items() if any(part in memory for part in parts)]


@pytest.fixture
def card(chip: Chip) -> Card:
    card = Card(chip.device.transmit)
    card.select()
    card.initialize(PIN, SO_PIN)
    return card


def test_the_search_finds_what_is_there(chip: Chip) -> None:
    chip.put(b"--" + PIN[1:7])
    assert left(chip, PIN) == ["SRAM"]


def test_pins_are_gone_after_each_command(chip: Chip, card: Card) -> None:
    assert left(chip, PIN) == [] and left(chip, SO_PIN) == []
    card.select()
    card.verify(PIN)
    assert left(chip, PIN) == []
    assert card.try_pin(WRONG_PIN) == 0x63C2
    assert left(chip, WRONG_PIN) == []


def test_a_long_command_is_gone_from_every_buffer(chip: Chip, card: Card) -> None:
    marker = bytes(range(200, 240)) * 100
    # VERIFY with far too long a PIN: refused, after all of it has been received.
    apdu = bytes.fromhex("00200081") + b"\0" + len(marker).to_bytes(2, "big") + marker
    assert chip.device.transmit(apdu)[-2:] != b"\x90\x00"
    assert left(chip, marker[:40]) == []


def test_a_command_that_the_host_gives_up_is_gone(chip: Chip, card: Card) -> None:
    chip.device.reader.start_transmit(bytes.fromhex("0020008108") + PIN)
    chip.device.bus_reset()
    chip.device.icc_power_on()
    assert left(chip, PIN) == []


def test_random_bytes_are_gone_with_the_session(chip: Chip, card: Card) -> None:
    challenge = chip.device.transmit(bytes.fromhex("0084000040"))[:-2]
    chip.device.icc_power_off()
    chip.device.icc_power_on()
    # The driver answers by itself; the interpreter hears of it afterwards, before any command.
    chip.device.run_for_ms(1)
    assert left(chip, challenge) == []
