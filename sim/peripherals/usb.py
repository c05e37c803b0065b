# SPDX-License-Identifier: GPL-2.0-or-later
"""USBCTRL: the USB device controller with its dual-port RAM.

Spec: [RP2040] 4.1, [RP2350] 12.7.

The chip's side is registers and DPRAM; the bus's side is one method per kind of token. The bus
never polls: the controller tells its `bus` object when a buffer becomes available, when the pull-up
changes and at nothing else, so an idle device costs nothing. Device mode, full speed, control, bulk
and interrupt endpoints. Host mode and isochronous endpoints are not modelled.
"""

from __future__ import annotations

import enum
from functools import cached_property
from typing import Any, ClassVar, Protocol

from sim.bus.block_ram import BlockRam
from sim.bus.peripheral import MachinePort, Peripheral
from sim.bus.register import Register, read_only
from sim.bus.unmodelled import UnmodelledAccess

FRAME_US = 1000
PACKET_BYTES_MAX = 64

# Buffer control, one half-word per buffer ([RP2040] 4.1.2.5.5).
FULL = 1 << 15
LAST_BUFF = 1 << 14
PID_DATA1 = 1 << 13
RESET_SELECT = 1 << 12
STALL = 1 << 11
AVAILABLE = 1 << 10
LENGTH = 0x3FF

# Endpoint control ([RP2040] 4.1.2.5.4).
EP_ENABLE = 1 << 31
EP_DOUBLE_BUFFERED = 1 << 30
EP_INT_PER_BUFFER = 1 << 29
EP_INT_PER_TWO_BUFFERS = 1 << 28
EP_INT_ON_STALL = 1 << 17
EP_INT_ON_NAK = 1 << 16
EP_BUFFER_ADDRESS = 0xFFC0

# MAIN_CTRL, SIE_CTRL, USB_MUXING, USB_PWR.
CONTROLLER_EN = 1 << 0
HOST_NDEVICE = 1 << 1
PHY_ISO = 1 << 2
EP0_INT_STALL = 1 << 31
EP0_DOUBLE_BUF = 1 << 30
EP0_INT_1BUF = 1 << 29
EP0_INT_2BUF = 1 << 28
EP0_INT_NAK = 1 << 27
PULLUP_EN = 1 << 16
TO_PHY = 1 << 0
VBUS_DETECT = 1 << 2
VBUS_DETECT_OVERRIDE_EN = 1 << 3

# SIE_STATUS.
DATA_SEQ_ERROR = 1 << 31
ACK_REC = 1 << 30
RX_OVERFLOW = 1 << 26
STATUS_BUS_RESET = 1 << 19
TRANS_COMPLETE = 1 << 18
SETUP_REC = 1 << 17
CONNECTED = 1 << 16
RESUME = 1 << 11
SUSPENDED = 1 << 4
LINE_STATE_J = 1 << 2
VBUS_DETECTED = 1 << 0
SIE_STATUS_WRITE_CLEAR = 0xFF8E_1810

# INTR, INTE, INTF, INTS.
INT_EP_STALL_NAK = 1 << 19
INT_ABORT_DONE = 1 << 18
INT_DEV_SOF = 1 << 17
INT_SETUP_REQ = 1 << 16
INT_DEV_RESUME_FROM_HOST = 1 << 15
INT_DEV_SUSPEND = 1 << 14
INT_DEV_CONN_DIS = 1 << 13
INT_BUS_RESET = 1 << 12
INT_VBUS_DETECT = 1 << 11
INT_ERROR_RX_OVERFLOW = 1 << 7
INT_ERROR_DATA_SEQ = 1 << 5
INT_BUFF_STATUS = 1 << 4
INT_TRANS_COMPLETE = 1 << 3

REGISTERS = (
    Register("ADDR_ENDP", 0x00, writable=0x7F),
    Register("MAIN_CTRL", 0x40),
    read_only("SOF_RD", 0x48),
    Register("SIE_CTRL", 0x4C),
    Register("SIE_STATUS", 0x50, writable=0, clear=SIE_STATUS_WRITE_CLEAR),
    Register("BUFF_STATUS", 0x58, writable=0, clear=0xFFFF_FFFF),
    read_only("BUFF_CPU_SHOULD_HANDLE", 0x5C),
    Register("EP_ABORT", 0x60),
    Register("EP_ABORT_DONE", 0x64, writable=0, clear=0xFFFF_FFFF),
    Register("EP_STALL_ARM", 0x68, writable=3),
    Register("EP_STATUS_STALL_NAK", 0x70, writable=0, clear=0xFFFF_FFFF),
    Register("USB_MUXING", 0x74),
    Register("USB_PWR", 0x78),
    Register("USBPHY_DIRECT", 0x7C),
    Register("USBPHY_DIRECT_OVERRIDE", 0x80),
    Register("USBPHY_TRIM", 0x84, reset=0x1F1F),
    read_only("INTR", 0x8C),
    Register("INTE", 0x90),
    Register("INTF", 0x94),
    read_only("INTS", 0x98),
)
# What RP2350 adds, or resets to another value ([RP2350] 12.7.5).
REGISTERS_RP2350 = (
    Register("MAIN_CTRL", 0x40, reset=PHY_ISO),
    Register("SIE_CTRL", 0x4C, reset=1 << 15),
    Register("USB_MUXING", 0x74, reset=TO_PHY),
    Register("LINESTATE_TUNING", 0x88, reset=0xF8),
)


class UsbControllerMisuse(Exception):
    """The image used the controller in a way that the datasheet forbids; the run stops."""


class Handshake(enum.Enum):
    """How the device answered a token (USB 2.0 8.4.5); NONE is a bus time-out."""

    ACK = "ACK"
    NAK = "NAK"
    STALL = "STALL"
    NONE = "no response"


class Bus(Protocol):
    """The host's end of the cable, as the controller sees it."""

    def pull_up_changed(self, connected: bool) -> None:
        """The device appeared on the bus, or left it."""

    def endpoint_ready(self, number: int, is_in: bool) -> None:
        """A buffer of this endpoint became available, or it will answer STALL from now on."""


class UsbDpram(BlockRam):
    """The 4 KiB of dual-port RAM: 8, 16 and 32-bit accesses, no atomic aliases."""

    NAME = "USBCTRL_DPRAM"
    SIZE = 0x1000
    BUFFER_CONTROL = 0x080
    EP0_BUFFER = 0x100
    WATCHED = range(BUFFER_CONTROL, EP0_BUFFER)

    def bus_write(self, offset: int, size: int, value: int) -> None:
        """Store `size` bytes; a write to a buffer control register reaches the controller."""
        if not self.is_watched(offset, size):
            super().bus_write(offset, size, value)
            return
        before = self.word(offset & ~3)
        super().bus_write(offset, size, value)
        controller: UsbController = self.machine.block(UsbController.NAME)
        controller.buffer_control_written((offset - self.BUFFER_CONTROL) // 4, before)


class UsbController(Peripheral):
    """The register block. An endpoint's `index` is its bit in BUFF_STATUS: IN 2n, OUT 2n + 1."""

    NAME = "USBCTRL"
    IRQ: ClassVar[int]

    def __init__(self, machine: MachinePort) -> None:
        self._latched = 0
        self._buffer_select = [0] * 32
        self._connected = False
        self._in_bus_reset = False
        self._sof_call = 0
        super().__init__(machine)
        self.bus: Bus | None = None

    @cached_property
    def dpram(self) -> UsbDpram:
        """The RAM that endpoints and buffers live in."""
        return self.machine.block(UsbDpram.NAME)

    def reset(self) -> None:
        """What RESETS does: registers to their reset values; the pull-up falls."""
        super().reset()
        self._update_pull_up()
        self._latched = 0
        self._buffer_select = [0] * 32
        self._in_bus_reset = False
        self._update_interrupt()

    # --- Registers ------------------------------------------------------------------------------

    def read_sof_rd(self) -> int:
        """The 11-bit frame number; reading it clears the SOF interrupt."""
        self._latched &= ~INT_DEV_SOF
        self._update_interrupt()
        return self.machine.clock.now // self._frame_ticks() & 0x7FF

    def read_sie_status(self) -> int:
        """Latched events with the levels of VBUS and the data lines."""
        status = self.values["SIE_STATUS"]
        if self._vbus():
            status |= VBUS_DETECTED
        if self._connected and not self._in_bus_reset:
            status |= LINE_STATE_J
        return status

    def write_sie_status(self, value: int) -> None:
        """Clear events; three interrupts latched elsewhere are acknowledged here, too."""
        for bit, interrupt in (
            (SUSPENDED, INT_DEV_SUSPEND),
            (RESUME, INT_DEV_RESUME_FROM_HOST),
            (CONNECTED, INT_DEV_CONN_DIS),
        ):
            if self.raw_write & bit:
                self._latched &= ~interrupt
        self.store("SIE_STATUS", value)
        self._update_interrupt()

    def write_buff_status(self, value: int) -> None:
        """Acknowledge completed buffers."""
        self.store("BUFF_STATUS", value)
        self._update_interrupt()

    def write_ep_abort(self, value: int) -> None:
        """Stop endpoints; no packet is ever half way, so they are done at once."""
        before = self.values["EP_ABORT"]
        self.store("EP_ABORT", value)
        self.values["EP_ABORT_DONE"] |= value & ~before
        self._update_interrupt()
        for index in range(32):
            if before & ~value & 1 << index:
                self._tell_bus(index)

    def write_ep_abort_done(self, value: int) -> None:
        """Acknowledge aborts."""
        self.store("EP_ABORT_DONE", value)
        self._update_interrupt()

    def write_ep_status_stall_nak(self, value: int) -> None:
        """Acknowledge the notes about STALL and NAK."""
        self.store("EP_STATUS_STALL_NAK", value)
        self._update_interrupt()

    def write_main_ctrl(self, value: int) -> None:
        """Enable the controller, isolate the PHY."""
        if value & HOST_NDEVICE:
            raise UnmodelledAccess(self.name, 0x40, "host mode")
        self.store("MAIN_CTRL", value)
        self._update_pull_up()

    def write_sie_ctrl(self, value: int) -> None:
        """Pull-up and the interrupt rules of EP0."""
        self.store("SIE_CTRL", value)
        self._update_pull_up()

    def write_usb_muxing(self, value: int) -> None:
        """Connect the controller to the PHY."""
        self.store("USB_MUXING", value)
        self._update_pull_up()

    def write_usb_pwr(self, value: int) -> None:
        """Override VBUS detection."""
        self.store("USB_PWR", value)
        self._update_pull_up()

    def read_intr(self) -> int:
        """Raw interrupts."""
        return self._raw_interrupts()

    def write_inte(self, value: int) -> None:
        """Enable interrupts; frames become events only while their interrupt is wanted."""
        self.store("INTE", value)
        self._schedule_sof()
        self._update_interrupt()

    def write_intf(self, value: int) -> None:
        """Force interrupts."""
        self.store("INTF", value)
        self._update_interrupt()

    def read_ints(self) -> int:
        """Interrupts after masking and forcing."""
        return (self._raw_interrupts() & self.values["INTE"]) | self.values["INTF"]

    # --- Interrupts -----------------------------------------------------------------------------

    def _raw_interrupts(self) -> int:
        status = self.values["SIE_STATUS"]
        sources = (
            (INT_BUFF_STATUS, self.values["BUFF_STATUS"]),
            (INT_ABORT_DONE, self.values["EP_ABORT_DONE"]),
            (INT_EP_STALL_NAK, self.values["EP_STATUS_STALL_NAK"]),
            (INT_SETUP_REQ, status & SETUP_REC),
            (INT_BUS_RESET, status & STATUS_BUS_RESET),
            (INT_TRANS_COMPLETE, status & TRANS_COMPLETE),
            (INT_ERROR_DATA_SEQ, status & DATA_SEQ_ERROR),
            (INT_ERROR_RX_OVERFLOW, status & RX_OVERFLOW),
            (INT_VBUS_DETECT, self._vbus()),
        )
        return self._latched | sum(bit for bit, source in sources if source)

    def _update_interrupt(self) -> None:
        self.machine.irq.set_level(self.IRQ, self.read_ints() != 0)

    def _frame_ticks(self) -> int:
        return FRAME_US * self.machine.clock.ticks_per_us

    def _schedule_sof(self) -> None:
        """Virtual time counts the frames; an event per frame exists only while it interrupts."""
        if self.values["INTE"] & INT_DEV_SOF and self._bus_is_running() and not self._sof_call:
            next_frame = self.machine.clock.now // self._frame_ticks() + 1
            self._sof_call = self.machine.clock.call_at(
                next_frame * self._frame_ticks(), self._start_of_frame
            )

    def _start_of_frame(self) -> None:
        self._sof_call = 0
        if self._bus_is_running():
            self._latched |= INT_DEV_SOF
            self._update_interrupt()
        self._schedule_sof()

    # --- Connection, reset, suspend -------------------------------------------------------------

    def _vbus(self) -> bool:
        power = self.values["USB_PWR"]
        if power & VBUS_DETECT_OVERRIDE_EN:
            return bool(power & VBUS_DETECT)
        return self.bus is not None

    def _update_pull_up(self) -> None:
        main = self.values["MAIN_CTRL"]
        connected = bool(
            main & CONTROLLER_EN
            and not main & PHY_ISO
            and self.values["USB_MUXING"] & TO_PHY
            and self.values["SIE_CTRL"] & PULLUP_EN
            and self._vbus()
        )
        if connected == self._connected:
            return
        self._connected = connected
        if not connected:
            self.values["SIE_STATUS"] &= ~(CONNECTED | SUSPENDED)
            self._latched |= INT_DEV_CONN_DIS
        if self.bus is not None:
            self.bus.pull_up_changed(connected)

    @property
    def connected(self) -> bool:
        """True while the pull-up on D+ shows a full-speed device."""
        return self._connected

    def _bus_is_running(self) -> bool:
        status = self.values["SIE_STATUS"]
        return bool(status & CONNECTED) and not status & SUSPENDED and not self._in_bus_reset

    def bus_reset_begin(self) -> None:
        """The host drives SE0 (USB 2.0 7.1.7.5)."""
        self._in_bus_reset = True
        self.values["SIE_STATUS"] |= STATUS_BUS_RESET
        self.values["SIE_STATUS"] &= ~SUSPENDED
        self._update_interrupt()

    def bus_reset_end(self) -> None:
        """The host lets go; the device counts as connected and frames start."""
        self._in_bus_reset = False
        if not self.values["SIE_STATUS"] & CONNECTED:
            self.values["SIE_STATUS"] |= CONNECTED
            self._latched |= INT_DEV_CONN_DIS
        self._schedule_sof()
        self._update_interrupt()

    def suspend(self) -> None:
        """The bus has been idle for 3 ms (USB 2.0 7.1.7.6)."""
        self.values["SIE_STATUS"] |= SUSPENDED
        self._latched |= INT_DEV_SUSPEND
        self._update_interrupt()

    def resume(self) -> None:
        """The host resumes the bus."""
        self.values["SIE_STATUS"] = (self.values["SIE_STATUS"] & ~SUSPENDED) | RESUME
        self._latched |= INT_DEV_RESUME_FROM_HOST
        self._schedule_sof()
        self._update_interrupt()

    # --- Buffers --------------------------------------------------------------------------------

    def buffer_control_written(self, index: int, before: int) -> None:
        """The chip wrote the buffer control register of endpoint `index`; it was `before`."""
        offset = UsbDpram.BUFFER_CONTROL + 4 * index
        word = self.dpram.word(offset)
        if word & RESET_SELECT:
            self._buffer_select[index] = 0
        half = self._buffer_select[index]
        self._check_available(index, half, before >> 16 * half, word >> 16 * half)
        self._tell_bus(index)

    def _tell_bus(self, index: int) -> None:
        word = self.dpram.word(UsbDpram.BUFFER_CONTROL + 4 * index)
        if (word | word >> 16) & (AVAILABLE | STALL) and self.bus is not None:
            self.bus.endpoint_ready(index >> 1, index & 1 == 0)

    def _check_available(self, index: int, half: int, before: int, after: int) -> None:
        """AVAILABLE crosses a clock domain: the rest must stand before it ([RP2040] 4.1.2.5.1).

        This matters for the buffer that the controller looks at; the other one is looked at later.
        """
        rose = after & AVAILABLE and not before & AVAILABLE
        watched = 0xFFFF & ~(AVAILABLE | RESET_SELECT)
        if rose and (before ^ after) & watched:
            raise UsbControllerMisuse(
                f"EP{index >> 1} {'OUT' if index & 1 else 'IN'} buffer {half}: "
                "AVAILABLE written together with other changes of buffer control"
            )

    def _endpoint_control(self, index: int) -> int:
        """The endpoint control register; EP0 has none, SIE_CTRL serves it."""
        if index >= 2:
            return self.dpram.word(4 * index)
        sie = self.values["SIE_CTRL"]
        return (
            EP_ENABLE
            | (EP_DOUBLE_BUFFERED if sie & EP0_DOUBLE_BUF else 0)
            | (EP_INT_PER_BUFFER if sie & EP0_INT_1BUF else 0)
            | (EP_INT_PER_TWO_BUFFERS if sie & EP0_INT_2BUF else 0)
            | (EP_INT_ON_NAK if sie & EP0_INT_NAK else 0)
            | (EP_INT_ON_STALL if sie & EP0_INT_STALL else 0)
            | UsbDpram.EP0_BUFFER
        )

    def _current(self, index: int, control: int) -> tuple[int, int, int]:
        """Which buffer is next: (half, its buffer control half-word, its DPRAM offset)."""
        half = self._buffer_select[index] if control & EP_DOUBLE_BUFFERED else 0
        word = self.dpram.word(UsbDpram.BUFFER_CONTROL + 4 * index) >> 16 * half & 0xFFFF
        return half, word, (control & EP_BUFFER_ADDRESS) + PACKET_BYTES_MAX * half

    def _complete(self, index: int, control: int, half: int, word: int) -> None:
        """Write the status back, hand the buffer to the processor, turn to the next buffer."""
        offset = UsbDpram.BUFFER_CONTROL + 4 * index
        others = self.dpram.word(offset) & ~(0xFFFF << 16 * half)
        self.dpram.set_word(offset, others | word << 16 * half)
        if control & EP_DOUBLE_BUFFERED:
            self._buffer_select[index] = half ^ 1
        per_two = control & EP_INT_PER_TWO_BUFFERS and half == 1
        if control & EP_INT_PER_BUFFER or per_two:
            self.values["BUFF_STATUS"] |= 1 << index
        handled = self.values["BUFF_CPU_SHOULD_HANDLE"] & ~(1 << index)
        self.values["BUFF_CPU_SHOULD_HANDLE"] = handled | half << index
        if word & LAST_BUFF:
            self.values["SIE_STATUS"] |= TRANS_COMPLETE
        self.values["SIE_STATUS"] |= ACK_REC
        self._update_interrupt()

    # --- Tokens from the bus --------------------------------------------------------------------

    def _addressed(self, address: int) -> bool:
        return self._bus_is_running() and self.values["ADDR_ENDP"] & 0x7F == address

    def _refusal(self, index: int, control: int, word: int) -> Handshake | None:
        """STALL or NAK, and their status bits; None when the buffer may be used."""
        armed = index >= 2 or self.values["EP_STALL_ARM"] >> index & 1
        if word & STALL and armed:
            refusal, interrupt = Handshake.STALL, EP_INT_ON_STALL
        elif self.values["EP_ABORT"] >> index & 1 or not word & AVAILABLE:
            refusal, interrupt = Handshake.NAK, EP_INT_ON_NAK
        else:
            return None
        if control & interrupt:
            self.values["EP_STATUS_STALL_NAK"] |= 1 << index
            self._update_interrupt()
        return refusal

    def token_setup(self, address: int, packet: bytes) -> Handshake:
        """SETUP and its 8 bytes; a device in its right mind always takes them (USB 2.0 8.4.6.4)."""
        if not self._addressed(address):
            return Handshake.NONE
        self.dpram.memory[: len(packet)] = packet
        self.values["EP_STALL_ARM"] = 0
        self.values["SIE_STATUS"] |= SETUP_REC
        self._update_interrupt()
        return Handshake.ACK

    def token_out(self, address: int, number: int, data1: bool, data: bytes) -> Handshake:
        """OUT and one packet. A packet with the wrong toggle is acknowledged and thrown away."""
        index = 2 * number + 1
        control = self._endpoint_control(index)
        if not (self._addressed(address) and control & EP_ENABLE):
            return Handshake.NONE
        half, word, offset = self._current(index, control)
        refusal = self._refusal(index, control, word)
        if refusal is not None:
            return refusal
        if data1 != bool(word & PID_DATA1):
            self.values["SIE_STATUS"] |= DATA_SEQ_ERROR
            self._update_interrupt()
            return Handshake.ACK
        if len(data) > word & LENGTH:
            self.values["SIE_STATUS"] |= RX_OVERFLOW
            self._update_interrupt()
            return Handshake.NONE
        self.dpram.memory[offset : offset + len(data)] = data
        word = word & ~(LENGTH | AVAILABLE) | FULL | len(data)
        self._complete(index, control, half, word)
        return Handshake.ACK

    def token_in(self, address: int, number: int) -> tuple[Handshake, bool, bytes]:
        """IN; with ACK (which the host then gives) the toggle is DATA1? and the packet."""
        index = 2 * number
        control = self._endpoint_control(index)
        if not (self._addressed(address) and control & EP_ENABLE):
            return Handshake.NONE, False, b""
        half, word, offset = self._current(index, control)
        refusal = self._refusal(index, control, word)
        if refusal is not None:
            return refusal, False, b""
        length = word & LENGTH
        if not word & FULL or length > PACKET_BYTES_MAX:
            raise UsbControllerMisuse(f"EP{number} IN: buffer control 0x{word:04x} is not sendable")
        data = bytes(self.dpram.memory[offset : offset + length])
        self._complete(index, control, half, word & ~(AVAILABLE | FULL))
        return Handshake.ACK, bool(word & PID_DATA1), data

    # --- Snapshots ------------------------------------------------------------------------------

    def state(self) -> Any:
        """Registers, latches and buffer selectors; the DPRAM has its own state."""
        return (
            self.values.copy(),
            self._latched,
            self._buffer_select[:],
            self._connected,
            self._in_bus_reset,
            self._sof_call,
        )

    def load_state(self, state: Any) -> None:
        """Put a state back; the clock keeps the pending frame event."""
        values, self._latched, select, self._connected, self._in_bus_reset, self._sof_call = state
        self.values = values.copy()
        self._buffer_select = select[:]


class UsbControllerRp2040(UsbController):
    """The block on RP2040."""

    REGISTERS = REGISTERS
    IRQ = 5


class UsbControllerRp2350(UsbController):
    """The block on RP2350: a PHY that starts isolated, and one more register."""

    REGISTERS = tuple(
        {register.offset: register for register in REGISTERS + REGISTERS_RP2350}.values()
    )
    IRQ = 14
