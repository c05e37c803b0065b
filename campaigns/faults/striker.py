# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs a command to an instruction, strikes there, and runs on to its end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from campaigns.faults.run import BenchError, Run, Way
from campaigns.faults.scenarios import Scenario
from campaigns.faults.station import Station
from campaigns.faults.windows import Window
from sim.apdu import Response, exchange
from sim.bus.address_map import BadAddress
from sim.cpu.processor import Sleep, StopReason
from sim.device import Device, DeviceStopped
from sim.life.card import CardError
from sim.usb.ccid_reader import CcidError
from sim.usb.transfer import UsbError

REGISTERS = 13
REGISTER_BITS = 32
# A struck command runs on in slices, after each of which it is looked at.
SLICE_TICKS = 250_000
# So many slices alike end the wait: the core sleeps, or a loop makes no headway.
SLICES_ALIKE = 2
PAGE_BYTES = 4096
# What a loop without headway may change: counters, and the stack of the USB interrupt.
HEADWAY_BYTES = 128
NO_ANSWER = Response(b"", 0)

# How a device shows that it is lost. BadAddress: the boot ROM was called with one.
CRASHES = (DeviceStopped, UsbError, CcidError, CardError, BadAddress, ValueError)


class Outcome(Enum):
    """What came of a fault."""

    UNCHANGED = "unchanged"
    OTHER = "another answer"
    CRASH = "crash"
    RESET = "reset"
    HANG = "hang"
    SUCCESS = "success"


@dataclass(frozen=True)
class Fault:
    """At instruction `index` of the run: it is skipped, or `register` loses or gains `bit`."""

    index: int
    register: int | None = None
    bit: int = 0


@dataclass(frozen=True)
class Ending:
    """How a struck command ended; `response` only if there was an answer."""

    outcome: Outcome
    detail: str
    response: Response = NO_ANSWER
    came_back: bool = False
    """Nothing is left of the fault: from here on the run is the one without."""

    @property
    def answered(self) -> bool:
        """True if the device lives and has answered."""
        return self.outcome in (Outcome.UNCHANGED, Outcome.OTHER)

    @property
    def seen(self) -> str:
        """What someone sees who holds the device: the status word, or how it went silent."""
        return f"{self.response.sw:04X}" if self.answered else self.outcome.value


class Striker:
    """One command on one device."""

    def __init__(
        self,
        station: Station,
        scenario: Scenario,
        apdu: bytes,
        status_word: int,
        window: Window | None = None,
    ) -> None:
        self.run = Run(station, scenario, apdu, status_word, window)
        self.device: Device = station.struck.begin(scenario, apdu)
        # The image starts anew after a fault: what outlives it is in the flash already.
        self.device.machine.processor.stop_on_fault = True
        self.way = Way(self.device, self.run)
        self._expected = Response(b"", status_word)
        self._grace_ticks = scenario.grace_ticks

    def strike(self, fault: Fault) -> Ending:
        """The end that the command comes to. BenchError: the run has no such instruction."""
        self.way.go_to(self.run.stop_before(fault.index))
        boots = self.device.machine.boot_count
        try:
            self._inject(fault)
            return self._end(fault, boots)
        except CRASHES as error:
            return Ending(Outcome.CRASH, str(error).partition("\n")[0])

    def sees(self, fault: Fault) -> str:
        """`Ending.seen`, or "elsewhere" if the run has no such instruction."""
        try:
            return self.strike(fault).seen
        except BenchError:
            return "elsewhere"

    def _inject(self, fault: Fault) -> None:
        machine = self.device.machine
        if fault.register is not None:
            name = f"r{fault.register}"
            machine.core.write(name, machine.core.read(name) ^ 1 << fault.bit)
        elif self.run.it_before(fault.index) is None:
            machine.skip_instruction()
        else:
            machine.skip_in_it_block(self.run.addresses[fault.index])

    def _end(self, fault: Fault, boots: int) -> Ending:
        if self.way.comes_back(fault.index):
            detail = f"{self._expected.sw:04X}, without a trace"
            return Ending(Outcome.UNCHANGED, detail, self._expected, came_back=True)
        device, machine = self.device, self.device.machine
        reason, goes_on = self._run_on()
        if machine.faults:
            return Ending(Outcome.CRASH, machine.faults[0].what)
        if reason in (StopReason.UNMODELLED, StopReason.BOOTSEL):
            return Ending(Outcome.CRASH, str(machine.unmodelled or reason.value))
        if machine.boot_count != boots or not device.host.controller.connected:
            return Ending(Outcome.RESET, "the device started anew")
        if goes_on:
            return Ending(Outcome.HANG, machine.describe(machine.core.read("pc")))
        response = self._response()
        same = response.sw == self._expected.sw
        outcome = Outcome.UNCHANGED if same else Outcome.OTHER
        return Ending(outcome, f"{response.sw:04X}", response)

    def _run_on(self) -> tuple[StopReason, bool]:
        # To the end of the command; and whether it goes on for ever.
        machine = self.device.machine
        slices_max = (len(self.run) + self._grace_ticks) // SLICE_TICKS
        asleep = idle = 0
        before = bytes(machine.sram.buffer)
        for _ in range(slices_max):
            reason = machine.run(SLICE_TICKS)
            if reason is not StopReason.DEADLINE or machine.faults:
                return reason, False
            asleep = 0 if machine.processor.sleeping is Sleep.AWAKE else asleep + 1
            after = bytes(machine.sram.buffer)
            idle = idle + 1 if _changed_bytes(before, after) < HEADWAY_BYTES else 0
            if asleep >= SLICES_ALIKE:
                return reason, False
            if idle >= SLICES_ALIKE:
                break
            before = after
        return StopReason.DEADLINE, machine.processor.sleeping is Sleep.AWAKE

    def _response(self) -> Response:
        first = iter((self.device.reader.finish_transmit(),))
        # GET RESPONSE, if the answer asks for it, goes to the card.
        return exchange(lambda apdu: next(first, b"") or self.device.transmit(apdu), b"")


def _changed_bytes(before: bytes, after: bytes) -> int:
    pages = (slice(at, at + PAGE_BYTES) for at in range(0, len(before), PAGE_BYTES))
    count = 0
    for page in pages:
        if before[page] != after[page]:
            count += sum(map(int.__ne__, before[page], after[page]))
            if count >= HEADWAY_BYTES:
                break
    return count
