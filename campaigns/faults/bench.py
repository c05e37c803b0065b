# SPDX-License-Identifier: GPL-2.0-or-later
"""One device and one scenario: run to an instruction, strike, see what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property

from campaigns.faults import scenarios
from campaigns.faults.scenarios import Scenario
from campaigns.faults.windows import Window, window_of
from sim.apdu import SW_SUCCESS, Response, exchange
from sim.bus.address_map import BadAddress
from sim.cpu.processor import Sleep, StopReason
from sim.device import Device, DeviceSnapshot, DeviceStopped
from sim.life.card import Card, CardError
from sim.thumb import Instruction
from sim.tracing.python_code import PythonCode
from sim.tracing.trace import Steps
from sim.usb.ccid_reader import CcidError
from sim.usb.transfer import UsbError
from tools import paths
from tools.product import image_of

STEPS_MAX = 16_000_000
CHECKPOINT_INSTRUCTIONS = 20_000
# What a struck command may take longer, in ticks, before it counts as hanging.
GRACE_TICKS = 3_000_000
REGISTERS = 13
REGISTER_BITS = 32

# How a device shows that it is lost. BadAddress: the boot ROM was called with one.
_CRASHES = (DeviceStopped, UsbError, CcidError, CardError, BadAddress, ValueError)


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
class Result:
    """`detail`: what a success gained, or how the device stopped."""

    fault: Fault
    outcome: Outcome
    detail: str = ""


class BenchError(Exception):
    """The scenario itself does not work; one line."""


class Run:
    """The run without a fault, instruction by instruction, on a device of its own."""

    def __init__(self, board: str, scenario: Scenario, code: PythonCode) -> None:
        device = ready(board, scenario, trace=True)
        device.reader.start_transmit(scenario.apdu)
        self.steps: Steps = device.tracer.steps(
            lambda: check_answer(device, scenario), STEPS_MAX, code.first, code.end
        )
        assert device.symbols is not None
        function = code.named(scenario.file, scenario.function)
        self.window: Window = window_of(device.machine, device.symbols, self.steps, function)


def ready(board: str, scenario: Scenario, *, trace: bool = False) -> Device:
    """A device that the scenario's command can be sent to."""
    device = Device.from_uf2(board, image_of(board), exact=True, trace=trace)
    device.power_on()
    card = Card(device.transmit)
    scenarios.prepare(card)
    if scenario.logged_in:
        card.verify(scenarios.PIN)
    return device


def check_answer(device: Device, scenario: Scenario) -> None:
    """Take the answer to the scenario's command; BenchError if it is not what it should be."""
    sw = int.from_bytes(device.reader.finish_transmit()[-2:], "big")
    if sw != scenario.status_word:
        raise BenchError(f"{scenario.name} answers {sw:04X}, {scenario.status_word:04X} expected")


class FaultBench:
    """Strikes a scenario, once for each call of `strike`."""

    def __init__(self, board: str, scenario: Scenario) -> None:
        self.board = board
        self.scenario = scenario
        elf = image_of(board).with_suffix(".elf")
        self.code = PythonCode.load(elf, paths.PROJECT / "firmware_py")
        run = Run(board, scenario, self.code)
        self._addresses, self._positions = run.steps.addresses, run.steps.positions
        self.window = run.window
        self.device = ready(board, scenario)
        self.device.reader.start_transmit(scenario.apdu)
        self._begin = self.device.instructions
        self._checkpoints: list[tuple[int, DeviceSnapshot]] = [(0, self.device.snapshot())]

    @cached_property
    def _told_by(self) -> FaultBench:
        # The same command with the right secret.
        scenario = self.scenario
        return FaultBench(
            self.board,
            replace(scenario, apdu=scenario.with_right_secret, status_word=SW_SUCCESS),
        )

    @cached_property
    def branches(self) -> frozenset[int]:
        """Indices of the window's branches that a register can change."""
        return frozenset(index for index in self.window.indices if self._at(index).is_branch)

    def place(self, index: int) -> str:
        """Instruction and line of Python, for a person."""
        text = self.device.machine.describe(self._addresses[index])
        function = self.code.function_at(self._positions[index])
        if function is not None:
            text += f" for {function.describe(self._positions[index])}"
        return text

    def strike(self, fault: Fault) -> Result:
        """Run the command again with one fault."""
        boots = self._strike(fault)
        try:
            return self._outcome(fault, boots)
        except _CRASHES as error:
            return Result(fault, Outcome.CRASH, str(error).splitlines()[0])

    def _strike(self, fault: Fault) -> int:
        self._run_to(self._stop_before(fault.index))
        boots = self.device.machine.boot_count
        self._inject(fault)
        return boots

    # --- The way there --------------------------------------------------------------------------

    def _at(self, index: int) -> Instruction:
        address = self._addresses[index]
        return Instruction.decode(self.device.machine.read_memory(address, 4))

    def _it_before(self, index: int) -> int | None:
        # The IT whose block holds the instruction: the engine takes the block as one.
        for distance in range(1, 5):
            if index - distance < 0:
                return None
            length = self._at(index - distance).it_length
            if length:
                start = self._addresses[index - distance]
                ends = self._end_of_it(start, length)
                inside = start < self._addresses[index] < ends
                return index - distance if inside else None
        return None

    def _end_of_it(self, address: int, length: int) -> int:
        end = address + 2
        for _ in range(length):
            end += Instruction.decode(self.device.machine.read_memory(end, 4)).size_bytes
        return end

    def _stop_before(self, index: int) -> int:
        before = self._it_before(index)
        return index if before is None else before

    def _run_to(self, index: int) -> None:
        # Strikes come in ascending order, so that a checkpoint serves many of them.
        reached, snapshot = max(
            (entry for entry in self._checkpoints if entry[0] <= index), key=lambda entry: entry[0]
        )
        self.device.restore(snapshot)
        while reached + CHECKPOINT_INSTRUCTIONS <= index:
            target = self._stop_before(reached + CHECKPOINT_INSTRUCTIONS)
            self._advance_to(target)
            reached = target
            self._checkpoints = [self._checkpoints[0], (reached, self.device.snapshot())]
        self._advance_to(index)
        expected, found = self._addresses[index], self.device.machine.core.read("pc")
        if found != expected:
            raise BenchError(f"instruction {index} is at 0x{found:08x}, not 0x{expected:08x}")

    def _advance_to(self, index: int) -> None:
        device = self.device
        while (missing := index - (device.instructions - self._begin)) > 0:
            device.machine.run(missing)

    # --- The fault, and what comes of it --------------------------------------------------------

    def _inject(self, fault: Fault) -> None:
        machine = self.device.machine
        if fault.register is not None:
            name = f"r{fault.register}"
            machine.core.write(name, machine.core.read(name) ^ 1 << fault.bit)
        elif self._it_before(fault.index) is None:
            machine.skip_instruction()
        else:
            machine.skip_in_it_block(self._addresses[fault.index])

    def _outcome(self, fault: Fault, boots: int) -> Result:
        stopped = self._run_on(fault, boots)
        if stopped is not None:
            return stopped
        response = self._response()
        gain = self.scenario.gain(Card(self.device.transmit), response)
        answer = f"{response.sw:04X}"
        if gain is None:
            same = response.sw == self.scenario.status_word
            return Result(fault, Outcome.UNCHANGED if same else Outcome.OTHER, answer)
        if gain.if_told and self._told_by.answer(fault) == answer:
            return Result(fault, Outcome.OTHER, f"{answer}, whatever the secret")
        return Result(fault, Outcome.SUCCESS, gain.what)

    def answer(self, fault: Fault) -> str:
        """The status word after a fault, or how the device stopped; "elsewhere": no such place."""
        try:
            boots = self._strike(fault)
        except BenchError:
            return "elsewhere"
        try:
            stopped = self._run_on(fault, boots)
            return stopped.outcome.value if stopped else f"{self._response().sw:04X}"
        except _CRASHES:
            return Outcome.CRASH.value

    def _run_on(self, fault: Fault, boots: int) -> Result | None:
        # To the end of the command; the result if there will be no answer.
        device, machine = self.device, self.device.machine
        reason = machine.run(len(self._addresses) - fault.index + GRACE_TICKS)
        if machine.faults:
            return Result(fault, Outcome.CRASH, machine.faults[0].what)
        if reason in (StopReason.UNMODELLED, StopReason.BOOTSEL):
            return Result(fault, Outcome.CRASH, str(machine.unmodelled or reason.value))
        if machine.boot_count != boots or not device.host.controller.connected:
            return Result(fault, Outcome.RESET)
        if machine.processor.sleeping is Sleep.AWAKE:
            return Result(fault, Outcome.HANG)
        return None

    def _response(self) -> Response:
        first = iter((self.device.reader.finish_transmit(),))
        # GET RESPONSE, if the answer asks for it, goes to the card.
        return exchange(lambda apdu: next(first, b"") or self.device.transmit(apdu), b"")
