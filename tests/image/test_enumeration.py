# SPDX-License-Identifier: GPL-2.0-or-later
"""What the image says of itself on the bus, and how it reacts to it."""

import pytest

import boards
from sim.device import Device
from sim.usb.ccid_messages import REQUEST_GET_CLOCK_FREQUENCIES, REQUEST_GET_DATA_RATES
from sim.usb.descriptors import LEVEL_EXTENDED_APDU
from sim.usb.transfer import UsbStall

ATR = bytes.fromhex("3BFE1800008131FE458031815448534D31738021408107FA")
FEATURES = 0x0004_0840
COMMAND_DATA_MAX = 4096


def test_the_identity_is_the_boards(device: Device) -> None:
    usb = boards.load(device.board.name).usb
    descriptor = device.host.device
    assert descriptor is not None
    assert (descriptor.vendor_id, descriptor.product_id) == (usb.vendor_id, usb.product_id)
    assert device.host.strings[descriptor.manufacturer_index] == usb.manufacturer
    assert device.host.strings[descriptor.product_index] == usb.product
    serial = device.host.strings[descriptor.serial_index]
    assert len(serial) == 16 and int(serial, 16)


def test_the_ccid_descriptor_announces_whole_apdus(device: Device) -> None:
    configuration = device.host.configuration
    assert configuration is not None
    ccid = configuration.ccid_interface.ccid
    assert ccid is not None
    assert ccid.level == LEVEL_EXTENDED_APDU
    assert ccid.features == FEATURES
    assert ccid.message_bytes_max >= 10 + 7 + COMMAND_DATA_MAX + 2
    assert (ccid.slot_index_max, ccid.busy_slots_max, ccid.pin_support) == (0, 1, 0)


def test_there_is_one_interface_and_it_is_ccid(device: Device) -> None:
    assert device.host.configuration is not None
    assert [i.interface_class for i in device.host.configuration.interfaces] == [0x0B]


def test_the_atr_is_the_one_that_hosts_know(device: Device) -> None:
    assert device.icc_power_on() == ATR


def test_lists_that_the_descriptor_does_not_announce_are_refused(device: Device) -> None:
    for request in (REQUEST_GET_CLOCK_FREQUENCIES, REQUEST_GET_DATA_RATES):
        with pytest.raises(UsbStall):
            device.reader.class_request(request, 64)
    assert device.transmit(bytes.fromhex("0084000008"))[-2:] == b"\x90\x00"


def test_requests_for_absent_things_stall_and_leave_it_alive(device: Device) -> None:
    for kind, index in ((3, 9), (2, 1), (0x0F, 0), (0x22, 0)):
        with pytest.raises(UsbStall):
            device.host.get_descriptor(kind, index, 255)
    assert device.reader.slot_status() == 0


def test_it_enumerates_again_after_a_bus_reset(device: Device) -> None:
    before = device.host.strings
    device.bus_reset()
    assert device.host.strings == before
    assert device.icc_power_on() == ATR


def test_suspend_and_resume(device: Device) -> None:
    device.host.suspend()
    device.host.resume()
    assert device.reader.slot_status() == 0


def test_clear_halt_starts_both_bulk_endpoints_anew(device: Device) -> None:
    for is_in in (False, True):
        device.host.clear_halt(1, is_in)
    assert device.transmit(bytes.fromhex("0084000008"))[-2:] == b"\x90\x00"


def test_a_halted_bulk_endpoint_stalls(device: Device) -> None:
    device.host.control(0x02, 3, 0, 0x81)
    assert device.host.endpoint_halted(1, True)
    with pytest.raises(UsbStall):
        device.host.read(1, 64, 100_000)
    device.host.clear_halt(1, True)
    assert device.reader.slot_status() == 0
