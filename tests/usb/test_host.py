# SPDX-License-Identifier: GPL-2.0-or-later
"""Enumeration, control transfers, toggles, NAK, STALL, empty packets."""

import pytest

from sim.peripherals import usb
from sim.usb.descriptors import DescriptorError
from sim.usb.transfer import UsbError, UsbStall, UsbTimeout
from sim.usb.usb_host import UsbHost
from tests.usb.scripted_device import INTE, SET, ScriptedDevice

# Longer than the scripted device takes to see that its buffer was read.
SETTLE_US = 100


def test_enumeration_reads_and_checks_every_descriptor(
    device: ScriptedDevice, host: UsbHost
) -> None:
    configuration = host.enumerate()
    assert host.address == 5
    assert host.strings == {1: "Example", 2: "Scripted device", 3: "0001"}
    assert configuration.ccid_interface.ccid is not None
    assert configuration.ccid_interface.ccid.message_bytes_max == 271
    first_request = next(line for line in device.log if line.startswith("setup"))
    assert first_request == "setup 8006000100000800"
    assert device.log.count("reset") == 2


def test_a_device_without_pull_up_is_reported() -> None:
    device = ScriptedDevice()
    host = UsbHost(device.machine, device.controller)
    with pytest.raises(UsbTimeout, match="did not connect within 5000 ms"):
        host.enumerate()


@pytest.mark.parametrize(
    ("offset", "value", "message"),
    [
        (0, 8, "bLength is 8 instead of 9"),
        (5, 0, "bConfigurationValue is 0"),
        (7, 0x00, "bit 7 of bmAttributes"),
        (8, 0, "bMaxPower is 0"),
        (13, 2, "bNumEndpoints is 2, 3 follow"),
        (21, 0x12, "bcdCCID is 1210"),
        (60, 0x06, "more than one level of exchange"),
        (75, 0xC1, "reserved bits set in bmAttributes"),
        (76, 63, "wMaxPacketSize is 63"),
    ],
)
def test_wrong_descriptors_are_named(
    device: ScriptedDevice, host: UsbHost, offset: int, value: int, message: str
) -> None:
    damaged = bytearray(device.configuration)
    damaged[offset] = value
    device.configuration = bytes(damaged)
    with pytest.raises(DescriptorError, match=message):
        host.enumerate()


def test_an_unknown_request_stalls_and_the_next_one_works(host: UsbHost) -> None:
    host.enumerate()
    with pytest.raises(UsbStall):
        host.control(0xC0, 0x77, length=4)
    assert len(host.get_descriptor(1, 0, 18)) == 18


def test_the_status_stage_is_acknowledged_by_an_empty_packet(
    device: ScriptedDevice, host: UsbHost
) -> None:
    host.enumerate()
    host.run_for(SETTLE_US)
    assert device.endpoints[1].active is False


@pytest.mark.parametrize("length", [0, 1, 63, 64, 65, 127, 128, 129, 192, 256])
def test_bulk_in_of_every_length_around_packets(
    device: ScriptedDevice, host: UsbHost, length: int
) -> None:
    host.enumerate()
    data = bytes(i & 0xFF for i in range(length))
    device.transfer(2, data)
    device.endpoints[2].length = int(length > 0 and length % 64 == 0)
    assert host.read(1, 1024, 1_000_000) == data
    host.run_for(SETTLE_US)
    device.transfer(2, b"next")
    assert host.read(1, 1024, 1_000_000) == b"next"


def test_a_missing_zero_length_packet_leaves_the_host_waiting(
    device: ScriptedDevice, host: UsbHost
) -> None:
    host.enumerate()
    device.transfer(2, bytes(128))
    with pytest.raises(UsbTimeout, match="128 bytes came"):
        host.read(1, 1024, 1_000_000)


def test_nak_waits_without_polling(device: ScriptedDevice, host: UsbHost) -> None:
    host.enumerate()
    transfer = host.start_in(1, 64)
    host.run_for(1_000_000)
    assert transfer.naks == 1
    device.transfer(2, b"late")
    assert host.finish(1, transfer, 1_000_000) == b"late"


def test_a_halted_endpoint_stalls_until_it_is_cleared(
    device: ScriptedDevice, host: UsbHost
) -> None:
    host.enumerate()
    device.transfer(2, b"one")
    host.read(1, 64, 1_000)
    host.run_for(SETTLE_US)
    device.stall(2)
    with pytest.raises(UsbStall, match="EP1 IN"):
        host.read(1, 64, 1_000)
    assert host.endpoint_halted(1, True)
    host.clear_halt(1, True)
    assert not host.endpoint_halted(1, True)
    device.transfer(2, b"two")
    assert host.read(1, 64, 1_000) == b"two"


def test_a_repeated_toggle_from_the_device_is_an_error(
    device: ScriptedDevice, host: UsbHost
) -> None:
    host.enumerate()
    device.transfer(2, b"one")
    host.read(1, 64, 1_000)
    host.run_for(SETTLE_US)
    device.endpoints[2].data1 = False
    device.transfer(2, b"two")
    with pytest.raises(UsbError, match="packet with DATA0, DATA1 was due"):
        host.read(1, 64, 1_000)


def test_a_packet_with_the_wrong_toggle_is_acknowledged_and_dropped(
    device: ScriptedDevice, host: UsbHost
) -> None:
    host.enumerate()
    received: list[bytes] = []
    device.endpoints[3].done = received.append
    assert device.controller.token_out(5, 1, True, b"wrong") is usb.Handshake.ACK
    assert device.read(0x50) & usb.DATA_SEQ_ERROR
    host.write(1, b"right", 1_000)
    host.run_for(100)
    assert received == [b"right"]


def test_the_device_answers_only_at_its_address(device: ScriptedDevice, host: UsbHost) -> None:
    host.enumerate()
    host.address = 6
    with pytest.raises(UsbError, match="no response to SETUP at address 6"):
        host.get_descriptor(1, 0, 18)


def test_a_device_that_leaves_the_bus_fails_its_transfers(
    device: ScriptedDevice, host: UsbHost
) -> None:
    host.enumerate()
    transfer = host.start_in(1, 64)
    device.controller.reset()
    with pytest.raises(UsbError, match="left the bus"):
        host.finish(1, transfer, 1_000)
    assert host.configuration is None


def test_interrupt_endpoints_are_polled_at_their_interval(
    device: ScriptedDevice, host: UsbHost
) -> None:
    host.enumerate()
    device.transfer(4, b"\x50\x03")
    assert host.read(2, 8, 20_000) == b"\x50\x03"
    assert device.machine.clock.now_us % 10_000 == 0


def test_frames_interrupt_only_while_they_are_wanted(device: ScriptedDevice, host: UsbHost) -> None:
    host.enumerate()
    assert not [line for line in device.log if line.startswith("frame")]
    device.write(SET | INTE, usb.INT_DEV_SOF)
    host.run_for(3_000)
    device.write(0x3000 | INTE, usb.INT_DEV_SOF)
    frames = [line for line in device.log if line.startswith("frame")]
    assert len(frames) == 3
    assert device.machine.clock.next_tick() is not None
    host.run_for(2_000)
    assert device.machine.clock.next_tick() is None


def test_suspend_and_resume_are_seen(device: ScriptedDevice, host: UsbHost) -> None:
    host.enumerate()
    host.suspend()
    assert device.read(0x50) & usb.SUSPENDED
    with pytest.raises(UsbError):
        host.get_descriptor(1, 0, 18)
    host.resume()
    device.write(0x3050, usb.RESUME)
    assert len(host.get_descriptor(1, 0, 18)) == 18


def test_runs_are_repeatable() -> None:
    def run() -> tuple[int, list[str]]:
        device = ScriptedDevice()
        host = UsbHost(device.machine, device.controller)
        device.start()
        host.enumerate()
        return device.machine.clock.now, device.log

    assert run() == run()
