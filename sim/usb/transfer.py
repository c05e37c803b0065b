# SPDX-License-Identifier: GPL-2.0-or-later
"""Transfers and pipes: what a driver asks of the bus, and how far it came."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field


class UsbError(Exception):
    """The bus or the device broke the rules of USB; the text is one line."""


class UsbTimeout(UsbError):
    """The device answered NAK, or nothing, for longer than the host waits (virtual time)."""


class UsbStall(UsbError):
    """The device answered STALL: the request or the endpoint is halted (USB 2.0 8.4.5)."""


class Status(enum.Enum):
    """State of a transfer."""

    PENDING = enum.auto()
    DONE = enum.auto()
    STALLED = enum.auto()
    FAILED = enum.auto()
    CANCELLED = enum.auto()


@dataclass
class Transfer:
    """One IN or OUT transfer; `data` is what goes out, or what has come in so far.

    An OUT transfer sends `data` in packets and, if `zero_packet`, one empty packet after a full
    last one. An IN transfer ends with a short packet or after `length` bytes.
    """

    is_in: bool
    data: bytearray
    length: int
    zero_packet: bool = False
    status: Status = Status.PENDING
    error: str = ""
    packets: int = 0
    naks: int = 0

    @property
    def finished(self) -> bool:
        """True when nothing more will happen to it."""
        return self.status is not Status.PENDING

    def next_packet(self, packet_bytes_max: int) -> bytes:
        """OUT: the packet that goes out next."""
        start = self.packets * packet_bytes_max
        return bytes(self.data[start : start + packet_bytes_max])

    def packet_sent(self, packet_bytes_max: int) -> None:
        """OUT: the device took the packet."""
        self.packets += 1
        sent = self.packets * packet_bytes_max
        zero_packet_left = self.zero_packet and sent == len(self.data)
        if sent >= len(self.data) and not zero_packet_left:
            self.status = Status.DONE

    def packet_received(self, packet: bytes, packet_bytes_max: int) -> None:
        """IN: a packet came."""
        self.packets += 1
        self.data += packet
        if len(self.data) > self.length:
            self.status = Status.FAILED
            self.error = f"device sent {len(self.data)} bytes, host asked for {self.length}"
        elif len(packet) < packet_bytes_max or len(self.data) == self.length:
            self.status = Status.DONE


@dataclass
class Pipe:
    """The host's end of one endpoint and direction: its toggle and the transfers in turn."""

    number: int
    is_in: bool
    packet_bytes_max: int
    interval_us: int = 0
    data1: bool = False
    queue: list[Transfer] = field(default_factory=list)
    call: int = 0
    silent: int = 0

    @property
    def name(self) -> str:
        """For messages: "EP1 IN"."""
        return f"EP{self.number} {'IN' if self.is_in else 'OUT'}"
