# SPDX-License-Identifier: GPL-2.0-or-later
"""A small USB host and CCID reader for emulators that speak in callbacks.

`rp2040py` and `rp2040js` model the RP2040's USB controller without data toggles, NAK or STALL:
firmware that offers a buffer causes an event, and the harness completes it. This host turns those
events into control transfers, CCID messages and APDUs. It shares no code with `sim/usb`, which is
what makes agreement between the two worth something.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

PACKET_BYTES_MAX = 64
CCID_HEADER = struct.Struct("<BIBB3s")

GET_DESCRIPTOR_DEVICE = bytes.fromhex("8006000100001200")
GET_DESCRIPTOR_CONFIGURATION_HEAD = bytes.fromhex("8006000200000900")
SET_ADDRESS_1 = bytes.fromhex("0005010000000000")
SET_CONFIGURATION_1 = bytes.fromhex("0009010000000000")

PC_TO_RDR_ICC_POWER_ON = 0x62
PC_TO_RDR_XFR_BLOCK = 0x6F
RDR_TO_PC_DATA_BLOCK = 0x80
STATUS_TIME_EXTENSION = 0x80


@dataclass(frozen=True)
class Event:
    """The controller's act: "enabled", "reset", "write" (IN data), "read" (OUT buffer armed)."""

    kind: str
    endpoint: int = 0
    data: bytes = b""


class Emulator(Protocol):
    """The seam between this host and one emulator; `now_us` is its virtual time."""

    @property
    def now_us(self) -> float: ...

    def bus_reset(self) -> None: ...
    def setup(self, packet: bytes) -> None: ...
    def complete_read(self, endpoint: int, data: bytes) -> None: ...
    def run(self) -> list[Event]:
        """Run until an event or for a slice of time; events since the last call, in order."""
        ...

    def pause(self, duration_us: int) -> list[Event]:
        """Run for exactly so long, whatever happens; events in order."""
        ...


class EmulatorStalled(Exception):
    """The firmware did not do what the host waited for within its virtual time."""


class CallbackHost:
    """Enumerates the device and exchanges APDUs with it (extended APDU level, [CCID] 5.1)."""

    ENUMERATION_US_MAX = 1_000_000
    CONTROL_US_MAX = 500_000
    # Both emulators complete an OUT transaction some microseconds after they are told to.
    STATUS_STAGE_US = 200
    COMMAND_US_MAX = 60_000_000

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.device_descriptor = b""
        self.configuration_descriptor = b""
        self.time_extensions = 0
        self._writes: dict[int, deque[bytes]] = {}
        self._armed: dict[int, int] = {}
        self._seen: set[str] = set()
        self._bulk_out = self._bulk_in = 0
        self._sequence = 0

    def enumerate(self) -> None:
        """Bus reset, descriptors, SET_ADDRESS, SET_CONFIGURATION."""
        self._wait(
            lambda: "enabled" in self._seen, self.ENUMERATION_US_MAX, "enabled the controller"
        )
        self.emulator.bus_reset()
        self._wait(lambda: "reset" in self._seen, self.ENUMERATION_US_MAX, "saw the bus reset")
        self.device_descriptor = self._control_in(GET_DESCRIPTOR_DEVICE)
        self._control_out(SET_ADDRESS_1)
        head = self._control_in(GET_DESCRIPTOR_CONFIGURATION_HEAD)
        total_length = struct.unpack_from("<H", head, 2)[0]
        request = GET_DESCRIPTOR_CONFIGURATION_HEAD[:6] + struct.pack("<H", total_length)
        self.configuration_descriptor = self._control_in(request)
        self._find_bulk_endpoints()
        self._control_out(SET_CONFIGURATION_1)

    def power_on(self) -> bytes:
        """IccPowerOn; returns the ATR."""
        return self._exchange(PC_TO_RDR_ICC_POWER_ON, b"", self.CONTROL_US_MAX)

    def transmit(self, apdu: bytes) -> bytes:
        """One command APDU; returns response data and status word."""
        return self._exchange(PC_TO_RDR_XFR_BLOCK, apdu, self.COMMAND_US_MAX)

    # --- CCID ---------------------------------------------------------------------------------

    def _exchange(self, message_type: int, data: bytes, limit_us: int) -> bytes:
        self._sequence = (self._sequence + 1) & 0xFF
        frame = CCID_HEADER.pack(message_type, len(data), 0, self._sequence, bytes(3)) + data
        for start in range(0, len(frame), PACKET_BYTES_MAX):
            self._send_packet(self._bulk_out, frame[start : start + PACKET_BYTES_MAX])
        while True:
            answer = self._receive_message(limit_us)
            kind, length, slot, sequence, state = CCID_HEADER.unpack_from(answer)
            assert (kind, slot, sequence) == (RDR_TO_PC_DATA_BLOCK, 0, self._sequence), answer.hex()
            if state[0] == STATUS_TIME_EXTENSION:
                self.time_extensions += 1
                continue
            assert state == bytes(3), f"CCID status {state.hex()}"
            assert length == len(answer) - CCID_HEADER.size
            return answer[CCID_HEADER.size :]

    def _receive_message(self, limit_us: int) -> bytes:
        message = b""
        while True:
            packet = self._receive_packet(self._bulk_in, limit_us)
            message += packet
            if len(packet) < PACKET_BYTES_MAX:
                return message

    # --- USB ----------------------------------------------------------------------------------

    def _control_in(self, setup: bytes) -> bytes:
        self.emulator.setup(setup)
        wanted = struct.unpack_from("<H", setup, 6)[0]
        data = b""
        while len(data) < wanted:
            packet = self._receive_packet(0, self.CONTROL_US_MAX)
            data += packet
            if len(packet) < PACKET_BYTES_MAX:
                break
        self._send_packet(0, b"")
        for event in self.emulator.pause(self.STATUS_STAGE_US):
            self._note(event)
        return data

    def _control_out(self, setup: bytes) -> None:
        self.emulator.setup(setup)
        assert self._receive_packet(0, self.CONTROL_US_MAX) == b""

    def _send_packet(self, endpoint: int, data: bytes) -> None:
        self._wait(
            lambda: endpoint in self._armed, self.CONTROL_US_MAX, f"armed OUT endpoint {endpoint}"
        )
        assert len(data) <= PACKET_BYTES_MAX
        del self._armed[endpoint]
        self.emulator.complete_read(endpoint, data)

    def _receive_packet(self, endpoint: int, limit_us: int) -> bytes:
        queue = self._writes.setdefault(endpoint, deque())
        self._wait(lambda: bool(queue), limit_us, f"wrote to IN endpoint {endpoint}")
        return queue.popleft()

    def _find_bulk_endpoints(self) -> None:
        position = 0
        descriptors = self.configuration_descriptor
        while position < len(descriptors):
            length, kind = descriptors[position], descriptors[position + 1]
            if kind == 0x05 and descriptors[position + 3] & 3 == 2:
                address = descriptors[position + 2]
                if address & 0x80:
                    self._bulk_in = address & 0x0F
                else:
                    self._bulk_out = address
            position += length

    def _wait(self, condition: Callable[[], bool], limit_us: int, what: str) -> None:
        deadline_us = self.emulator.now_us + limit_us
        while not condition():
            if self.emulator.now_us > deadline_us:
                raise EmulatorStalled(f"the firmware never {what} in {limit_us / 1000:,.0f} ms")
            for event in self.emulator.run():
                self._note(event)

    def _note(self, event: Event) -> None:
        if event.kind == "write":
            self._writes.setdefault(event.endpoint, deque()).append(event.data)
        elif event.kind == "read":
            self._armed[event.endpoint] = len(event.data)
        else:
            self._seen.add(event.kind)
