# SPDX-License-Identifier: GPL-2.0-or-later
"""The CCID driver: exchanges, chains, time extensions, errors, ABORT."""

import pytest

from sim.usb.ccid_messages import Answer
from sim.usb.ccid_reader import CcidCommandFailed, CcidError, CcidReader
from sim.usb.transfer import UsbError, UsbTimeout
from tests.usb.scripted_device import ScriptedDevice


def test_power_on_off_and_exchange(reader: CcidReader) -> None:
    assert reader.icc_power_on() == b"\x3b\x80"
    assert reader.transmit(b"\x00\xa4\x04\x00") == b"\x00\xa4\x04\x00\x90\x00"
    assert reader.slot_status() == 0
    reader.icc_power_off()


@pytest.mark.parametrize("length", [4, 51, 52, 53, 54, 115, 116, 117, 118, 180])
def test_messages_of_every_length_around_packets(reader: CcidReader, length: int) -> None:
    apdu = bytes(range(length % 256))
    assert reader.transmit(apdu) == apdu + b"\x90\x00"


def test_a_missing_zero_length_packet_is_named(device: ScriptedDevice, reader: CcidReader) -> None:
    device.send_zero_packets = False
    with pytest.raises(CcidError, match="no zero-length packet ended the message of 64 bytes"):
        reader.transmit(bytes(52))


def test_a_long_command_is_cut_into_blocks(device: ScriptedDevice, reader: CcidReader) -> None:
    levels: list[int] = []
    collected = bytearray()

    def card(message: bytes) -> None:
        levels.append(message[8])
        collected.extend(message[10:])
        if message[8] in (1, 3):
            device.send(0x80, message[6], parameter=0x10)
        else:
            device.send(0x80, message[6], b"\x90\x00")

    device.answer = card
    apdu = bytes(i & 0xFF for i in range(4 * 261 - 7))
    assert reader.transmit(apdu) == b"\x90\x00"
    assert levels == [1, 3, 3, 2]
    assert bytes(collected) == apdu


def test_a_long_response_is_collected(device: ScriptedDevice, reader: CcidReader) -> None:
    blocks = [(b"a" * 200, 1), (b"b" * 100, 3), (b"c" * 10 + b"\x90\x00", 2)]
    seen: list[bytes] = []

    def card(message: bytes) -> None:
        seen.append(message[7:])
        data, parameter = blocks.pop(0)
        device.send(0x80, message[6], data, parameter=parameter)

    device.answer = card
    assert reader.transmit(b"\0\0\0\0") == b"a" * 200 + b"b" * 100 + b"c" * 10 + b"\x90\x00"
    assert seen[1:] == [b"\0\x10\0", b"\0\x10\0"]


def test_time_extensions_restart_the_timer_and_are_counted(
    device: ScriptedDevice, reader: CcidReader
) -> None:
    def card(message: bytes, left: int = 4) -> None:
        clock = device.machine.clock
        if left:
            device.send(0x80, message[6], status=0x80)
            next_tick = clock.now + 2_900_000 * clock.ticks_per_us
            clock.call_at(next_tick, lambda: card(message, left - 1))
        else:
            device.send(0x80, message[6], b"\x90\x00")

    device.answer = card
    assert reader.transmit(b"\0\0\0\0") == b"\x90\x00"
    assert reader.time_extensions == 4


def test_silence_is_a_time_out_in_virtual_time(device: ScriptedDevice, reader: CcidReader) -> None:
    device.answer = lambda message: None
    before = device.machine.clock.now_us
    with pytest.raises(UsbTimeout, match="no answer within 3000 ms"):
        reader.transmit(b"\0\0\0\0")
    assert 3_000_000 <= device.machine.clock.now_us - before < 3_001_000


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((0x80, 0, b"\x90\x00", 0), "bSeq 0 answers bSeq 1"),
        ((0x81, 1, b"", 0), "answered with type 81"),
        ((0x80, 1, b"\x90", 0), "response APDU of 1 bytes"),
        ((0x80, 1, b"\x90\x00", 0x04), "reserved bits in bStatus 04"),
        ((0x80, 1, b"\x90\x00", 0x80), "time extension with 2 bytes"),
    ],
)
def test_what_the_specification_forbids_is_an_error(
    device: ScriptedDevice, reader: CcidReader, answer: tuple[int, int, bytes, int], message: str
) -> None:
    device.answer = lambda _: device.send(*answer)
    with pytest.raises(CcidError, match=message):
        reader.transmit(b"\0\0\0\0")


def test_a_failed_command_tells_its_error(device: ScriptedDevice, reader: CcidReader) -> None:
    device.answer = lambda m: device.send(0x81, m[6], status=0x41, error=0xFE)
    with pytest.raises(CcidCommandFailed, match="fe .ICC_MUTE.") as caught:
        reader.slot_status()
    assert caught.value.answer.icc_status == 1


def test_raw_frames_reach_the_device_as_they_are(
    device: ScriptedDevice, reader: CcidReader
) -> None:
    frames: list[bytes] = []

    def card(message: bytes) -> None:
        frames.append(message)
        device.send(0x81, message[6], status=0x40, error=1)

    device.answer = card
    reader.send_raw(b"\x6f\x05\x00\x00\x00\x00\x09\x00\x00\x00\x01")
    assert frames == []
    answer = Answer.parse(reader.read_raw())
    assert frames == [b"\x6f\x05\x00\x00\x00\x00\x09\x00\x00\x00\x01"]
    assert (answer.sequence, answer.error) == (9, 1)


def test_abort_uses_both_pipes_with_one_sequence(
    device: ScriptedDevice, reader: CcidReader
) -> None:
    device.answer = lambda m: device.send(0x81, m[6]) if m[0] == 0x72 else None
    reader.start_transmit(b"\0\0\0\0")
    assert reader.abort().kind == 0x81
    assert f"setup 210100{reader.sequence:02x}00000000" in device.log
    device.answer = device.echo
    assert reader.transmit(b"\0\0\0\0") == b"\0\0\0\0\x90\x00"


def test_a_snapshot_brings_back_sequence_and_toggles(
    device: ScriptedDevice, host: object, reader: CcidReader
) -> None:
    reader.transmit(b"\0\0\0\0")
    saved = (
        reader.state(),
        reader.host.state(),
        device.controller.state(),
        device.dpram.state(),
        device.machine.clock.state(),
        {i: e.data1 for i, e in device.endpoints.items()},
    )
    for _ in range(3):
        reader.transmit(b"\1\2\3\4")
    reader.load_state(saved[0])
    reader.host.load_state(saved[1])
    device.controller.load_state(saved[2])
    device.dpram.load_state(saved[3])
    device.machine.clock.load_state(saved[4])
    for index, data1 in saved[5].items():
        device.endpoints[index].data1 = data1
    assert reader.transmit(b"\5\6\7\x08") == b"\5\6\7\x08\x90\x00"
    assert reader.sequence == 2


def test_no_snapshot_while_an_answer_is_awaited(device: ScriptedDevice, reader: CcidReader) -> None:
    device.answer = lambda message: None
    reader.host.start_in(1, 64)
    with pytest.raises(UsbError, match="while a transfer is under way"):
        reader.host.state()
