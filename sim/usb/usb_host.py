# SPDX-License-Identifier: GPL-2.0-or-later
"""A USB 2.0 full-speed host for one device: bus, requests, enumeration.

It acts in virtual time only: a token goes out a few microseconds after the device could take it,
each packet occupies the bus for as long as it would on a wire, and a NAKed endpoint is asked again
when the controller says that a buffer became available. Time-outs are virtual, too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sim.peripherals.usb import Handshake, UsbController
from sim.usb import descriptors
from sim.usb.descriptors import ConfigurationDescriptor, DescriptorError, DeviceDescriptor
from sim.usb.transfer import Pipe, Status, Transfer, UsbError, UsbStall, UsbTimeout

# Token, handshake and turn-around of a bulk transaction are 13 bytes (USB 2.0 5.8.4); 12 Mbit/s.
TRANSACTION_OVERHEAD_BYTES = 13
TOKEN_US = 4
TRANSACTION_TRIES_MAX = 3

CONNECT_TIMEOUT_US = 5_000_000
DEBOUNCE_US = 100_000
RESET_US = 15_000
RESET_RECOVERY_US = 10_000
SET_ADDRESS_RECOVERY_US = 2_000
CONTROL_TIMEOUT_US = 5_000_000
STATUS_STAGE_TIMEOUT_US = 500_000

SLICE_US = 100_000

DEVICE_ADDRESS = 5

# Standard requests (USB 2.0 table 9-4).
GET_STATUS = 0
CLEAR_FEATURE = 1
SET_ADDRESS = 5
GET_DESCRIPTOR = 6
GET_CONFIGURATION = 8
SET_CONFIGURATION = 9
ENDPOINT_HALT = 0


class UsbHost:
    """The host controller and its driver. It is the `bus` of the device's controller."""

    def __init__(
        self,
        machine: Any,
        controller: UsbController,
        advance: Callable[[int], None] | None = None,
    ) -> None:
        """`advance` runs the machine for some ticks; the default is the machine's own `run`."""
        self.machine = machine
        self._advance: Callable[[int], Any] = advance or machine.run
        self.controller = controller
        controller.bus = self
        # Called between slices of a long wait: for progress displays, and to give up.
        self.on_slice: Callable[[], None] = lambda: None
        self._pipes: dict[tuple[int, bool], Pipe] = {}
        self._forget_device()

    def _forget_device(self) -> None:
        self.address = 0
        self.device: DeviceDescriptor | None = None
        self.configuration: ConfigurationDescriptor | None = None
        self.strings: dict[int, str] = {}
        self._bus_free_at = 0
        self._reset_pipes()

    def _reset_pipes(self) -> None:
        for pipe in self._pipes.values():
            self._fail_all(pipe, "bus reset")
        self._pipes = {
            (0, is_in): Pipe(0, is_in, self.device.packet_bytes_max if self.device else 8)
            for is_in in (False, True)
        }

    # --- Time -----------------------------------------------------------------------------------

    def run_until(self, condition: Callable[[], bool], timeout_us: int) -> bool:
        """Let the device run until `condition` holds (True) or virtual time is up (False).

        What makes the condition true must happen in one of the host's events: they stop the run.
        """
        clock = self.machine.clock
        deadline = clock.now + timeout_us * clock.ticks_per_us
        # An event at the end, so that a machine that sleeps wakes up there at the latest.
        alarm = clock.call_at(deadline, self.machine.request_stop)
        try:
            while not condition():
                if clock.now >= deadline:
                    return False
                self._advance(min(deadline - clock.now, SLICE_US * clock.ticks_per_us))
                self.on_slice()
        finally:
            clock.cancel(alarm)
        return True

    def run_for(self, duration_us: int) -> None:
        """Let virtual time pass."""
        self.run_until(lambda: False, duration_us)

    # --- The controller's calls -----------------------------------------------------------------

    def pull_up_changed(self, connected: bool) -> None:
        """The device came or went; whatever was under way is lost."""
        if not connected:
            self.address, self.configuration = 0, None
            for pipe in self._pipes.values():
                self._fail_all(pipe, "the device left the bus")
        self.machine.request_stop()

    def endpoint_ready(self, number: int, is_in: bool) -> None:
        """The device has a buffer now: ask again if somebody waits for it."""
        pipe = self._pipes.get((number, is_in))
        if pipe is not None and pipe.queue:
            self._schedule(pipe)

    # --- Transactions ---------------------------------------------------------------------------

    def _schedule(self, pipe: Pipe) -> None:
        if pipe.call:
            return
        clock = self.machine.clock
        tick = max(clock.now + TOKEN_US * clock.ticks_per_us, self._bus_free_at)
        if pipe.interval_us:
            interval = pipe.interval_us * clock.ticks_per_us
            tick = (tick + interval - 1) // interval * interval
        pipe.call = clock.call_at(tick, lambda: self._transact(pipe))

    def _transact(self, pipe: Pipe) -> None:
        pipe.call = 0
        if not pipe.queue:
            return
        transfer = pipe.queue[0]
        if pipe.is_in:
            handshake, data1, packet = self.controller.token_in(self.address, pipe.number)
        else:
            data1, packet = pipe.data1, transfer.next_packet(pipe.packet_bytes_max)
            handshake = self.controller.token_out(self.address, pipe.number, data1, packet)
        clock = self.machine.clock
        wire_bits = 8 * (TRANSACTION_OVERHEAD_BYTES + len(packet))
        self._bus_free_at = clock.now + wire_bits * clock.ticks_per_us // 12
        self._take_handshake(pipe, transfer, handshake, data1, packet)
        if transfer.finished:
            self._drop(pipe, transfer)
            self.machine.request_stop()
        if pipe.queue and handshake is not Handshake.NAK:
            self._schedule(pipe)

    def _take_handshake(
        self, pipe: Pipe, transfer: Transfer, handshake: Handshake, data1: bool, packet: bytes
    ) -> None:
        if handshake is Handshake.NONE:
            pipe.silent += 1
            if pipe.silent >= TRANSACTION_TRIES_MAX:
                transfer.status = Status.FAILED
                transfer.error = f"no response to {pipe.silent} tokens"
            return
        pipe.silent = 0
        if handshake is Handshake.STALL:
            transfer.status = Status.STALLED
        elif handshake is Handshake.NAK:
            transfer.naks += 1
        elif data1 != pipe.data1:
            transfer.status = Status.FAILED
            transfer.error = f"packet with DATA{int(data1)}, DATA{int(pipe.data1)} was due"
        else:
            pipe.data1 = not pipe.data1
            if pipe.is_in:
                transfer.packet_received(packet, pipe.packet_bytes_max)
            else:
                transfer.packet_sent(pipe.packet_bytes_max)

    def _drop(self, pipe: Pipe, transfer: Transfer) -> None:
        if transfer in pipe.queue:
            pipe.queue.remove(transfer)
        if not pipe.queue:
            self.machine.clock.cancel(pipe.call)
            pipe.call = 0
            pipe.silent = 0

    def _fail_all(self, pipe: Pipe, error: str) -> None:
        for transfer in pipe.queue[:]:
            transfer.status, transfer.error = Status.FAILED, error
            self._drop(pipe, transfer)

    # --- Transfers ------------------------------------------------------------------------------

    def submit(self, pipe: Pipe, transfer: Transfer) -> Transfer:
        """Queue a transfer; it proceeds while the machine runs."""
        pipe.queue.append(transfer)
        self._schedule(pipe)
        return transfer

    def cancel(self, pipe: Pipe, transfer: Transfer) -> None:
        """Take a transfer back; packets already moved stay moved."""
        if not transfer.finished:
            transfer.status = Status.CANCELLED
        self._drop(pipe, transfer)

    def wait(self, pipe: Pipe, transfer: Transfer, timeout_us: int) -> bytes:
        """Run until the transfer is finished; the bytes received (IN) or sent (OUT).

        Raises UsbStall, UsbTimeout, UsbError.
        """
        self.run_until(lambda: transfer.finished, timeout_us)
        if transfer.status is Status.PENDING:
            self.cancel(pipe, transfer)
            moved = f"{len(transfer.data)} bytes came" if pipe.is_in else f"{transfer.packets} sent"
            raise UsbTimeout(f"{pipe.name}: no answer within {timeout_us // 1000} ms ({moved})")
        if transfer.status is Status.STALLED:
            raise UsbStall(f"{pipe.name}: STALL")
        if transfer.status is not Status.DONE:
            raise UsbError(f"{pipe.name}: {transfer.error or transfer.status.name.lower()}")
        return bytes(transfer.data)

    def start_out(self, number: int, data: bytes, zero_packet: bool = False) -> Transfer:
        """Queue an OUT transfer on endpoint `number` without running."""
        transfer = Transfer(False, bytearray(data), len(data), zero_packet)
        return self.submit(self._pipe(number, False), transfer)

    def start_in(self, number: int, length: int) -> Transfer:
        """Queue an IN transfer of at most `length` bytes without running."""
        return self.submit(self._pipe(number, True), Transfer(True, bytearray(), length))

    def finish(self, number: int, transfer: Transfer, timeout_us: int) -> bytes:
        """`wait` for a transfer of `start_in` or `start_out`."""
        return self.wait(self._pipe(number, transfer.is_in), transfer, timeout_us)

    def write(self, number: int, data: bytes, timeout_us: int) -> None:
        """A whole OUT transfer on endpoint `number`; bulk hosts send no zero-length packet."""
        self.finish(number, self.start_out(number, data), timeout_us)

    def read(self, number: int, length: int, timeout_us: int) -> bytes:
        """A whole IN transfer on endpoint `number`."""
        return self.finish(number, self.start_in(number, length), timeout_us)

    def _pipe(self, number: int, is_in: bool) -> Pipe:
        pipe = self._pipes.get((number, is_in))
        if pipe is None:
            raise UsbError(f"EP{number} {'IN' if is_in else 'OUT'} is not configured")
        return pipe

    # --- Control requests -----------------------------------------------------------------------

    def control(
        self,
        request_type: int,
        request: int,
        value: int = 0,
        index: int = 0,
        data: bytes = b"",
        length: int = 0,
        timeout_us: int = CONTROL_TIMEOUT_US,
    ) -> bytes:
        """One control transfer (USB 2.0 8.5.3); returns the data stage of an IN request.

        Raises UsbStall when the device refuses the request.
        """
        is_in = bool(request_type & 0x80)
        count = length if is_in else len(data)
        packet = bytes((request_type, request))
        packet += b"".join(n.to_bytes(2, "little") for n in (value, index, count))
        self._setup(packet)
        pipe_out, pipe_in = self._pipe(0, False), self._pipe(0, True)
        pipe_out.data1 = pipe_in.data1 = True
        answer = b""
        if count and is_in:
            transfer = self.submit(pipe_in, Transfer(True, bytearray(), count))
            answer = self.wait(pipe_in, transfer, timeout_us)
        elif count:
            transfer = self.submit(pipe_out, Transfer(False, bytearray(data), count))
            self.wait(pipe_out, transfer, timeout_us)
        pipe_in.data1 = pipe_out.data1 = True
        if count and is_in:
            transfer = self.submit(pipe_out, Transfer(False, bytearray(), 0))
            self.wait(pipe_out, transfer, STATUS_STAGE_TIMEOUT_US)
        else:
            transfer = self.submit(pipe_in, Transfer(True, bytearray(), 0))
            self.wait(pipe_in, transfer, timeout_us)
        return answer

    def _setup(self, packet: bytes) -> None:
        """The SETUP stage: sent a token's time from now, three tries against silence."""
        answers: list[Handshake] = []

        def send() -> None:
            answers.append(self.controller.token_setup(self.address, packet))
            self.machine.request_stop()

        for attempt in range(1, TRANSACTION_TRIES_MAX + 1):
            clock = self.machine.clock
            clock.call_at(clock.now + TOKEN_US * clock.ticks_per_us, send)
            self.run_until(lambda n=attempt: len(answers) == n, RESET_US)
            if answers[-1] is Handshake.ACK:
                return
        raise UsbError(f"EP0: no response to SETUP at address {self.address}")

    def get_descriptor(self, kind: int, index: int, length: int, language: int = 0) -> bytes:
        """GET_DESCRIPTOR (USB 2.0 9.4.3)."""
        return self.control(0x80, GET_DESCRIPTOR, kind << 8 | index, language, length=length)

    def clear_halt(self, number: int, is_in: bool) -> None:
        """CLEAR_FEATURE(ENDPOINT_HALT); both ends start again with DATA0."""
        address = number | (0x80 if is_in else 0)
        self.control(0x02, CLEAR_FEATURE, ENDPOINT_HALT, address)
        self._pipe(number, is_in).data1 = False

    def endpoint_halted(self, number: int, is_in: bool) -> bool:
        """GET_STATUS of an endpoint."""
        address = number | (0x80 if is_in else 0)
        return self.control(0x82, GET_STATUS, 0, address, length=2) == b"\x01\x00"

    # --- Connection and enumeration -------------------------------------------------------------

    def wait_for_device(self, timeout_us: int = CONNECT_TIMEOUT_US) -> None:
        """Run until the device shows its pull-up; raises UsbTimeout."""
        if not self.run_until(lambda: self.controller.connected, timeout_us):
            raise UsbTimeout(f"the device did not connect within {timeout_us // 1000} ms")

    def bus_reset(self) -> None:
        """Drive a bus reset, then wait until the device must answer (USB 2.0 7.1.7.5)."""
        self.address = 0
        self.configuration = None
        self._reset_pipes()
        self.controller.bus_reset_begin()
        self.run_for(RESET_US)
        self.controller.bus_reset_end()
        self.run_for(RESET_RECOVERY_US)

    def enumerate(self) -> ConfigurationDescriptor:
        """Everything from the pull-up to SET_CONFIGURATION; every descriptor is checked.

        Raises UsbError or DescriptorError with one line.
        """
        self._forget_device()
        self.wait_for_device()
        self.run_for(DEBOUNCE_US)
        self.bus_reset()
        first = self.get_descriptor(descriptors.DEVICE, 0, 8)
        if len(first) != 8 or first[7] not in descriptors.PACKET_SIZES_FULL_SPEED:
            raise DescriptorError(f"device descriptor: first 8 bytes are {first.hex()}")
        return self.reconfigure(first[7])

    def reconfigure(self, packet_bytes_max: int | None = None) -> ConfigurationDescriptor:
        """Reset the bus and configure a device whose EP0 packet size is known."""
        if packet_bytes_max is None:
            if self.device is None:
                return self.enumerate()
            packet_bytes_max = self.device.packet_bytes_max
        self.bus_reset()
        for is_in in (False, True):
            self._pipe(0, is_in).packet_bytes_max = packet_bytes_max
        self.control(0x00, SET_ADDRESS, DEVICE_ADDRESS)
        self.run_for(SET_ADDRESS_RECOVERY_US)
        self.address = DEVICE_ADDRESS
        self.device = DeviceDescriptor.parse(self.get_descriptor(descriptors.DEVICE, 0, 18))
        self._check_no_high_speed()
        configuration = self._read_configuration()
        self._read_strings(configuration)
        self.control(0x00, SET_CONFIGURATION, configuration.value)
        current = self.control(0x80, GET_CONFIGURATION, length=1)
        if current != bytes((configuration.value,)):
            raise UsbError(f"GET_CONFIGURATION answers {current.hex()} after SET_CONFIGURATION")
        self._open_pipes(configuration)
        self.configuration = configuration
        return configuration

    def _check_no_high_speed(self) -> None:
        """A full-speed-only device has no device qualifier (USB 2.0 9.6.2)."""
        try:
            self.get_descriptor(descriptors.DEVICE_QUALIFIER, 0, 10)
        except UsbStall:
            return
        raise DescriptorError("device qualifier: present on a full-speed device")

    def _read_configuration(self) -> ConfigurationDescriptor:
        head = self.get_descriptor(descriptors.CONFIGURATION, 0, 9)
        if len(head) != 9:
            raise DescriptorError(f"configuration descriptor: {len(head)} bytes came, 9 asked for")
        total = int.from_bytes(head[2:4], "little")
        whole = self.get_descriptor(descriptors.CONFIGURATION, 0, total)
        return ConfigurationDescriptor.parse(whole)

    def _read_strings(self, configuration: ConfigurationDescriptor) -> None:
        """Every string that a descriptor names must be there and readable."""
        assert self.device is not None
        self.strings = {}
        indices = {
            self.device.manufacturer_index,
            self.device.product_index,
            self.device.serial_index,
            configuration.string_index,
            *(interface.string_index for interface in configuration.interfaces),
        } - {0}
        if not indices:
            return
        languages = descriptors.parse_languages(self.get_descriptor(descriptors.STRING, 0, 255))
        for index in sorted(indices):
            try:
                data = self.get_descriptor(descriptors.STRING, index, 255, languages[0])
            except UsbStall:
                raise DescriptorError(f"string descriptor {index}: named but absent") from None
            self.strings[index] = descriptors.parse_string(data)

    def _open_pipes(self, configuration: ConfigurationDescriptor) -> None:
        for interface in configuration.interfaces:
            for endpoint in interface.endpoints:
                interrupt = endpoint.transfer_type == descriptors.TRANSFER_INTERRUPT
                self._pipes[endpoint.number, endpoint.is_in] = Pipe(
                    endpoint.number,
                    endpoint.is_in,
                    endpoint.packet_bytes_max,
                    interval_us=endpoint.interval_ms * 1000 if interrupt else 0,
                )

    # --- Suspend --------------------------------------------------------------------------------

    def suspend(self) -> None:
        """Stop the traffic; after 3 ms of silence the device must see it (USB 2.0 7.1.7.6)."""
        self.run_for(3_000)
        self.controller.suspend()
        self.run_for(10_000)

    def resume(self) -> None:
        """Wake the bus: 20 ms of K, then 10 ms for the device to recover (USB 2.0 7.1.7.7)."""
        self.run_for(20_000)
        self.controller.resume()
        self.run_for(10_000)

    # --- Snapshots ------------------------------------------------------------------------------

    def state(self) -> Any:
        """What the host knows of the device; only between transfers."""
        if any(pipe.queue for pipe in self._pipes.values()):
            raise UsbError("a snapshot cannot be taken while a transfer is under way")
        toggles = {key: (pipe, pipe.data1) for key, pipe in self._pipes.items()}
        known = (self.address, self.device, self.configuration, dict(self.strings))
        return known, toggles, self._bus_free_at

    def load_state(self, state: Any) -> None:
        """Undo everything since `state()`."""
        known, toggles, self._bus_free_at = state
        self.address, self.device, self.configuration, strings = known
        self.strings = dict(strings)
        self._pipes = {}
        for key, (pipe, data1) in toggles.items():
            pipe.data1, pipe.call, pipe.silent = data1, 0, 0
            pipe.queue.clear()
            self._pipes[key] = pipe
