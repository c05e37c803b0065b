# SPDX-License-Identifier: GPL-2.0-or-later
"""What a READ of private data leaves in RAM: nothing, once the host has all of it."""

from __future__ import annotations

from sim.apdu import GET_RESPONSE, command
from sim.device import Device
from sim.life.card import Card
from sim.usb import ccid_messages as ccid
from sim.usb.ccid_messages import Answer
from sim.usb.descriptors import TRANSFER_BULK
from tests.image.conftest import PIN

PRIVATE_FILE = 0xCD01
CONTENTS = bytes(range(1, 201)) + b"private to the bone"


def ram(device: Device) -> bytes:
    """SRAM and the USB controller's packet memory."""
    machine = device.machine
    sram = machine.read_memory(machine.chip.sram_base, machine.chip.sram_bytes)
    return sram + bytes(machine.block("USBCTRL_DPRAM").memory)


def packets(device: Device) -> bytes:
    """The USB controller's packet memory alone."""
    return bytes(device.machine.block("USBCTRL_DPRAM").memory)


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


def leave_an_answer_unread(device: Device) -> None:
    """READ the private file without taking the answer; its first packets wait in the controller."""
    write_private_file(device)
    device.reader.start(ccid.XFR_BLOCK, read_command(256))
    device.run_for_ms(500)
    assert CONTENTS[:16] in packets(device)


def test_an_answer_that_is_given_up_is_sent_whole(personalised: Device):
    """The rest of it must not be wiped under the controller's hands, and is once it is through."""
    leave_an_answer_unread(personalised)
    reader = personalised.reader
    sequence = reader.next_sequence()
    reader.abort_request(sequence)
    personalised.run_for_ms(1)
    reader.send_raw(ccid.command(ccid.ABORT, sequence))
    assert Answer.parse(reader.read_raw()).data == CONTENTS + b"\x90\x00"
    assert reader.read_answer().kind == ccid.SLOT_STATUS
    personalised.run_for_ms(1)
    assert CONTENTS[-16:] not in ram(personalised)
    assert personalised.transmit(command(0x00, 0x84, ne=8))[-2:] == b"\x90\x00"


def test_an_answer_that_the_host_throws_away_does_not_stay(personalised: Device):
    """CLEAR_FEATURE(ENDPOINT_HALT) takes back what was armed."""
    leave_an_answer_unread(personalised)
    assert personalised.host.configuration is not None
    bulk_in = personalised.host.configuration.ccid_interface.endpoint(TRANSFER_BULK, True)
    assert bulk_in is not None
    personalised.host.clear_halt(bulk_in.number, True)
    personalised.run_for_ms(1)
    assert CONTENTS[:16] not in ram(personalised)
    assert CONTENTS[-16:] not in ram(personalised)
    assert personalised.transmit(command(0x00, 0x84, ne=8))[-2:] == b"\x90\x00"
