# SPDX-License-Identifier: GPL-2.0-or-later
"""What a READ of private data leaves in RAM: nothing, once the host has all of it."""

from __future__ import annotations

from sim.apdu import GET_RESPONSE, command
from sim.device import Device
from sim.life.card import Card
from tests.image.conftest import PIN

PRIVATE_FILE = 0xCD01
CONTENTS = bytes(range(1, 201)) + b"private to the bone"


def ram(device: Device) -> bytes:
    """SRAM and the USB controller's packet memory."""
    machine = device.machine
    sram = machine.read_memory(machine.chip.sram_base, machine.chip.sram_bytes)
    return sram + bytes(machine.block("USBCTRL_DPRAM").memory)


def write_private_file(device: Device) -> None:
    """Log in and store CONTENTS."""
    card = Card(device.transmit)
    card.verify(PIN)
    data = bytes.fromhex("54020000") + b"\x53\x81" + bytes((len(CONTENTS),)) + CONTENTS
    apdu = command(0x00, 0xD7, PRIVATE_FILE >> 8, PRIVATE_FILE & 0xFF, data)
    assert device.transmit(apdu) == b"\x90\x00"


def read_command(ne: int | None) -> bytes:
    """READ BINARY of the private file from its start; without Ne the card offers what it has."""
    data = bytes.fromhex("54020000")
    return command(0x00, 0xB1, PRIVATE_FILE >> 8, PRIVATE_FILE & 0xFF, data, ne)


def test_written_data_do_not_stay(personalised: Device):
    write_private_file(personalised)
    personalised.run_for_ms(1)
    assert CONTENTS[:16] not in ram(personalised)
    assert CONTENTS[-16:] not in ram(personalised)


def test_read_data_do_not_stay(personalised: Device):
    write_private_file(personalised)
    assert personalised.transmit(read_command(256)) == CONTENTS + b"\x90\x00"
    personalised.run_for_ms(1)
    assert CONTENTS[:16] not in ram(personalised)
    assert CONTENTS[-16:] not in ram(personalised)


def test_the_rest_stays_until_get_response_has_it(personalised: Device):
    write_private_file(personalised)
    assert personalised.transmit(read_command(None)) == bytes((0x61, len(CONTENTS)))
    personalised.run_for_ms(1)
    # The search finds what is there, so that not finding it says something.
    assert CONTENTS[-16:] in ram(personalised)
    rest = personalised.transmit(GET_RESPONSE + bytes((len(CONTENTS),)))
    assert rest == CONTENTS + b"\x90\x00"
    personalised.run_for_ms(1)
    assert CONTENTS[-16:] not in ram(personalised)
