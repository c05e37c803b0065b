# SPDX-License-Identifier: GPL-2.0-or-later
"""A run without a fault, instruction by instruction, and states on its way."""

from __future__ import annotations

import ctypes
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from campaigns.faults.scenarios import Scenario
from campaigns.faults.station import Station
from campaigns.faults.windows import BenchError, Window, window_of
from sim.cpu.core import ALL_REGISTERS
from sim.cpu.processor import Sleep, StopReason
from sim.device import Device, DeviceSnapshot
from sim.thumb import Instruction
from sim.tracing.python_code import PythonCode, PythonFunction

STEPS_MAX = 16_000_000
CHECKPOINT_INSTRUCTIONS = 20_000
# Where a struck run is compared with the other: so many checkpoints after the fault.
COMPARED_AFTER = (1, 2, 4)
STEPS_BEYOND = (max(COMPARED_AFTER) + 1) * CHECKPOINT_INSTRUCTIONS


class Run:
    """The instructions of a command that nothing strikes, and the window among them.

    With the `window` of another run, only the instructions up to its end and a few more.
    """

    def __init__(
        self,
        station: Station,
        scenario: Scenario,
        apdu: bytes,
        status_word: int,
        window: Window | None = None,
    ) -> None:
        device = station.traced.begin(apdu, logged_in=scenario.logged_in)
        code = station.code

        def finish() -> None:
            sw = int.from_bytes(device.reader.finish_transmit()[-2:], "big")
            if sw != status_word:
                raise BenchError(f"{scenario.name} answers {sw:04X}, {status_word:04X} expected")

        count_max = STEPS_MAX if window is None else window.indices[-1] + STEPS_BEYOND
        steps = device.tracer.steps(finish, count_max, code.first, code.end)
        self.addresses, self.positions = steps.addresses, steps.positions
        self._machine = device.machine
        assert device.symbols is not None
        self.window: Window = window or window_of(
            device.machine,
            device.symbols,
            steps,
            _function(code, scenario.file, scenario.function),
            [_function(code, file, name) for file, name in scenario.parts],
        )

    def __len__(self) -> int:
        return len(self.addresses)

    def at(self, index: int) -> Instruction:
        """The instruction there."""
        return Instruction.decode(self._machine.read_memory(self.addresses[index], 4))

    def stop_before(self, index: int) -> int:
        """Where the engine can stop for it: it takes an IT with its block as one."""
        before = self.it_before(index)
        return index if before is None else before

    def it_before(self, index: int) -> int | None:
        """The IT whose block holds the instruction, or None."""
        for distance in range(1, min(4, index) + 1):
            length = self.at(index - distance).it_length
            if length:
                start = self.addresses[index - distance]
                inside = start < self.addresses[index] < self._end_of_it(start, length)
                return index - distance if inside else None
        return None

    def _end_of_it(self, address: int, length: int) -> int:
        end = address + 2
        for _ in range(length):
            end += Instruction.decode(self._machine.read_memory(end, 4)).size_bytes
        return end


def _function(code: PythonCode, file: str, name: str) -> PythonFunction:
    try:
        return code.named(file, name)
    except LookupError as error:
        raise BenchError(str(error)) from None


@dataclass(frozen=True)
class Checkpoint:
    """The device before instruction `index`."""

    index: int
    registers: list[int]
    last_handle: int
    snapshot: DeviceSnapshot


class Way:
    """Brings a device to any instruction of a run, and tells whether it is back on the run."""

    def __init__(self, device: Device, run: Run) -> None:
        self._device = device
        self._run = run
        self._begin = device.instructions
        assert device.symbols is not None
        sram = device.machine.sram
        self._stack_bottom = device.symbols["__StackBottom"].address - sram.addresses[0]
        self._contents = [device.flash.contents()]
        self._checkpoints = list(self._make_checkpoints())
        self._indices = [checkpoint.index for checkpoint in self._checkpoints]

    def go_to(self, index: int) -> None:
        """Restore, and run up to the instruction. BenchError: the run goes elsewhere."""
        if index >= len(self._run):
            raise BenchError(f"the run has no instruction {index}")
        nearest = self._checkpoints[bisect_right(self._indices, index) - 1]
        self._device.restore(nearest.snapshot)
        # States that are compared name calls by handles.
        self._device.machine.clock.last_handle = nearest.last_handle
        self.advance_to(index)
        expected, found = self._run.addresses[index], self._device.machine.core.read("pc")
        if found != expected:
            raise BenchError(f"instruction {index} is at 0x{found:08x}, not 0x{expected:08x}")

    def contents_number(self, contents: bytes) -> int | None:
        """Which of the flash contents on the way it is; 0: those when the command came."""
        return self._contents.index(contents) if contents in self._contents else None

    def advance_to(self, index: int) -> bool:
        """Run on; False if something ended the run before it came there."""
        device = self._device
        while (missing := index - (device.instructions - self._begin)) > 0:
            reason = device.machine.run(missing)
            if reason is not StopReason.DEADLINE:
                return False
            if device.machine.processor.sleeping is not Sleep.AWAKE:
                return False
        return True

    def comes_back(self, index: int) -> bool:
        """Run a device on that was struck at `index`: True once nothing is left of the fault."""
        following = bisect_right(self._indices, index)
        for distance in COMPARED_AFTER:
            place = following + distance - 1
            if place >= len(self._checkpoints):
                return False
            if not self.advance_to(self._indices[place]):
                return False
            if self._device.machine.faults:
                return False
            if self._is_at(self._checkpoints[place]):
                return True
        return False

    def _make_checkpoints(self) -> Iterator[Checkpoint]:
        window = self._run.window.indices
        beyond = window[-1] + STEPS_BEYOND
        first = self._run.stop_before(window[0])
        for index in range(first, min(beyond, len(self._run)), CHECKPOINT_INSTRUCTIONS):
            stop = self._run.stop_before(index)
            if not self.advance_to(stop):
                return
            machine = self._device.machine
            contents = machine.flash.contents()
            if contents != self._contents[-1]:
                self._contents.append(contents)
            registers = machine.core.read_many(ALL_REGISTERS)
            yield Checkpoint(stop, registers, machine.clock.last_handle, self._device.snapshot())

    def _is_at(self, checkpoint: Checkpoint) -> bool:
        machine = self._device.machine
        registers = machine.core.read_many(ALL_REGISTERS)
        if registers != checkpoint.registers or not self._same_memory(checkpoint, registers):
            return False
        return _comparable(self._device.snapshot()) == _comparable(checkpoint.snapshot)

    def _same_memory(self, checkpoint: Checkpoint, registers: list[int]) -> bool:
        # What is below the stack pointer is dead: the next interrupt overwrites it.
        sram = self._device.machine.sram
        stack = registers[ALL_REGISTERS.index("sp")] - sram.addresses[0]
        here, there = sram.host_address, ctypes.addressof(checkpoint.snapshot.machine.sram)
        return _equal(here, there, self._stack_bottom) and _equal(
            here + stack, there + stack, sram.size_bytes - stack
        )


def _equal(one: int, other: int, size_bytes: int) -> bool:
    return ctypes.string_at(one, size_bytes) == ctypes.string_at(other, size_bytes)


def _comparable(snapshot: DeviceSnapshot) -> object:
    # Without the engine's own context, which is no data.
    processor, *others = snapshot.machine.parts
    return processor[1:], others, snapshot.host, snapshot.reader
