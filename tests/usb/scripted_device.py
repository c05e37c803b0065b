# SPDX-License-Identifier: GPL-2.0-or-later
"""A device without a processor: Python that drives the registers.

It uses the controller the way the RP2040 driver of TinyUSB does (level interrupts, buffer control
written twice for AVAILABLE, IN transfers double buffered, OUT transfers single buffered) and
carries a small CCID reader, whose behaviour tests change by replacing `answer`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sim.clock import Clock
from sim.peripherals import usb
from sim.peripherals.usb import UsbControllerRp2040, UsbControllerRp2350, UsbDpram

SET, CLEAR = 0x2000, 0x3000
ADDR_ENDP, MAIN_CTRL, SOF_RD, SIE_CTRL, SIE_STATUS = 0x00, 0x40, 0x48, 0x4C, 0x50
BUFF_STATUS, EP_ABORT, EP_ABORT_DONE, EP_STALL_ARM = 0x58, 0x60, 0x64, 0x68
USB_MUXING, USB_PWR, INTE, INTS = 0x74, 0x78, 0x90, 0x98
REACTION_US = 5
MESSAGE_BYTES_MAX = 271

DEVICE_DESCRIPTOR = struct.pack(
    "<BBHBBBBHHHBBBB", 18, 1, 0x0200, 0, 0, 0, 64, 0x1209, 1, 1, 1, 2, 3, 1
)
CCID_DESCRIPTOR = struct.pack(
    "<BBHBBIIIBIIBIIIIIBBHBB",
    *(54, 0x21, 0x0110, 0, 1, 3, 3580, 3580, 0, 9600, 9600, 0, 254, 0, 0, 0x00040840),
    *(MESSAGE_BYTES_MAX, 0xFF, 0xFF, 0, 0, 1),
)
STRINGS = ["Example", "Scripted device", "0001"]


def configuration_descriptor() -> bytes:
    """One CCID interface: bulk OUT 1, bulk IN 1, interrupt IN 2."""
    parts = bytes((9, 4, 0, 0, 3, 0x0B, 0, 0, 0)) + CCID_DESCRIPTOR
    parts += bytes((7, 5, 0x01, 2, 64, 0, 0)) + bytes((7, 5, 0x81, 2, 64, 0, 0))
    parts += bytes((7, 5, 0x82, 3, 8, 0, 10))
    return struct.pack("<BBHBBBBB", 9, 2, 9 + len(parts), 1, 1, 0, 0x80, 50) + parts


@dataclass
class Counter:
    """Where the fake machine counts its ticks."""

    ticks: int = 0


class FakeMachine:
    """Virtual time and one interrupt line; the "processor" is the scripted device."""

    def __init__(self) -> None:
        self.clock = Clock(Counter(), 100_000_000)
        self.irq = self
        self.seed = 0
        self.level = False
        self.handler: Callable[[], None] = lambda: None
        self.blocks: dict[str, Any] = {}
        self._stop = False

    def set_level(self, number: int, level: bool) -> None:
        assert number in (5, 14)
        if level and not self.level:
            tick = self.clock.now + REACTION_US * self.clock.ticks_per_us
            self.clock.call_at(tick, self._interrupt)
        self.level = level

    def block(self, name: str) -> Any:
        return self.blocks[name]

    def _interrupt(self) -> None:
        for _ in range(100):
            if not self.level:
                return
            self.handler()
        raise AssertionError("the interrupt stays on")

    def request_stop(self) -> None:
        self._stop = True

    def run(self, ticks: int) -> None:
        """Let time pass for `ticks` or until a request to stop."""
        deadline = self.clock.now + ticks
        self._stop = False
        while not self._stop and self.clock.now < deadline:
            tick = self.clock.next_tick()
            self.clock.jump_to(deadline if tick is None else min(tick, deadline))
            self.clock.run_due()


@dataclass
class Endpoint:
    """One direction of one endpoint, as the driver keeps it."""

    index: int
    buffer: int
    done: Callable[[bytes], None]
    data1: bool = False
    data: bytes = b""
    length: int = 0
    active: bool = False
    double: bool = False


class ScriptedDevice:
    """The driver, the standard requests and a CCID function."""

    def __init__(self, chip: str = "rp2040") -> None:
        self.machine = FakeMachine()
        # The controller uses time, one interrupt line and its RAM, nothing else of a machine.
        machine: Any = self.machine
        self.dpram = UsbDpram(machine)
        block = UsbControllerRp2350 if chip == "rp2350" else UsbControllerRp2040
        self.controller = block(machine)
        self.machine.blocks = {"USBCTRL": self.controller, "USBCTRL_DPRAM": self.dpram}
        self.machine.handler = self.interrupt
        self.endpoints: dict[int, Endpoint] = {}
        self.configuration = configuration_descriptor()
        self.device_descriptor = DEVICE_DESCRIPTOR
        self.answer: Callable[[bytes], None] = self.echo
        self.message = b""
        self.log: list[str] = []
        self.address = 0
        self.configured = 0
        self.send_zero_packets = True

    # --- The driver -----------------------------------------------------------------------------

    def write(self, offset: int, value: int) -> None:
        self.controller.bus_write(offset, 4, value)

    def read(self, offset: int) -> int:
        return self.controller.bus_read(offset, 4)

    def start(self) -> None:
        """What a driver does at initialisation: mux, VBUS, enable, interrupts, pull-up."""
        self.write(USB_MUXING, 1 | 1 << 3)
        self.write(USB_PWR, usb.VBUS_DETECT | usb.VBUS_DETECT_OVERRIDE_EN)
        self.write(MAIN_CTRL, usb.CONTROLLER_EN)
        self.write(SIE_CTRL, usb.EP0_INT_1BUF)
        self.write(INTE, usb.INT_BUFF_STATUS | usb.INT_BUS_RESET | usb.INT_SETUP_REQ)
        self.write(SET | SIE_CTRL, usb.PULLUP_EN)
        self.open(0, 0x100, self.control_in_done)
        self.open(1, 0x100, self.control_out_done)

    def open(self, index: int, buffer: int, done: Callable[[bytes], None], kind: int = 2) -> None:
        """Enable an endpoint; EP0 needs no control register."""
        self.endpoints[index] = Endpoint(index, buffer, done)
        self.dpram.bus_write(0x80 + 4 * index, 4, 0)
        if index >= 2:
            control = usb.EP_ENABLE | usb.EP_INT_PER_BUFFER | kind << 26 | buffer
            self.dpram.bus_write(4 * index, 4, control)

    def transfer(self, index: int, data: bytes = b"", length: int = 0) -> None:
        """Start an IN transfer of `data` or an OUT transfer of at most `length` bytes."""
        endpoint = self.endpoints[index]
        endpoint.data, endpoint.length, endpoint.active = data, length, True
        self.next_buffers(endpoint)

    def next_buffers(self, endpoint: Endpoint) -> None:
        is_in = endpoint.index % 2 == 0
        left = len(endpoint.data) if is_in else endpoint.length
        count = 2 if is_in and endpoint.index >= 2 and left > 64 else 1
        endpoint.double = count == 2
        word = usb.RESET_SELECT
        for half in range(count):
            piece = min(64, len(endpoint.data) if is_in else endpoint.length)
            half_word = piece | (usb.PID_DATA1 if endpoint.data1 else 0)
            endpoint.data1 = not endpoint.data1
            if is_in:
                offset = endpoint.buffer + 64 * half
                for i in range(piece):
                    self.dpram.bus_write(offset + i, 1, endpoint.data[i])
                endpoint.data = endpoint.data[piece:]
                half_word |= usb.FULL
            word |= half_word << 16 * half
        if endpoint.index >= 2:
            rule = usb.EP_INT_PER_TWO_BUFFERS | usb.EP_DOUBLE_BUFFERED
            control = self.dpram.bus_read(4 * endpoint.index, 4) & ~(rule | usb.EP_INT_PER_BUFFER)
            control |= rule if count == 2 else usb.EP_INT_PER_BUFFER
            self.dpram.bus_write(4 * endpoint.index, 4, control)
        available = usb.AVAILABLE | (usb.AVAILABLE << 16 if count == 2 else 0)
        self.dpram.bus_write(0x80 + 4 * endpoint.index, 4, word)
        self.dpram.bus_write(0x80 + 4 * endpoint.index, 4, word | available)

    def stall(self, index: int) -> None:
        if index < 2:
            self.write(SET | EP_STALL_ARM, 1 << index)
        self.dpram.bus_write(0x80 + 4 * index, 4, usb.STALL)

    def interrupt(self) -> None:
        status = self.read(INTS)
        if status & usb.INT_BUFF_STATUS:
            for index in range(32):
                if self.read(BUFF_STATUS) >> index & 1:
                    self.write(CLEAR | BUFF_STATUS, 1 << index)
                    self.buffer_done(self.endpoints[index])
        if status & usb.INT_SETUP_REQ:
            for index in (0, 1):
                self.endpoints[index].data1 = True
                self.endpoints[index].active = False
            setup = bytes(self.dpram.bus_read(i, 1) for i in range(8))
            self.write(CLEAR | SIE_STATUS, usb.SETUP_REC)
            self.setup(setup)
        if status & usb.INT_BUS_RESET:
            self.log.append("reset")
            self.write(ADDR_ENDP, 0)
            self.configured = 0
            for index in [i for i in self.endpoints if i >= 2]:
                self.dpram.bus_write(4 * index, 4, 0)
                del self.endpoints[index]
            self.write(CLEAR | SIE_STATUS, usb.STATUS_BUS_RESET)
        if status & usb.INT_DEV_SOF:
            self.log.append(f"frame {self.read(SOF_RD)}")

    def buffer_done(self, endpoint: Endpoint) -> None:
        word = self.dpram.bus_read(0x80 + 4 * endpoint.index, 4)
        if endpoint.index % 2 == 0:
            assert not word & usb.FULL
            if endpoint.data:
                self.next_buffers(endpoint)
                return
            received = b""
        else:
            assert word & usb.FULL
            length = word & usb.LENGTH
            received = bytes(self.dpram.bus_read(endpoint.buffer + i, 1) for i in range(length))
        endpoint.active = False
        endpoint.done(received)

    # --- Standard requests ----------------------------------------------------------------------

    def setup(self, packet: bytes) -> None:
        kind, request, value, index, length = struct.unpack("<BBHHH", packet)
        self.log.append(f"setup {packet.hex()}")
        answer: bytes | None = b""
        if (kind, request) == (0x80, 6):
            answer = self.descriptor(value >> 8, value & 0xFF)
        elif (kind, request) == (0x00, 5):
            self.address = value
        elif (kind, request) == (0x00, 9):
            self.configured = value
            self.open_ccid()
        elif (kind, request) == (0x80, 8):
            answer = bytes((self.configured,))
        elif (kind, request) == (0x82, 0):
            word = self.dpram.word(0x80 + 4 * self.index_of(index))
            answer = bytes((1 if word & usb.STALL else 0, 0))
        elif (kind, request) == (0x02, 1):
            self.endpoints[self.index_of(index)].data1 = False
            self.dpram.bus_write(0x80 + 4 * self.index_of(index), 4, 0)
        elif (kind, request) != (0x21, 1):
            answer = None
        if answer is None:
            self.stall(0)
            self.stall(1)
        elif kind & 0x80:
            self.transfer(0, answer[:length])
        else:
            self.transfer(0)

    @staticmethod
    def index_of(address: int) -> int:
        return 2 * (address & 15) + (0 if address & 0x80 else 1)

    def descriptor(self, kind: int, index: int) -> bytes | None:
        if kind == 1:
            return self.device_descriptor
        if kind == 2:
            return self.configuration
        if kind == 3 and index == 0:
            return b"\x04\x03\x09\x04"
        if kind == 3 and index <= len(STRINGS):
            text = STRINGS[index - 1].encode("utf-16-le")
            return bytes((2 + len(text), 3)) + text
        return None

    def control_in_done(self, _: bytes) -> None:
        if self.address and self.read(ADDR_ENDP) == 0:
            self.write(ADDR_ENDP, self.address)
            self.address = 0
        else:
            self.endpoints[1].data1 = True
            self.transfer(1, length=64)

    def control_out_done(self, _: bytes) -> None:
        """The status stage of an IN request."""

    # --- CCID -----------------------------------------------------------------------------------

    def open_ccid(self) -> None:
        self.open(3, 0x180, self.bulk_out_done)
        self.open(2, 0x200, self.bulk_in_done)
        self.open(4, 0x280, self.bulk_in_done, kind=3)
        self.message = b""
        self.transfer(3, length=64)

    def bulk_in_done(self, _: bytes) -> None:
        endpoint = self.endpoints[2]
        if endpoint.length and not self.dpram.word(0x88) & usb.AVAILABLE:
            endpoint.length = 0
            self.transfer(2)

    def bulk_out_done(self, packet: bytes) -> None:
        self.message += packet
        self.transfer(3, length=64)
        whole = 10 + int.from_bytes(self.message[1:5], "little")
        if len(self.message) >= whole or len(packet) < 64:
            message, self.message = self.message, b""
            self.answer(message)

    def send(
        self, kind: int, sequence: int, data: bytes = b"", status: int = 0, **more: int
    ) -> None:
        """Send a RDR_to_PC message, with the zero-length packet that a full last packet needs."""
        error, parameter = more.get("error", 0), more.get("parameter", 0)
        message = struct.pack("<BIBBBBB", kind, len(data), 0, sequence, status, error, parameter)
        message += data
        zero_packet = self.send_zero_packets and len(message) % 64 == 0
        self.transfer(2, message)
        self.endpoints[2].length = 1 if zero_packet else 0

    def echo(self, message: bytes) -> None:
        """The default card: ATR, slot status, and XfrBlock echoing its data with 9000."""
        kind, sequence, data = message[0], message[6], message[10:]
        if kind == 0x62:
            self.send(0x80, sequence, b"\x3b\x80")
        elif kind == 0x63:
            self.send(0x81, sequence, status=1)
        elif kind in (0x65, 0x72):
            self.send(0x81, sequence)
        elif kind == 0x6F:
            self.send(0x80, sequence, data + b"\x90\x00")
        else:
            self.send(0x81, sequence, status=0x40)
