# SPDX-License-Identifier: GPL-2.0-or-later
"""Which instructions of a run can be struck, and which of them are alike.

A window goes from the first to the last instruction of a Python function and all that it calls, or
of those parts of it that check, without the inside of hashes, ciphers and stretching: what those
compute wrong, a MAC finds out. Two instructions are alike if they have the same address and were
called from the same place; more strictly, if they also serve the same byte of Python.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from sim.elf import SymbolTable
from sim.machine import Machine
from sim.thumb import Instruction
from sim.tracing.python_code import PythonFunction
from sim.tracing.trace import Steps
from tools.errors import ToolError

# Names of C functions begin like this whose inside, with all they call, is no window.
PRIMITIVES = (
    *("Transform_Sha256", "wc_Sha256", "Sha256", "AesEncrypt_C", "AES_", "wc_Aes", "wc_Cmac"),
    *("crypto_stretch", "pbkdf2", "sp_", "fe_", "ge_"),
)

EXCEPTIONS = 16

Kind = tuple[int, int, int]
"""Address of the instruction, where its function returns to, byte of Python."""


class BenchError(ToolError):
    """The scenario itself does not work; one line."""


@dataclass(frozen=True)
class Window:
    """Indices of a run's instructions, ascending, each with its kind."""

    indices: tuple[int, ...]
    kinds: tuple[Kind, ...]
    inside_primitives: int

    def one_of_each(self, choices: random.Random, *, by_python: bool = False) -> list[int]:
        """One instruction of each kind, ascending, as `choices` has it.

        Of the alike ones not always the first: other seeds try others.
        """
        alike: dict[Sequence[int], list[int]] = {}
        for index, kind in zip(self.indices, self.kinds, strict=True):
            alike.setdefault(kind if by_python else kind[:2], []).append(index)
        return sorted(choices.choice(group) for group in alike.values())


@dataclass(frozen=True)
class _Frame:
    returns_to: int
    is_primitive: bool


class _Calls:
    """Follows calls and returns."""

    def __init__(self, machine: Machine, symbols: SymbolTable) -> None:
        self._machine = machine
        self._symbols = symbols
        self._instructions: dict[int, tuple[Instruction, bool]] = {}
        self._frames: list[_Frame] = []
        self._call_end = 0
        self._inside = False

    def step(self, address: int) -> tuple[int, bool]:
        """Where the function of this instruction returns to, and whether it is in a primitive."""
        instruction, is_primitive = self._instruction(address)
        if self._call_end and address != self._call_end:
            # A primitive may be where a jump, not a call, has led: ask where the call was.
            self._frames.append(_Frame(self._call_end, self._inside or is_primitive))
        elif any(frame.returns_to == address for frame in self._frames[-3:]):
            while self._frames.pop().returns_to != address:
                pass
        self._call_end = address + instruction.size_bytes if instruction.is_call else 0
        frame = self._frames[-1] if self._frames else _Frame(0, False)
        self._inside = frame.is_primitive or is_primitive
        return frame.returns_to, self._inside

    def _instruction(self, address: int) -> tuple[Instruction, bool]:
        found = self._instructions.get(address)
        if found is None:
            function = self._symbols.function_at(address)
            is_primitive = function is not None and function.name.startswith(PRIMITIVES)
            found = (Instruction.decode(self._machine.read_memory(address, 4)), is_primitive)
            self._instructions[address] = found
        return found


def window_of(
    machine: Machine,
    symbols: SymbolTable,
    steps: Steps,
    function: PythonFunction,
    parts: Sequence[PythonFunction] = (),
) -> Window:
    """The window of `function` in a run, or of `parts` that it calls. Raises BenchError."""
    stretches = _stretches(steps, function, parts)
    if not stretches:
        raise BenchError(f"{function.file}: {function.name} was not reached")
    indices, kinds, inside = [], [], 0
    calls = _Calls(machine, symbols)
    handlers = _handlers(machine)
    following = iter(stretches)
    first, last = next(following)
    for index in range(first, stretches[-1][1] + 1):
        address = steps.addresses[index]
        returns_to, is_primitive = calls.step(address)
        if index > last:
            first, last = next(following)
        # The engine stops before an exception is taken, not between that and its handler.
        if index < first or address in handlers:
            continue
        if is_primitive:
            inside += 1
            continue
        indices.append(index)
        kinds.append((address, returns_to, steps.positions[index]))
    return Window(tuple(indices), tuple(kinds), inside)


def _handlers(machine: Machine) -> set[int]:
    # Where exceptions begin: the vector table without the initial stack pointer.
    count = EXCEPTIONS + machine.chip.irq_count
    table = machine.read_memory(machine.control.vector_table, 4 * count)
    return {int.from_bytes(table[at : at + 4], "little") & ~1 for at in range(4, len(table), 4)}


def _stretches(
    steps: Steps, function: PythonFunction, parts: Sequence[PythonFunction]
) -> list[tuple[int, int]]:
    # First and last index of each; a part ends where `function` goes on.
    outer = range(function.code, function.end)
    inner = [range(part.code, part.end) for part in parts] or [outer]
    found: list[tuple[int, int]] = []
    is_open, last_position, last_is_inner, last_is_outer = False, -1, False, False
    for index, position in enumerate(steps.positions):
        if position != last_position:
            last_position = position
            last_is_inner = any(position in part for part in inner)
            last_is_outer = position in outer
        if last_is_inner:
            found.append((found.pop()[0], index) if is_open else (index, index))
            is_open = True
        elif last_is_outer:
            is_open = False
    return found
