# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs a command to an instruction, strikes there, and runs on to its end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from campaigns.faults.patience import OutOfPatience, answer_of, patience, ticks_for_questions
from campaigns.faults.run import Run, Way
from campaigns.faults.scenarios import Scenario
from campaigns.faults.station import Station
from campaigns.faults.windows import BenchError, Window
from sim.apdu import Response
from sim.bus.address_map import BadAddress
from sim.device import Device, DeviceStopped
from sim.life.card import SO_PIN_REFERENCE, USER_PIN_REFERENCE, Card, CardError
from sim.usb.ccid_reader import CcidError
from sim.usb.transfer import UsbError

REGISTERS = 13
REGISTER_BITS = 32
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
        patience_ticks: int,
        window: Window | None = None,
    ) -> None:
        self.run = Run(station, scenario, apdu, status_word, window)
        self.device: Device = station.struck.begin(apdu, logged_in=scenario.logged_in)
        # The image starts anew after a fault: what outlives it is in the flash already.
        self.device.machine.processor.stop_on_fault = True
        self.way = Way(self.device, self.run)
        self._expected = Response(b"", status_word)
        self._patience_ticks = patience_ticks
        self._states_after: dict[int, tuple[str, ...]] = {}
        """States of the PINs at a start from what the run leaves in the flash on its way."""

    def strike(self, fault: Fault) -> Ending:
        """The end that the command comes to. BenchError: the run has no such instruction."""
        self.way.go_to(self.run.stop_before(fault.index))
        try:
            self._inject(fault)
            return self._end(fault)
        except CRASHES as error:
            return Ending(Outcome.CRASH, str(error).partition("\n")[0])

    def sees(self, fault: Fault) -> tuple[str, ...]:
        """What someone sees who strikes the device, and asks what is free afterwards.

        That is: how it ends, and the states of the PINs, after a silence those at the next start. A
        run that has no such instruction looks like no other.
        """
        try:
            ending = self.strike(fault)
        except BenchError:
            return ("elsewhere",)
        try:
            if ending.answered:
                return ending.seen, *self._states_in_session(ending)
            return ending.seen, *self._states_at_start()
        except CRASHES:
            return ending.seen, "silent"

    def _states_in_session(self, ending: Ending) -> tuple[str, ...]:
        if ending.came_back:
            self.run_on()
        with patience(self.device, ticks_for_questions(self.device)):
            return _pin_states(Card(self.device.transmit))

    def _states_at_start(self) -> tuple[str, ...]:
        """A start knows the flash alone: from one that most faults leave, one is enough."""
        contents = self.way.contents_number(self.device.flash.contents())
        if contents not in self._states_after:
            with patience(self.device, ticks_for_questions(self.device)):
                self.device.power_on()
                card = Card(self.device.transmit)
                card.select()
                states = _pin_states(card)
            if contents is None:
                return states
            self._states_after[contents] = states
        return self._states_after[contents]

    def _inject(self, fault: Fault) -> None:
        machine = self.device.machine
        if fault.register is not None:
            name = f"r{fault.register}"
            machine.core.write(name, machine.core.read(name) ^ 1 << fault.bit)
        elif self.run.it_before(fault.index) is None:
            machine.skip_instruction()
        else:
            machine.skip_in_it_block(self.run.addresses[fault.index])

    def _end(self, fault: Fault) -> Ending:
        if self.way.comes_back(fault.index):
            detail = f"{self._expected.sw:04X}, without a trace"
            return Ending(Outcome.UNCHANGED, detail, self._expected, came_back=True)
        machine = self.device.machine
        if machine.faults or machine.unmodelled:
            what = machine.faults[0].what if machine.faults else str(machine.unmodelled)
            return Ending(Outcome.CRASH, what)
        try:
            response = self.run_on()
        except OutOfPatience:
            return Ending(Outcome.HANG, machine.describe(machine.core.read("pc")))
        except UsbError:
            if self.device.host.controller.connected:
                raise
            return Ending(Outcome.RESET, "the device started anew")
        same = response.sw == self._expected.sw
        outcome = Outcome.UNCHANGED if same else Outcome.OTHER
        return Ending(outcome, f"{response.sw:04X}", response)

    def run_on(self) -> Response:
        """The answer of the device where it is. One of CRASHES: there is none."""
        with patience(self.device, self._patience_ticks):
            return answer_of(self.device)


def _pin_states(card: Card) -> tuple[str, ...]:
    return tuple(
        f"{card.pin_status(reference):04X}" for reference in (USER_PIN_REFERENCE, SO_PIN_REFERENCE)
    )
