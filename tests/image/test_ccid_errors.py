# SPDX-License-Identifier: GPL-2.0-or-later
"""Bad CCID frames get the error the specification names; the next one works."""

import pytest

from sim.device import Device
from sim.usb import ccid_messages as ccid
from sim.usb.ccid_messages import Answer, command
from sim.usb.transfer import UsbTimeout

GET_CHALLENGE = bytes.fromhex("0084000008")
UNSUPPORTED = (
    ccid.ESCAPE,
    ccid.ICC_CLOCK,
    ccid.T0_APDU,
    ccid.SECURE,
    ccid.MECHANICAL,
    0x00,
    0x60,
    0x80,
    0xFF,
)


def exchange(device: Device, frame: bytes) -> Answer:
    """Send a raw frame and read its answer."""
    device.reader.send_raw(frame)
    return Answer.parse(device.reader.read_raw())


def check_alive(device: Device) -> None:
    """The next good frame works."""
    assert device.transmit(GET_CHALLENGE)[-2:] == b"\x90\x00"


def check_failed(answer: Answer, sequence: int, error: int) -> None:
    """A failed command with this bError, bSeq echoed, no data."""
    assert answer.command_status == ccid.COMMAND_FAILED
    assert answer.error == error
    assert answer.sequence == sequence
    assert answer.length == 0 and not answer.data


@pytest.mark.parametrize("kind", UNSUPPORTED)
def test_an_unsupported_message_is_answered(device: Device, kind: int) -> None:
    answer = exchange(device, command(kind, 0x31))
    check_failed(answer, 0x31, ccid.ERROR_COMMAND_NOT_SUPPORTED)
    if kind in (ccid.ESCAPE, ccid.SECURE):
        assert answer.kind == ccid.ANSWER_TYPES[kind]
    check_alive(device)


@pytest.mark.parametrize(
    "kind", [ccid.ICC_POWER_ON, ccid.GET_SLOT_STATUS, ccid.XFR_BLOCK, ccid.GET_PARAMETERS]
)
def test_an_absent_slot_is_named(device: Device, kind: int) -> None:
    answer = exchange(device, command(kind, 0x32, slot=1))
    check_failed(answer, 0x32, ccid.ERROR_BAD_SLOT)
    assert answer.slot == 1
    assert answer.icc_status == ccid.ICC_ABSENT
    check_alive(device)


@pytest.mark.parametrize("announced", [0, 4, 6, 60, 4000])
def test_a_length_that_is_not_the_frames_is_named(device: Device, announced: int) -> None:
    frame = command(ccid.XFR_BLOCK, 0x33, GET_CHALLENGE, length=announced)
    check_failed(exchange(device, frame), 0x33, ccid.ERROR_BAD_LENGTH)
    check_alive(device)


@pytest.mark.parametrize("announced", [5000, 0x7FFF_FFFF, 0xFFFF_FFFF])
def test_an_impossible_length_is_named(device: Device, announced: int) -> None:
    frame = command(ccid.XFR_BLOCK, 0x34, GET_CHALLENGE, length=announced)
    check_failed(exchange(device, frame), 0x34, ccid.ERROR_BAD_LENGTH)
    check_alive(device)


def test_a_frame_shorter_than_a_header_is_answered(device: Device) -> None:
    answer = exchange(device, b"\x65\x00\x00")
    assert answer.kind == ccid.SLOT_STATUS
    check_failed(answer, 0, ccid.ERROR_BAD_LENGTH)
    check_alive(device)


def test_a_long_frame_with_a_wrong_length_is_thrown_away_whole(device: Device) -> None:
    frame = command(ccid.XFR_BLOCK, 0x35, bytes(200), length=20)
    check_failed(exchange(device, frame), 0x35, ccid.ERROR_BAD_LENGTH)
    check_alive(device)


@pytest.mark.parametrize("level", [ccid.CHAIN_LAST, ccid.CHAIN_MIDDLE, ccid.CHAIN_CONTINUE, 0x77])
def test_a_chain_without_a_beginning_is_refused(device: Device, level: int) -> None:
    frame = command(ccid.XFR_BLOCK, 0x36, GET_CHALLENGE, parameters=bytes((0, level, 0)))
    check_failed(exchange(device, frame), 0x36, ccid.ERROR_BAD_LEVEL_PARAMETER)
    check_alive(device)


@pytest.mark.parametrize("level", [ccid.CHAIN_WHOLE, ccid.CHAIN_FIRST])
def test_a_break_in_the_chain_is_refused(device: Device, level: int) -> None:
    first = command(ccid.XFR_BLOCK, 0x37, b"\x00\x84", parameters=bytes((0, 1, 0)))
    answer = exchange(device, first)
    assert (answer.parameter, answer.data) == (ccid.CHAIN_CONTINUE, b"")
    broken = command(ccid.XFR_BLOCK, 0x38, GET_CHALLENGE, parameters=bytes((0, level, 0)))
    check_failed(exchange(device, broken), 0x38, ccid.ERROR_BAD_LEVEL_PARAMETER)
    check_alive(device)


def test_a_chained_command_is_put_together(device: Device) -> None:
    device.reader.block_bytes_max = 2
    assert len(device.transmit(GET_CHALLENGE)) == 10


def test_a_long_chained_command_is_put_together(device: Device) -> None:
    device.reader.block_bytes_max = 1000
    select = bytes.fromhex("00A40400001000") + bytes(0x1000) + b"\x00\x00"
    assert device.transmit(select) == b"\x6a\x82"


def test_a_chain_longer_than_any_command_is_refused(device: Device) -> None:
    block = bytes(4000)
    first = command(ccid.XFR_BLOCK, 1, block, parameters=bytes((0, 1, 0)))
    assert exchange(device, first).command_status == ccid.COMMAND_PROCESSED
    second = command(ccid.XFR_BLOCK, 2, block, parameters=bytes((0, 3, 0)))
    check_failed(exchange(device, second), 2, ccid.ERROR_BAD_LENGTH)
    check_alive(device)


def test_an_apdu_below_four_bytes_is_answered(device: Device) -> None:
    answer = exchange(device, command(ccid.XFR_BLOCK, 3, b"\x00\xa4"))
    check_failed(answer, 3, ccid.ERROR_BAD_LENGTH)
    check_alive(device)


def test_an_inactive_icc_is_mute(device: Device) -> None:
    device.icc_power_off()
    answer = exchange(device, command(ccid.XFR_BLOCK, 4, GET_CHALLENGE))
    check_failed(answer, 4, 0xFE)
    assert answer.icc_status == ccid.ICC_INACTIVE
    device.icc_power_on()
    check_alive(device)


def test_a_busy_slot_says_so(device: Device) -> None:
    device.reader.send_raw(command(ccid.XFR_BLOCK, 5, GET_CHALLENGE))
    device.reader.send_raw(command(ccid.XFR_BLOCK, 6, GET_CHALLENGE))
    answers = [Answer.parse(device.reader.read_raw()) for _ in range(2)]
    by_sequence = {answer.sequence: answer for answer in answers}
    assert by_sequence[5].data[-2:] == b"\x90\x00"
    check_failed(by_sequence[6], 6, ccid.ERROR_CMD_SLOT_BUSY)
    check_alive(device)


def test_sequence_numbers_are_echoed_whatever_they_are(device: Device) -> None:
    for sequence in (0, 255, 7, 7, 128):
        answer = exchange(device, command(ccid.GET_SLOT_STATUS, sequence))
        assert (answer.sequence, answer.command_status) == (sequence, 0)


def test_parameters_say_t1(device: Device) -> None:
    protocol, data = device.reader.parameters()
    assert (protocol, data.hex()) == (1, "1110fe5503fe00")


@pytest.mark.parametrize("select", [4, 0x80])
def test_an_unknown_voltage_is_refused(device: Device, select: int) -> None:
    frame = command(ccid.ICC_POWER_ON, 8, parameters=bytes((select, 0, 0)))
    check_failed(exchange(device, frame), 8, 7)
    check_alive(device)


def test_nothing_comes_on_the_interrupt_pipe(device: Device) -> None:
    with pytest.raises(UsbTimeout):
        device.reader.read_interrupt(1_000_000)


@pytest.mark.parametrize("length", [52, 116, 180, 244, 52 + 64 * 15])
def test_answers_that_fill_their_packets_end_with_an_empty_one(device: Device, length: int) -> None:
    ne = length.to_bytes(2, "big") if length > 256 else bytes((length,))
    apdu = bytes.fromhex("00840000") + (b"\0" if length > 256 else b"") + ne
    answer = device.transmit(apdu)
    assert (10 + len(answer)) % 64 == 0 and answer[-2:] == b"\x90\x00"
    check_alive(device)


@pytest.mark.parametrize("length", [49, 113])
def test_commands_that_fill_their_packets_need_no_empty_one(device: Device, length: int) -> None:
    select = bytes((0x00, 0xA4, 0x04, 0x00, length)) + bytes(length)
    assert (10 + len(select)) % 64 == 0
    assert device.transmit(select) == b"\x6a\x82"
