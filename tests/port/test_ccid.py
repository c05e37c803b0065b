# SPDX-License-Identifier: GPL-2.0-or-later
"""The CCID codec: every message, every error, chains both ways, ABORT, sessions."""

from __future__ import annotations

import struct

import pytest

from tests.port.codec import (
    ABORT,
    DATA_BLOCK,
    DATA_RATE_AND_CLOCK,
    ESCAPE,
    ESCAPE_REPLY,
    GET_PARAMETERS,
    GET_SLOT_STATUS,
    ICC_CLOCK,
    ICC_POWER_OFF,
    ICC_POWER_ON,
    MECHANICAL,
    PARAMETERS,
    RESET_PARAMETERS,
    SECURE,
    SET_DATA_RATE_AND_CLOCK,
    SET_PARAMETERS,
    SLOT_STATUS,
    T0_APDU,
    XFR_BLOCK,
    Answer,
    Codec,
    frame,
)

APDU = bytes.fromhex("00840000 08")
T1_PARAMETERS = bytes.fromhex("1110FE5503FE00")
BAD_LENGTH, BAD_SLOT, BAD_SPECIFIC, BAD_LEVEL = 1, 5, 7, 8
SLOT_BUSY, ICC_MUTE, CMD_ABORTED = 0xE0, 0xFE, 0xFF
FAILED = 0x40
WHOLE, FIRST, LAST, MIDDLE, EMPTY = 0, 1, 2, 3, 0x10


@pytest.fixture
def active(codec: Codec) -> Codec:
    codec.power_on()
    return codec


def check_failed(answer: Answer, kind: int, sequence: int, error: int, icc: int = 0) -> None:
    assert answer == Answer(kind, 0, sequence, FAILED | icc, error, 0, b"")


# --- Messages -------------------------------------------------------------------------------------


def test_slot_status_follows_the_power(codec: Codec) -> None:
    assert codec.exchange(frame(GET_SLOT_STATUS, 1)).status == 1
    codec.power_on()
    assert codec.exchange(frame(GET_SLOT_STATUS, 2)).status == 0
    answer = codec.exchange(frame(ICC_POWER_OFF, 3))
    assert answer == Answer(SLOT_STATUS, 0, 3, 1, 0, 0, b"")
    assert codec.take() == "end"


@pytest.mark.parametrize("kind", [GET_PARAMETERS, RESET_PARAMETERS])
def test_parameters_are_those_of_t1(active: Codec, kind: int) -> None:
    answer = active.exchange(frame(kind, 4))
    assert answer == Answer(PARAMETERS, 0, 4, 0, 0, 1, T1_PARAMETERS)


def test_parameters_cannot_be_changed(active: Codec) -> None:
    request = frame(SET_PARAMETERS, 5, bytes(7), specific=1)
    assert active.exchange(request).data == T1_PARAMETERS
    wrong_protocol = frame(SET_PARAMETERS, 6, bytes(7), specific=0)
    check_failed(active.exchange(wrong_protocol), PARAMETERS, 6, BAD_SPECIFIC)
    check_failed(active.exchange(frame(SET_PARAMETERS, 7, bytes(5))), PARAMETERS, 7, BAD_LENGTH)


def test_data_rate_and_clock_are_fixed(active: Codec) -> None:
    answer = active.exchange(frame(SET_DATA_RATE_AND_CLOCK, 8, bytes(8)))
    assert answer.kind == DATA_RATE_AND_CLOCK
    assert struct.unpack("<II", answer.data) == (3580, 9600)


@pytest.mark.parametrize("voltage", [0, 1, 2, 3])
def test_every_voltage_powers_on(codec: Codec, voltage: int) -> None:
    assert codec.exchange(frame(ICC_POWER_ON, 9, specific=voltage)).status == 0


def test_unknown_voltage_is_refused(codec: Codec) -> None:
    answer = codec.exchange(frame(ICC_POWER_ON, 10, specific=4))
    check_failed(answer, DATA_BLOCK, 10, BAD_SPECIFIC, icc=1)
    assert codec.take() == "nothing"


@pytest.mark.parametrize(
    ("kind", "reply"),
    [
        (ESCAPE, ESCAPE_REPLY),
        (SECURE, DATA_BLOCK),
        (ICC_CLOCK, SLOT_STATUS),
        (T0_APDU, SLOT_STATUS),
        (MECHANICAL, SLOT_STATUS),
        (0x00, SLOT_STATUS),
        (0x80, SLOT_STATUS),
        (0xFF, SLOT_STATUS),
    ],
)
@pytest.mark.parametrize("length", [0, 1, 54, 55, 300])
def test_what_is_not_supported_is_answered(
    active: Codec, kind: int, reply: int, length: int
) -> None:
    check_failed(active.exchange(frame(kind, 11, bytes(length))), reply, 11, 0)
    active.check_alive()


@pytest.mark.parametrize(
    "kind", [ICC_POWER_ON, ICC_POWER_OFF, GET_SLOT_STATUS, GET_PARAMETERS, RESET_PARAMETERS]
)
def test_data_where_none_belongs(active: Codec, kind: int) -> None:
    answer = active.exchange(frame(kind, 12, b"\0"))
    assert (answer.status & 0xC0, answer.error) == (FAILED, BAD_LENGTH)
    active.check_alive()


@pytest.mark.parametrize(
    ("kind", "reply", "error"),
    [
        (ICC_POWER_ON, DATA_BLOCK, BAD_LENGTH),
        (ICC_POWER_OFF, SLOT_STATUS, BAD_LENGTH),
        (GET_SLOT_STATUS, SLOT_STATUS, BAD_LENGTH),
        (GET_PARAMETERS, PARAMETERS, BAD_LENGTH),
        (SET_PARAMETERS, PARAMETERS, BAD_LENGTH),
        (SET_DATA_RATE_AND_CLOCK, DATA_RATE_AND_CLOCK, BAD_LENGTH),
        (ABORT, SLOT_STATUS, BAD_LENGTH),
        (ESCAPE, ESCAPE_REPLY, 0),
    ],
)
@pytest.mark.parametrize("length", [4343, 5000, 0xFFFFFFF6, 0xFFFFFFFF])
@pytest.mark.parametrize("sent", [0, 54, 5000])
def test_an_impossible_length_of_any_message(
    active: Codec, kind: int, reply: int, error: int, length: int, sent: int
) -> None:
    answer = active.exchange(frame(kind, 12, bytes(sent), length=length))
    check_failed(answer, reply, 12, error)
    active.check_alive()


def test_there_is_one_slot(active: Codec) -> None:
    answer = active.exchange(frame(GET_SLOT_STATUS, 13, slot=3))
    assert answer == Answer(SLOT_STATUS, 3, 13, FAILED | 2, BAD_SLOT, 0, b"")


# --- Commands -------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [4, 5, 53, 54, 55, 117, 118, 119, 1000, 4104, 4105])
def test_a_command_of_any_length(active: Codec, length: int) -> None:
    apdu = bytes(i & 0xFF or 1 for i in range(length))
    active.send(frame(XFR_BLOCK, 14, apdu))
    assert active.receive() is None
    assert active.take() == apdu
    active.respond(b"\x90\x00")
    assert active.receive() == Answer(DATA_BLOCK, 0, 14, 0, 0, 0, b"\x90\x00")
    active.check_alive()


@pytest.mark.parametrize("length", [0, 1, 3])
def test_less_than_a_command(active: Codec, length: int) -> None:
    check_failed(active.exchange(frame(XFR_BLOCK, 15, bytes(length))), DATA_BLOCK, 15, BAD_LENGTH)
    active.check_alive()


def test_more_than_a_command(active: Codec) -> None:
    check_failed(active.exchange(frame(XFR_BLOCK, 16, bytes(4106))), DATA_BLOCK, 16, BAD_LENGTH)
    active.check_alive()


@pytest.mark.parametrize("length", [2, 54, 4098])
def test_a_response_of_any_length(active: Codec, length: int) -> None:
    response = bytes(i * 7 & 0xFF for i in range(length))
    active.send(frame(XFR_BLOCK, 17, APDU))
    active.take()
    active.respond(response)
    assert active.receive() == Answer(DATA_BLOCK, 0, 17, 0, 0, 0, response)


def test_an_inactive_icc_is_mute(codec: Codec) -> None:
    check_failed(codec.exchange(frame(XFR_BLOCK, 18, APDU)), DATA_BLOCK, 18, ICC_MUTE, icc=1)


def test_a_busy_slot_says_so_and_goes_on(active: Codec) -> None:
    active.send(frame(XFR_BLOCK, 19, APDU))
    check_failed(active.exchange(frame(XFR_BLOCK, 20, bytes(200))), DATA_BLOCK, 20, SLOT_BUSY)
    assert active.take() == APDU
    check_failed(active.exchange(frame(XFR_BLOCK, 21, APDU)), DATA_BLOCK, 21, SLOT_BUSY)
    assert active.exchange(frame(GET_SLOT_STATUS, 22)).status == 0
    active.respond(b"\x90\x00")
    assert active.receive() == Answer(DATA_BLOCK, 0, 19, 0, 0, 0, b"\x90\x00")


def test_a_slot_is_busy_until_the_response_is_taken(active: Codec) -> None:
    active.send(frame(XFR_BLOCK, 23, APDU))
    active.take()
    active.respond(b"\x61\x00")
    active.ask("peek")
    active.send(frame(XFR_BLOCK, 24, APDU))
    active.ask("sent")
    refused = active.receive()
    assert refused
    check_failed(refused, DATA_BLOCK, 24, SLOT_BUSY)
    active.check_alive()


def test_time_extensions_only_while_a_command_runs(active: Codec) -> None:
    active.ask("extend")
    assert active.receive() is None
    active.send(frame(XFR_BLOCK, 25, APDU))
    for _ in range(3):
        active.ask("extend")
        assert active.receive() == Answer(DATA_BLOCK, 0, 25, 0x80, 0, 0, b"")
    active.take()
    active.ask("extend")
    active.ask("extend")
    assert active.receive() == Answer(DATA_BLOCK, 0, 25, 0x80, 0, 0, b"")
    active.respond(b"\x90\x00")
    active.ask("extend")
    assert active.receive() == Answer(DATA_BLOCK, 0, 25, 0, 0, 0, b"\x90\x00")
    assert active.receive() is None


# --- Broken transfers -----------------------------------------------------------------------------


@pytest.mark.parametrize("sent", [10, 11, 14, 63])
def test_a_short_packet_ends_a_message_that_promised_more(active: Codec, sent: int) -> None:
    message = frame(XFR_BLOCK, 26, bytes(100))[:sent]
    check_failed(active.exchange(message), DATA_BLOCK, 26, BAD_LENGTH)
    active.check_alive()


@pytest.mark.parametrize("length", [0, 1, 4, 20, 53])
@pytest.mark.parametrize("extra", [1, 54, 60, 118, 300])
def test_more_data_than_announced(active: Codec, length: int, extra: int) -> None:
    sent = length + extra
    answer = active.exchange(frame(XFR_BLOCK, 27, b"\x55" * sent, length=length))
    check_failed(answer, DATA_BLOCK, 27, BAD_LENGTH)
    active.check_alive()


@pytest.mark.parametrize("length", [4343, 0x10000, 0x7FFFFFFF, 0xFFFFFFF6, 0xFFFFFFFF])
@pytest.mark.parametrize("sent", [0, 54, 5000])
def test_an_impossible_length(active: Codec, length: int, sent: int) -> None:
    answer = active.exchange(frame(XFR_BLOCK, 28, bytes(sent), length=length))
    check_failed(answer, DATA_BLOCK, 28, BAD_LENGTH)
    active.check_alive()


@pytest.mark.parametrize("sent", range(1, 10))
def test_less_than_a_header(active: Codec, sent: int) -> None:
    answer = active.exchange(frame(GET_SLOT_STATUS, 29)[:sent])
    assert (answer.kind, answer.status, answer.error) == (SLOT_STATUS, FAILED, BAD_LENGTH)
    active.check_alive()


def test_empty_packets_between_messages_are_allowed(active: Codec) -> None:
    active.send(frame(XFR_BLOCK, 30, bytes(53) + b"\1"))
    assert active.packet(b"")
    assert active.take() == bytes(53) + b"\1"


def test_an_empty_packet_ends_a_message(active: Codec) -> None:
    assert active.packet(frame(XFR_BLOCK, 31, bytes(100))[:64])
    assert active.packet(b"")
    answer = active.receive()
    assert answer
    check_failed(answer, DATA_BLOCK, 31, BAD_LENGTH)
    active.check_alive()


def test_the_host_waits_while_an_answer_waits(active: Codec) -> None:
    assert active.packet(frame(GET_SLOT_STATUS, 32))
    assert not active.packet(frame(GET_SLOT_STATUS, 33))
    assert active.receive()
    assert active.packet(frame(GET_SLOT_STATUS, 33))


# --- Chains ---------------------------------------------------------------------------------------


def continuation(answer: Answer, sequence: int) -> None:
    assert answer == Answer(DATA_BLOCK, 0, sequence, 0, 0, EMPTY, b"")


def test_a_command_in_blocks(active: Codec) -> None:
    apdu = bytes(range(256)) * 16
    continuation(active.exchange(frame(XFR_BLOCK, 1, apdu[:1000], level=FIRST)), 1)
    continuation(active.exchange(frame(XFR_BLOCK, 2, apdu[1000:1001], level=MIDDLE)), 2)
    continuation(active.exchange(frame(XFR_BLOCK, 3, b"", level=MIDDLE)), 3)
    active.send(frame(XFR_BLOCK, 4, apdu[1001:], level=LAST))
    assert active.take() == apdu
    active.respond(b"\x90\x00")
    assert active.receive() == Answer(DATA_BLOCK, 0, 4, 0, 0, 0, b"\x90\x00")


@pytest.mark.parametrize("level", [LAST, MIDDLE, EMPTY, 4, 0x11, 0x0100, 0xFFFF])
def test_no_block_without_a_first_one(active: Codec, level: int) -> None:
    check_failed(active.exchange(frame(XFR_BLOCK, 5, APDU, level=level)), DATA_BLOCK, 5, BAD_LEVEL)
    active.check_alive()


@pytest.mark.parametrize("level", [WHOLE, FIRST, EMPTY, 9])
def test_a_break_in_the_chain_forgets_it(active: Codec, level: int) -> None:
    continuation(active.exchange(frame(XFR_BLOCK, 6, b"\xaa\xaa", level=FIRST)), 6)
    check_failed(active.exchange(frame(XFR_BLOCK, 7, APDU, level=level)), DATA_BLOCK, 7, BAD_LEVEL)
    assert active.command_bytes_left() == 0
    active.check_alive()


def test_a_chain_longer_than_any_command(active: Codec) -> None:
    continuation(active.exchange(frame(XFR_BLOCK, 8, bytes(4000), level=FIRST)), 8)
    too_much = frame(XFR_BLOCK, 9, bytes(106), level=LAST)
    check_failed(active.exchange(too_much), DATA_BLOCK, 9, BAD_LENGTH)
    active.check_alive()


@pytest.mark.parametrize("length", [0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFF060])
def test_a_chain_whose_length_wraps(active: Codec, length: int) -> None:
    """Lengths are of 32 bits here as on the chip: the sum of the two blocks is small again."""
    continuation(active.exchange(frame(XFR_BLOCK, 8, bytes(4000), level=FIRST)), 8)
    too_much = frame(XFR_BLOCK, 9, b"", level=LAST, length=length)
    check_failed(active.exchange(too_much), DATA_BLOCK, 9, BAD_LENGTH)
    active.check_alive()


def test_other_messages_do_not_break_a_chain(active: Codec) -> None:
    continuation(active.exchange(frame(XFR_BLOCK, 10, APDU[:2], level=FIRST)), 10)
    assert active.exchange(frame(GET_SLOT_STATUS, 11)).status == 0
    assert active.exchange(frame(ESCAPE, 12)).error == 0
    active.send(frame(XFR_BLOCK, 13, APDU[2:], level=LAST))
    assert active.take() == APDU


def test_a_power_cycle_breaks_a_chain(active: Codec) -> None:
    continuation(active.exchange(frame(XFR_BLOCK, 14, b"\xaa\xbb\xcc", level=FIRST)), 14)
    active.power_on()
    assert active.command_bytes_left() == 0
    check_failed(active.exchange(frame(XFR_BLOCK, 15, APDU, level=LAST)), DATA_BLOCK, 15, BAD_LEVEL)


def receive_blocks(codec: Codec) -> list[Answer]:
    """All blocks of the response to the command with bSeq 1."""
    blocks = []
    for sequence in range(1, 100):
        answer = codec.receive()
        assert answer and answer.sequence == sequence and answer.status == 0
        blocks.append(answer)
        if answer.specific in (WHOLE, LAST):
            break
        codec.send(frame(XFR_BLOCK, sequence + 1, level=EMPTY))
    return blocks


@pytest.mark.parametrize("length", [54, 55, 108, 109, 500, 4098])
def test_a_response_in_blocks(codec: Codec, length: int) -> None:
    codec.start(message_max_bytes=64)
    codec.power_on()
    response = bytes(i * 5 + 1 & 0xFF for i in range(length))
    codec.send(frame(XFR_BLOCK, 1, APDU))
    codec.take()
    codec.respond(response)
    blocks = receive_blocks(codec)
    assert b"".join(block.data for block in blocks) == response
    levels = [block.specific for block in blocks]
    middle = [MIDDLE] * (len(blocks) - 2)
    assert levels == ([WHOLE] if length == 54 else [FIRST, *middle, LAST])
    codec.check_alive()


def test_sending_in_blocks_leaves_the_response_buffer_as_it_was(codec: Codec) -> None:
    codec.start(message_max_bytes=64)
    codec.power_on()
    response = bytes(range(200))
    codec.send(frame(XFR_BLOCK, 1, APDU))
    codec.take()
    codec.respond(response)
    first = receive_blocks(codec)
    codec.send(frame(XFR_BLOCK, 1, APDU))
    codec.take()
    codec.ask("again 200")
    assert receive_blocks(codec) == first
    assert b"".join(block.data for block in first) == response


def test_the_next_block_must_be_asked_for_with_no_data(codec: Codec) -> None:
    codec.start(message_max_bytes=64)
    codec.power_on()
    codec.send(frame(XFR_BLOCK, 1, APDU))
    codec.take()
    codec.respond(bytes(100))
    assert codec.receive()
    check_failed(codec.exchange(frame(XFR_BLOCK, 2, b"\0", level=EMPTY)), DATA_BLOCK, 2, BAD_LENGTH)
    codec.send(frame(XFR_BLOCK, 3, level=EMPTY))
    last = codec.receive()
    assert last and (last.specific, len(last.data)) == (LAST, 46)


def test_a_new_command_gives_up_the_rest_of_a_response(codec: Codec) -> None:
    codec.start(message_max_bytes=64)
    codec.power_on()
    codec.send(frame(XFR_BLOCK, 1, APDU))
    codec.take()
    codec.respond(bytes(100))
    assert codec.receive()
    codec.check_alive()


# --- ABORT and sessions ---------------------------------------------------------------------------


def test_abort_of_a_running_command(active: Codec) -> None:
    active.send(frame(XFR_BLOCK, 40, APDU))
    assert active.take() == APDU
    assert active.ask("abort 0 41") == "ok"
    assert active.is_cancelled()
    check_failed(active.exchange(frame(XFR_BLOCK, 42, APDU)), DATA_BLOCK, 42, CMD_ABORTED)
    check_failed(active.exchange(frame(ABORT, 43)), SLOT_STATUS, 43, CMD_ABORTED)
    assert active.exchange(frame(ABORT, 41)) == Answer(SLOT_STATUS, 0, 41, 0, 0, 0, b"")
    active.respond(b"\x90\x00")
    assert active.receive() is None
    assert active.take() == "end"
    active.check_alive()


def test_abort_with_the_message_first(active: Codec) -> None:
    active.send(frame(XFR_BLOCK, 44, APDU))
    active.take()
    active.send(frame(ABORT, 45))
    assert active.receive() is None
    assert not active.is_cancelled()
    assert active.ask("abort 0 45") == "ok"
    assert active.receive() == Answer(SLOT_STATUS, 0, 45, 0, 0, 0, b"")
    assert active.is_cancelled()
    active.respond(b"\x90\x00")
    assert active.take() == "end"
    active.check_alive()


def test_an_abort_message_alone_is_forgotten(active: Codec) -> None:
    active.send(frame(ABORT, 46))
    assert active.exchange(frame(GET_SLOT_STATUS, 47)).sequence == 47
    active.check_alive()
    assert active.ask("abort 0 46") == "ok"
    assert active.exchange(frame(ABORT, 46)).status == 0


def test_abort_in_the_middle_of_a_message(active: Codec) -> None:
    message = frame(XFR_BLOCK, 48, b"\xcc" * 100)
    assert active.packet(message[:64])
    assert active.ask("abort 0 49") == "ok"
    assert active.packet(message[64:])
    answer = active.receive()
    assert answer
    check_failed(answer, DATA_BLOCK, 48, CMD_ABORTED)
    assert active.exchange(frame(ABORT, 49)).status == 0
    assert active.take() == "end"
    assert active.command_bytes_left() == 0
    active.check_alive()


def test_abort_of_a_slot_that_is_not_there(active: Codec) -> None:
    assert active.ask("abort 1 0") == "stall"
    active.check_alive()


@pytest.mark.parametrize("kind", [ICC_POWER_ON, ICC_POWER_OFF])
def test_a_power_message_ends_the_running_command(active: Codec, kind: int) -> None:
    active.send(frame(XFR_BLOCK, 50, APDU))
    active.take()
    assert active.exchange(frame(kind, 51)).status & 0xC0 == 0
    assert active.is_cancelled()
    active.ask("extend")
    assert active.receive() is None
    active.respond(b"\x90\x00")
    assert active.receive() is None
    assert active.take() == "end"


def test_the_next_command_may_come_before_the_cancelled_one_has_ended(active: Codec) -> None:
    active.send(frame(XFR_BLOCK, 52, b"\x11" * 60))
    assert active.take() == b"\x11" * 60
    active.exchange(frame(ICC_POWER_OFF, 53))
    active.exchange(frame(ICC_POWER_ON, 54))
    active.send(frame(XFR_BLOCK, 55, b"\x22" * 60))
    active.ask("extend")
    assert active.receive() == Answer(DATA_BLOCK, 0, 55, 0x80, 0, 0, b"")
    active.respond(b"\x6f\x00")
    assert active.receive() is None
    assert active.take() == "end"
    assert active.take() == b"\x22" * 60
    active.respond(b"\x90\x00")
    assert active.receive() == Answer(DATA_BLOCK, 0, 55, 0, 0, 0, b"\x90\x00")
    assert active.command_bytes_left() == 0


def test_a_command_that_was_not_taken_yet_is_dropped(active: Codec) -> None:
    active.send(frame(XFR_BLOCK, 56, APDU))
    active.exchange(frame(ICC_POWER_OFF, 57))
    assert active.take() == "end"
    assert active.take() == "nothing"
    assert active.command_bytes_left() == 0


@pytest.mark.parametrize("taken", [False, True])
def test_a_bus_reset_ends_everything(active: Codec, taken: bool) -> None:
    active.send(frame(XFR_BLOCK, 58, APDU))
    if taken:
        active.take()
    active.send(frame(GET_SLOT_STATUS, 59))
    active.ask("peek")
    active.ask("reset")
    assert active.receive() is None
    assert not active.is_busy()
    if taken:
        active.respond(b"\x90\x00")
    assert active.take() == "end"
    assert active.take() == "nothing"
    assert active.exchange(frame(GET_SLOT_STATUS, 60)).status == 1
    active.power_on()
    active.check_alive()


def test_a_bus_reset_while_a_response_is_sent(active: Codec) -> None:
    active.send(frame(XFR_BLOCK, 61, APDU))
    active.take()
    active.respond(bytes(200))
    active.ask("peek")
    active.ask("reset")
    assert active.take() == "end"
    active.power_on()
    active.check_alive()


def test_a_given_up_response_is_not_written_over_while_it_is_sent(active: Codec) -> None:
    active.send(frame(XFR_BLOCK, 62, APDU))
    active.take()
    active.respond(bytes(200))
    active.ask("peek")
    assert active.ask("abort 0 63") == "ok"
    # The main program wipes the response at a session's end: it does not hear of it before.
    assert active.take() == "nothing"
    active.send(frame(ABORT, 63))
    assert active.take() == "nothing"
    active.ask("sent")
    assert active.take() == "end"
    assert active.receive() == Answer(SLOT_STATUS, 0, 63, 0, 0, 0, b"")
    active.check_alive()


def test_no_command_comes_in_while_a_given_up_response_is_sent(active: Codec) -> None:
    active.send(frame(XFR_BLOCK, 64, APDU))
    active.take()
    active.respond(bytes(200))
    active.ask("peek")
    assert active.ask("abort 0 65") == "ok"
    active.send(frame(XFR_BLOCK, 66, APDU))
    assert active.take() == "nothing"
    assert not active.packet(frame(ABORT, 65)), "the refusal waits behind the response"
    active.ask("sent")
    refused = active.receive()
    assert refused
    check_failed(refused, DATA_BLOCK, 66, CMD_ABORTED)
    assert active.exchange(frame(ABORT, 65)) == Answer(SLOT_STATUS, 0, 65, 0, 0, 0, b"")
    assert active.take() == "end"
    active.check_alive()
