# SPDX-License-Identifier: GPL-2.0-or-later
"""While a command computes the device stays a good citizen of the bus."""

import pytest

from sim.device import Device
from sim.life import card as hsm
from sim.life.card import Card
from sim.usb import ccid_messages as ccid
from sim.usb.ccid_messages import Answer, command
from tests.image.conftest import EC_KEY, PIN

RSA_KEY = 2
SW_FILE_NOT_FOUND = 0x6A82


@pytest.fixture
def busy(personalised: Device) -> Device:
    """A device that generates an RSA-4096 key and has not yet answered."""
    card = Card(personalised.transmit)
    card.verify(PIN)
    data = hsm.tlv(0x5F29, b"\x00") + hsm.tlv(0x7F49, hsm.rsa_key_template(4096))
    apdu = hsm.command(0x00, 0x46, RSA_KEY, 0, data, 65536, extended=True)
    personalised.start_transmit(apdu)
    return personalised


def is_time_extension(answer: Answer) -> bool:
    """bmCommandStatus says "time extension requested", and nothing else is in the message."""
    return answer.command_status == ccid.COMMAND_TIME_EXTENSION and not answer.data


def check_alive(device: Device) -> None:
    """A new session works and the key of the cancelled command does not exist."""
    card = Card(device.transmit)
    card.select()
    card.verify(PIN)
    assert card.send(hsm.command(0x00, 0xB1, 0xCE, RSA_KEY, b"\x54\x00", 256)).sw == (
        SW_FILE_NOT_FOUND
    )
    assert card.sign(EC_KEY, hsm.SIGN_ECDSA_SHA256, b"message")


def test_time_extensions_come_before_the_host_loses_patience(busy: Device) -> None:
    moments = []
    for _ in range(3):
        assert is_time_extension(busy.reader.read_answer())
        moments.append(busy.virtual_ms)
    gaps = [after - before for before, after in zip(moments, moments[1:], strict=False)]
    assert all(1_000 < gap < 2_500 for gap in gaps), gaps


def test_control_requests_are_answered_meanwhile(busy: Device) -> None:
    busy.run_for_ms(500)
    assert len(busy.host.get_descriptor(1, 0, 18)) == 18
    assert busy.host.control(0x80, 8, length=1) == b"\x01"
    assert is_time_extension(busy.reader.read_answer())


def test_another_command_is_refused_meanwhile(busy: Device) -> None:
    busy.run_for_ms(100)
    busy.reader.send_raw(command(ccid.XFR_BLOCK, 0x55, bytes.fromhex("0084000008")))
    answer = Answer.parse(busy.reader.read_raw())
    assert (answer.sequence, answer.error) == (0x55, ccid.ERROR_CMD_SLOT_BUSY)
    assert answer.command_status == ccid.COMMAND_FAILED


def test_slot_status_is_answered_meanwhile(busy: Device) -> None:
    busy.run_for_ms(100)
    busy.reader.send_raw(command(ccid.GET_SLOT_STATUS, 0x56))
    answer = Answer.parse(busy.reader.read_raw())
    assert (answer.kind, answer.sequence, answer.status) == (ccid.SLOT_STATUS, 0x56, 0)


def test_a_bus_reset_ends_the_command_and_the_session(busy: Device) -> None:
    busy.run_for_ms(2_000)
    busy.bus_reset()
    busy.icc_power_on()
    card = Card(busy.transmit)
    assert card.pin_status() != 0x9000
    check_alive(busy)


def test_abort_ends_the_command_and_the_session(busy: Device) -> None:
    assert is_time_extension(busy.reader.read_answer())
    answer = busy.abort()
    assert answer.icc_status == ccid.ICC_ACTIVE
    assert Card(busy.transmit).pin_status() != 0x9000
    check_alive(busy)


def test_the_two_halves_of_abort_may_come_in_any_order(busy: Device) -> None:
    sequence = busy.reader.next_sequence()
    busy.reader.send_raw(command(ccid.ABORT, sequence))
    busy.reader.abort_request(sequence)
    answer = Answer.parse(busy.reader.read_raw())
    assert (answer.kind, answer.sequence, answer.command_status) == (ccid.SLOT_STATUS, sequence, 0)
    check_alive(busy)


def test_between_the_halves_of_abort_commands_fail(busy: Device) -> None:
    busy.run_for_ms(100)
    busy.reader.abort_request(0x60)
    busy.reader.send_raw(command(ccid.XFR_BLOCK, 0x61, bytes.fromhex("0084000008")))
    answer = Answer.parse(busy.reader.read_raw())
    assert (answer.sequence, answer.command_status, answer.error) == (0x61, 1, 0xFF)
    busy.reader.send_raw(command(ccid.ABORT, 0x60))
    answer = Answer.parse(busy.reader.read_raw())
    assert (answer.kind, answer.sequence, answer.command_status) == (ccid.SLOT_STATUS, 0x60, 0)
    check_alive(busy)


def test_power_off_ends_the_command(busy: Device) -> None:
    busy.run_for_ms(100)
    busy.icc_power_off()
    busy.icc_power_on()
    check_alive(busy)


def test_abort_without_a_command_is_answered(personalised: Device) -> None:
    assert personalised.reader.abort().command_status == ccid.COMMAND_PROCESSED
    assert personalised.transmit(bytes.fromhex("0084000008"))[-2:] == b"\x90\x00"
