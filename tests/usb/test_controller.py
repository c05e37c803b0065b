# SPDX-License-Identifier: GPL-2.0-or-later
"""The controller's registers and buffers, one datasheet rule per test."""

import pytest

from sim.bus.unmodelled import UnmodelledAccess
from sim.peripherals import usb
from sim.peripherals.usb import (
    Handshake,
    UsbControllerMisuse,
    UsbControllerRp2040,
    UsbControllerRp2350,
)
from sim.usb.usb_host import UsbHost
from tests.usb.scripted_device import (
    BUFF_STATUS,
    CLEAR,
    EP_ABORT,
    EP_ABORT_DONE,
    EP_STALL_ARM,
    INTE,
    MAIN_CTRL,
    SET,
    SIE_CTRL,
    SIE_STATUS,
    USB_MUXING,
    ScriptedDevice,
)

EP1_IN, EP1_OUT = 2, 3
# Longer than the scripted device takes to handle the last packet of the enumeration.
SETTLE_US = 100


def test_reset_values_differ_between_the_chips() -> None:
    old, new = ScriptedDevice("rp2040").controller, ScriptedDevice("rp2350").controller
    assert isinstance(old, UsbControllerRp2040) and isinstance(new, UsbControllerRp2350)
    assert [old.read(offset) for offset in (0x40, 0x4C, 0x74)] == [0, 0, 0]
    assert [new.read(offset) for offset in (0x40, 0x4C, 0x74, 0x88)] == [4, 0x8000, 1, 0xF8]
    with pytest.raises(UnmodelledAccess, match=r"USBCTRL \+ 0x88"):
        old.read(0x88)


def test_an_isolated_phy_shows_no_pull_up() -> None:
    device = ScriptedDevice("rp2350")
    device.start()
    assert device.controller.connected
    device.write(SET | MAIN_CTRL, usb.PHY_ISO)
    assert not device.controller.connected


def test_the_pull_up_needs_the_phy_and_the_controller(device: ScriptedDevice) -> None:
    device.start()
    device.write(USB_MUXING, 0)
    assert not device.controller.connected
    device.write(USB_MUXING, usb.TO_PHY)
    assert device.controller.connected
    device.write(CLEAR | SIE_CTRL, usb.PULLUP_EN)
    assert not device.controller.connected


def test_host_mode_stops_the_run(device: ScriptedDevice) -> None:
    with pytest.raises(UnmodelledAccess, match="host mode"):
        device.write(MAIN_CTRL, usb.CONTROLLER_EN | usb.HOST_NDEVICE)


def test_the_clear_alias_acknowledges_only_its_own_bits(
    device: ScriptedDevice, host: UsbHost
) -> None:
    host.enumerate()
    device.controller.values["BUFF_STATUS"] = 0b1100
    device.write(CLEAR | BUFF_STATUS, 0b0100)
    assert device.read(BUFF_STATUS) == 0b1000
    device.write(BUFF_STATUS, 0b1000)
    assert device.read(BUFF_STATUS) == 0


def test_available_must_not_be_written_together_with_the_rest(
    device: ScriptedDevice, host: UsbHost
) -> None:
    host.enumerate()
    with pytest.raises(UsbControllerMisuse, match="EP1 IN buffer 0: AVAILABLE written together"):
        device.dpram.bus_write(0x80 + 4 * EP1_IN, 4, usb.AVAILABLE | usb.FULL | 4)


def test_a_single_buffer_is_handed_back_after_each_packet(
    device: ScriptedDevice, host: UsbHost
) -> None:
    host.enumerate()
    host.run_for(SETTLE_US)
    device.write(CLEAR | INTE, usb.INT_BUFF_STATUS)
    device.transfer(EP1_IN, b"abc")
    assert device.controller.token_in(5, 1) == (Handshake.ACK, False, b"abc")
    assert device.controller.token_in(5, 1)[0] is Handshake.NAK
    word = device.dpram.word(0x80 + 4 * EP1_IN)
    assert word & (usb.AVAILABLE | usb.FULL) == 0
    assert word & usb.LENGTH == 3
    assert device.read(BUFF_STATUS) == 1 << EP1_IN


def test_two_buffers_interrupt_once_and_keep_their_order(
    device: ScriptedDevice, host: UsbHost
) -> None:
    host.enumerate()
    host.run_for(SETTLE_US)
    device.write(CLEAR | INTE, usb.INT_BUFF_STATUS)
    device.transfer(EP1_IN, bytes(64) + b"second")
    assert device.controller.token_in(5, 1) == (Handshake.ACK, False, bytes(64))
    assert device.read(BUFF_STATUS) == 0
    assert device.controller.token_in(5, 1) == (Handshake.ACK, True, b"second")
    assert device.read(BUFF_STATUS) == 1 << EP1_IN


def test_a_packet_longer_than_the_buffer_is_not_acknowledged(
    device: ScriptedDevice, host: UsbHost
) -> None:
    host.enumerate()
    device.endpoints[EP1_OUT].data1 = False
    device.dpram.bus_write(0x80 + 4 * EP1_OUT, 4, 8)
    device.dpram.bus_write(0x80 + 4 * EP1_OUT, 4, 8 | usb.AVAILABLE)
    assert device.controller.token_out(5, 1, False, bytes(9)) is Handshake.NONE
    assert device.read(SIE_STATUS) & usb.RX_OVERFLOW
    assert device.controller.token_out(5, 1, False, bytes(8)) is Handshake.ACK


def test_abort_is_done_at_once_and_naks(device: ScriptedDevice, host: UsbHost) -> None:
    host.enumerate()
    device.transfer(EP1_IN, b"abc")
    device.write(SET | EP_ABORT, 1 << EP1_IN)
    assert device.read(EP_ABORT_DONE) == 1 << EP1_IN
    assert device.controller.token_in(5, 1)[0] is Handshake.NAK
    device.write(CLEAR | EP_ABORT_DONE, 1 << EP1_IN)
    transfer = host.start_in(1, 64)
    host.run_for(1_000)
    assert not transfer.finished
    device.write(CLEAR | EP_ABORT, 1 << EP1_IN)
    assert host.finish(1, transfer, 1_000) == b"abc"


def test_ep0_stalls_only_when_armed_and_setup_disarms_it(
    device: ScriptedDevice, host: UsbHost
) -> None:
    host.enumerate()
    device.dpram.bus_write(0x80, 4, usb.STALL)
    assert device.controller.token_in(5, 0)[0] is Handshake.NAK
    device.write(SET | EP_STALL_ARM, 1)
    assert device.controller.token_in(5, 0)[0] is Handshake.STALL
    device.controller.token_setup(5, bytes.fromhex("8006000100001200"))
    assert device.read(EP_STALL_ARM) == 0


def test_bus_reset_and_setup_are_levels(device: ScriptedDevice, host: UsbHost) -> None:
    device.machine.handler = lambda: device.write(INTE, 0)
    device.controller.bus_reset_begin()
    assert device.read(0x8C) & usb.INT_BUS_RESET
    device.write(CLEAR | SIE_STATUS, usb.STATUS_BUS_RESET)
    assert not device.read(0x8C) & usb.INT_BUS_RESET
    device.controller.bus_reset_end()
    assert device.controller.token_setup(0, bytes(8)) is Handshake.ACK
    assert device.read(0x8C) & usb.INT_SETUP_REQ
    assert device.controller.token_setup(0, bytes(8)) is Handshake.ACK


def test_a_disabled_endpoint_does_not_answer(device: ScriptedDevice, host: UsbHost) -> None:
    host.enumerate()
    assert device.controller.token_in(5, 3)[0] is Handshake.NONE
    assert device.controller.token_out(5, 3, False, b"") is Handshake.NONE
