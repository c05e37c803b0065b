# SPDX-License-Identifier: GPL-2.0-or-later
"""One card and its model: steps are done with both, and must come to the same."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from fuzz.machine import frames, questions
from fuzz.machine.steps import Step
from fuzz.model import apdu as model_apdu
from fuzz.model import card
from fuzz.model.expectation import Expectation, refused
from fuzz.model.generation import learn_public
from fuzz.model.state import CERTIFICATE, State
from sim.apdu import GET_RESPONSE, Response
from sim.bus.address_map import BadAddress
from sim.cpu.core import EngineError
from sim.device import Device, DeviceStopped
from sim.flash.power_cut import PowerCutPlan
from sim.peripherals.usb import UsbControllerMisuse
from sim.residue.watch import ResidueError
from sim.usb import ccid_messages as ccid
from sim.usb.ccid_reader import CcidError
from sim.usb.descriptors import DescriptorError
from sim.usb.transfer import UsbError

RESPONSES_MAX = 300
MORE_DATA = 0x61
APDU_BYTES_MIN = 4
BROKEN = (
    *(UsbError, CcidError, DescriptorError, ResidueError),
    *(UsbControllerMisuse, EngineError, BadAddress),
)


class FindingError(Exception):
    """The card did what the model does not allow; one line."""


@dataclass
class Tally:
    """What was reached."""

    answers: Counter[tuple[int, int]] = field(default_factory=Counter)
    """By INS and status word."""
    steps: Counter[str] = field(default_factory=Counter)
    after_cuts: Counter[str] = field(default_factory=Counter)
    transitions: Counter[tuple[str, str]] = field(default_factory=Counter)
    not_predicted: Counter[int] = field(default_factory=Counter)
    """Commands that were not sent, by INS."""

    def add(self, other: Tally) -> None:
        """Both together."""
        for name, counter in vars(other).items():
            getattr(self, name).update(counter)


class Conversation:
    """A device and the state that the model gives its card."""

    def __init__(self, device: Device, state: State, tally: Tally) -> None:
        self.device = device
        self.state = state
        self.tally = tally

    # --- Steps ----------------------------------------------------------------------------------

    def do(self, step: Step) -> None:
        """One step on both; raises FindingError."""
        before = label(self.state)
        try:
            self._do(step)
            self._check_machine()
            if self.state.session.chain is None:
                self.ask(questions.brief())
        except (DeviceStopped, *BROKEN) as error:
            report = self.device.fault_report()
            raise FindingError(f"{type(error).__name__}: {error} {report}".rstrip()) from None
        self.tally.steps[step.kind] += 1
        self.tally.transitions[before, label(self.state)] += 1

    def _do(self, step: Step) -> None:
        if step.kind == "apdu":
            self.send(step.data)
        elif step.kind == "cut":
            self._cut(step.data, step.number, step.word)
        elif step.kind == "interrupt":
            self._interrupt(step.data, step.number, step.word)
        elif step.kind == "frame":
            problem = frames.send(self.device, step.data)
            if problem:
                raise FindingError(f"frame {step.data.hex()}: {problem}")
        else:
            self._end_of_session(step.kind)
            self.state.end_session()

    def _end_of_session(self, way: str) -> None:
        if way == "power cycle":
            self.device.power_on()
            return
        if way == "bus reset":
            self.device.bus_reset()
        else:
            self.device.icc_power_off()
        self.device.icc_power_on()

    def finish(self) -> None:
        """A last look at everything, and again after a power cycle (BOOT-2)."""
        self.state.session.chain = None
        try:
            self.device.power_on()
            self.state.end_session()
            before = len(self.device.journal)
            self.device.power_on()
            if len(self.device.journal) != before:
                raise FindingError("a second boot writes to the flash")
            self.ask(questions.thorough([self.state]))
            self._check_machine()
        except (DeviceStopped, *BROKEN) as error:
            raise FindingError(f"{type(error).__name__} in the last look: {error}") from None

    # --- Commands -------------------------------------------------------------------------------

    def send(self, apdu: bytes) -> Response | None:
        """One command on both; None if the model does not know what comes of it."""
        if len(apdu) < APDU_BYTES_MIN:
            return self._too_short(apdu)
        expectation = card.predict(self.state, apdu)
        if expectation is None:
            self._not_predicted(apdu)
            return None
        response = self._exchange(apdu)
        self._judge(self.state, expectation, apdu, response)
        return response

    def _too_short(self, apdu: bytes) -> None:
        """No APDU at all: the reader refuses the frame, and the card does not see it."""
        problem = frames.send(self.device, ccid.command(ccid.XFR_BLOCK, frames.SEQUENCE, apdu))
        if problem:
            raise FindingError(f"{apdu.hex()}: {problem}")

    def _not_predicted(self, apdu: bytes) -> None:
        self.tally.not_predicted[apdu[1]] += 1

    def _judge(
        self, state: State, expectation: Expectation, apdu: bytes, response: Response
    ) -> None:
        problem = expectation.problem(response.sw, response.data)
        if problem:
            raise FindingError(f"{apdu.hex()}: {problem}")
        self.tally.answers[apdu[1] if len(apdu) > 1 else 0, response.sw] += 1
        expectation.outcomes[response.sw].effect(state, response.data)

    def _exchange(self, apdu: bytes) -> Response:
        """The whole answer: what 61xx promises is fetched."""
        return self._whole(apdu, self.device.transmit(apdu))

    def _whole(self, apdu: bytes, answer: bytes) -> Response:
        command = model_apdu.parse(apdu)
        response = Response.parse(answer)
        data = response.data
        asked = (command.ne or 0) if command else 0
        for _ in range(RESPONSES_MAX):
            if response.sw >> 8 != MORE_DATA:
                return Response(data, response.sw)
            if len(response.data) != asked:
                raise FindingError(f"{apdu.hex()}: {len(response.data)} bytes with 61xx")
            left = response.sw & 0xFF
            response = Response.parse(self.device.transmit(GET_RESPONSE + bytes([left])))
            data += response.data
            asked = left or 256
            if left and (response.sw >> 8 == MORE_DATA or len(response.data) != left):
                raise FindingError(f"{apdu.hex()}: 61{left:02X} was not what was left")
        raise FindingError(f"{apdu.hex()}: no end of 61xx")

    def ask(self, apdus: Sequence[bytes]) -> None:
        """Commands whose answers tell what the card holds."""
        for apdu in apdus:
            self.send(apdu)

    # --- Loss of power, and interruptions -------------------------------------------------------

    def _cut(self, apdu: bytes, operation: int, tear: str) -> None:
        expectation = card.predict(self.state, apdu)
        if expectation is None:
            self._not_predicted(apdu)
            return
        flash = self.device.flash
        flash.cut = PowerCutPlan(flash.operation_count + operation, tear)
        try:
            response = self._exchange(apdu)
        except DeviceStopped:
            flash.cut = None
            self.device.power_on()
            self._settle(expectation, apdu)
            return
        # The command has fewer operations.
        flash.cut = None
        self._judge(self.state, expectation, apdu, response)

    def _interrupt(self, apdu: bytes, microseconds: int, way: str) -> None:
        expectation = card.predict(self.state, apdu)
        if expectation is None:
            self._not_predicted(apdu)
            return
        self.device.start_transmit(apdu)
        self.device.run_for_ms(microseconds / 1000)
        self._give_up(way)
        self._settle(expectation, apdu)

    def _give_up(self, way: str) -> None:
        # The command may go on with what it needs: what stays behind is told once it has ended,
        # which it has when another one is answered.
        observers, self.device.observers = self.device.observers, []
        try:
            if way == "card off and on":
                self.device.abort()
            self._end_of_session(way)
            self._exchange(questions.brief()[0])
        finally:
            self.device.observers = observers
        for observer in observers:
            observer.session_ended()

    def _settle(self, expectation: Expectation, apdu: bytes) -> None:
        """The state becomes that of before or after the command, whichever the card shows."""
        candidates = self._candidates(expectation)
        answers = [
            (question, self._exchange(question))
            for question in questions.thorough(list(candidates.values()))
        ]
        problems = {}
        for name, state in candidates.items():
            problems[name] = first_problem(state, answers)
            if not problems[name]:
                self.state = state
                self.tally.after_cuts[name] += 1
                return
        told = "; ".join(f"not {name}: {problem}" for name, problem in problems.items())
        raise FindingError(f"{apdu.hex()} was interrupted: {told}")

    def _candidates(self, expectation: Expectation) -> dict[str, State]:
        found = {}
        outcomes = [outcome.effect for outcome in expectation.outcomes.values()]
        for name, effects in (("after", outcomes), ("between", expectation.between)):
            for number, effect in enumerate(effects):
                found[f"{name} {number}" if number else name] = self._changed(effect)
        found["before"] = copy.deepcopy(self.state)
        for state in found.values():
            state.end_session()
        return found

    def _changed(self, effect: Callable[[State, bytes | None], None]) -> State:
        state = copy.deepcopy(self.state)
        effect(state, None)
        return state

    # --- The machine ----------------------------------------------------------------------------

    def _check_machine(self) -> None:
        machine = self.device.machine
        if machine.faults:
            raise FindingError(f"fault: {self.device.fault_report()}")
        if machine.block("WATCHDOG").values["REASON"]:
            raise FindingError("a watchdog reset")


def first_problem(state: State, answers: Sequence[tuple[bytes, Response]]) -> str:
    """What the first answer is that this state does not allow; "" if there is none."""
    for question, response in answers:
        expectation = card.predict(state, question) or refused([])
        problem = expectation.problem(response.sw, response.data)
        if problem:
            return f"{question.hex()}: {problem}"
        expectation.outcomes[response.sw].effect(state, response.data)
    _learn(state)
    return ""


def _learn(state: State) -> None:
    if state.store:
        for key_id, key in state.store.keys.items():
            learn_public(key, state.store.files.get(CERTIFICATE | key_id) or b"")


def label(state: State) -> str:
    """The kind of state, for the table of transitions."""
    store, session = state.store, state.session
    if store is None:
        return "blank"
    words = []
    if session.user:
        words.append("user")
    if session.officer:
        words.append("officer")
    if not store.pin.tries:
        words.append("PIN blocked")
    if session.chain:
        words.append("chain")
    return ", ".join(words) or "nobody"
