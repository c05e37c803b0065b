# SPDX-License-Identifier: GPL-2.0-or-later
"""Which instructions of a run can be struck, and which of them are alike.

A window goes from the first to the last instruction of one Python function and all that it calls,
without the inside of hashes, ciphers and stretching: what those compute wrong, a MAC finds out. Two
instructions are alike if they have the same address, were called from the same place, and serve the
same byte of Python.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sim.elf import SymbolTable
from sim.machine import Machine
from sim.thumb import Instruction
from sim.tracing.python_code import PythonFunction
from sim.tracing.trace import Steps

# Names of C functions begin like this whose inside, with all they call, is no window.
PRIMITIVES = (
    *("Transform_Sha256", "wc_Sha256", "Sha256", "AesEncrypt_C", "AES_", "wc_Aes", "wc_Cmac"),
    *("crypto_stretch", "pbkdf2", "sp_", "fe_", "ge_"),
)

Kind = tuple[int, int, int]


class NoWindowError(Exception):
    """The run never came to the function."""


@dataclass(frozen=True)
class Window:
    """Indices of a run's instructions, ascending, each with its kind."""

    indices: tuple[int, ...]
    kinds: tuple[Kind, ...]
    inside_primitives: int

    def distinct(self) -> list[int]:
        """The first instruction of each kind."""
        first: dict[Kind, int] = {}
        for index, kind in zip(self.indices, self.kinds, strict=True):
            first.setdefault(kind, index)
        return list(first.values())


@dataclass(frozen=True)
class _Frame:
    returns_to: int
    is_primitive: bool


class _Calls:
    """Follows calls and returns."""

    def __init__(self, machine: Machine, symbols: SymbolTable) -> None:
        self._machine = machine
        self._symbols = symbols
        self._instructions: dict[int, Instruction] = {}
        self._frames: list[_Frame] = []
        self._call_end = 0

    def step(self, address: int) -> tuple[int, bool]:
        """Where the function of this instruction returns to, and whether it is in a primitive."""
        instruction = self._instruction(address)
        if self._call_end and address != self._call_end:
            self._enter(address)
        elif any(frame.returns_to == address for frame in self._frames[-3:]):
            while self._frames.pop().returns_to != address:
                pass
        self._call_end = address + instruction.size_bytes if instruction.is_call else 0
        if not self._frames:
            return 0, False
        return self._frames[-1].returns_to, self._frames[-1].is_primitive

    def _enter(self, address: int) -> None:
        inside = bool(self._frames) and self._frames[-1].is_primitive
        function = self._symbols.function_at(address)
        if function is not None:
            inside = inside or function.name.startswith(PRIMITIVES)
        self._frames.append(_Frame(self._call_end, inside))

    def _instruction(self, address: int) -> Instruction:
        found = self._instructions.get(address)
        if found is None:
            found = Instruction.decode(self._machine.read_memory(address, 4))
            self._instructions[address] = found
        return found


def window_of(
    machine: Machine, symbols: SymbolTable, steps: Steps, function: PythonFunction
) -> Window:
    """The window of `function` in a run. Raises NoWindowError."""
    served = [
        index
        for index, position in enumerate(steps.positions)
        if function.code <= position < function.end
    ]
    if not served:
        raise NoWindowError(f"{function.file}: {function.name} was not reached")
    indices, kinds, inside = [], [], 0
    for index, kind, is_primitive in _kinds(machine, symbols, steps, served[-1] + 1):
        if index < served[0]:
            continue
        if is_primitive:
            inside += 1
            continue
        indices.append(index)
        kinds.append(kind)
    return Window(tuple(indices), tuple(kinds), inside)


def _kinds(
    machine: Machine, symbols: SymbolTable, steps: Steps, end: int
) -> Iterator[tuple[int, Kind, bool]]:
    calls = _Calls(machine, symbols)
    for index in range(end):
        address = steps.addresses[index]
        returns_to, is_primitive = calls.step(address)
        yield index, (address, returns_to, steps.positions[index]), is_primitive
