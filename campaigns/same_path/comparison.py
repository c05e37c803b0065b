# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs a command with many secrets from one state, and compares the paths."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field

from campaigns.same_path import operations
from campaigns.same_path.operations import Operation
from sim.device import Device
from sim.life.card import Card
from sim.tracing.python_code import PythonCode
from sim.tracing.trace import CHUNK_ENTRIES, Entry, Kind, Path, first_difference
from tools.paths import PROJECT
from tools.product import image_of

# AES by tables: an access is to a table in SRAM, which no cache tells from another.
TABLES = ("Te", "Td", "Td4", "R", "rcon")
TABLES_ASSEMBLED = ("L_AES_Thumb2_te_data", "L_AES_Thumb2_td_data", "L_AES_Thumb2_td4")
TABLES_ASSEMBLED_BYTES = (1024, 1024, 256)
SRAM = (0x2000_0000, 0x2010_0000)
# Commands begin at a multiple of this many ticks, so that timers find them all at the same place.
ALIGN_TICKS = 1 << 30
CHALLENGE_BYTES = 8
# So many secrets meet every difference that stands.
RUNS = 32
# A capture begins so many entries before the chunk: the branch that decided is among them.
LEAD_ENTRIES = 64


class ComparisonError(Exception):
    """An operation does not work, or its function was never called; one line."""


@dataclass(frozen=True)
class Difference:
    """Where the paths of some secrets, all at the same entry, first leave that of the first one.

    `numbers`: of the secrets; `function`: the one of the source, be it inlined, in C or Python;
    `line`: of the source, with the function's name.
    """

    numbers: tuple[int, ...]
    entry: int
    function: str
    line: str
    what: str


@dataclass
class Comparison:
    """All paths of one operation on one board."""

    board: str
    operation: Operation
    paths: list[Path] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)

    @property
    def instructions(self) -> int:
        """Of the first path."""
        return self.paths[0].instructions

    @property
    def distinct(self) -> int:
        """How many different paths there are: 1 is what it should be."""
        return len({(path.entries, path.hash) for path in self.paths})


class Comparer:
    """One device that was prepared once."""

    def __init__(self, board: str) -> None:
        self.board = board
        self.device = Device.from_uf2(board, image_of(board), trace=True)
        self._elf = image_of(board).with_suffix(".elf")
        self._python = PythonCode.load(self._elf, PROJECT / "firmware_py")
        self.device.power_on()
        self._card = Card(self.device.transmit)
        self._entropy: bytes | None = None
        operations.prepare(self._card)
        self._warm_up()
        self._ready = self.device.snapshot()

    def _tables(self) -> list[tuple[int, int]]:
        symbols = self.device.symbols
        assert symbols is not None
        found = [symbols[name] for name in TABLES if name in symbols]
        stretches = [(table.address, table.address + table.size_bytes) for table in found]
        for name, size_bytes in zip(TABLES_ASSEMBLED, TABLES_ASSEMBLED_BYTES, strict=True):
            if name in symbols:
                stretches.append((symbols[name].address, symbols[name].address + size_bytes))
        return stretches

    def _warm_up(self) -> None:
        # Modules of the commands are loaded on first use, which takes memory and time.
        for operation in operations.ALL:
            if operation.quick:
                secret = operation.secrets(1)[0]
                operation.load(self._card, secret)
                self.device.transmit(operation.apdu(secret))
                if self._card.pin_status() != 0x9000:
                    self._card.verify(operations.PIN)

    # --- Comparing --------------------------------------------------------------------------------

    def compare(self, operation: Operation, runs: int = RUNS) -> Comparison:
        """Of `runs` secrets. Raises ComparisonError."""
        self._follow(operation)
        self._entropy = None
        result = Comparison(self.board, operation)
        secrets = operation.secrets(runs)
        expected = b""
        for number, secret in enumerate(secrets):
            path, status_word = self._run(operation, secret)
            expected = expected or status_word
            if status_word != expected:
                raise ComparisonError(
                    f"{self.board}/{operation.name}: secret {number} answers "
                    f"{status_word.hex()}, the first {expected.hex()}"
                )
            result.paths.append(path)
        self._locate_all(result, secrets)
        return result

    def _run(self, operation: Operation, secret: object) -> tuple[Path, bytes]:
        self._load(operation, secret)
        apdu = operation.apdu(secret)
        answers: list[bytes] = []
        path = self.device.tracer.record(lambda: answers.append(self.device.transmit(apdu)))
        if not path.entries:
            raise ComparisonError(
                f"{self.board}/{operation.name}: {operation.inside} was not called, "
                f"the answer is {answers[0][-2:].hex()}"
            )
        return path, answers[0][-2:]

    def _follow(self, operation: Operation) -> None:
        symbols = self.device.symbols
        assert symbols is not None
        if operation.inside and operation.inside not in symbols:
            raise ComparisonError(f"{self.board}/{operation.name}: no {operation.inside} there")
        inside = symbols[operation.inside].address if operation.inside else None
        self.device.tracer.follow_only(inside)
        self.device.tracer.blur(self._tables() if operation.sram else [SRAM])

    def _load(self, operation: Operation, secret: object) -> None:
        device = self.device
        device.restore(self._ready)
        operation.load(self._card, secret)
        entropy = self._card.challenge(CHALLENGE_BYTES)
        if self._entropy not in (None, entropy):
            # Masks would differ from run to run, and paths with them.
            raise ComparisonError(f"{self.board}/{operation.name}: the generator is not the same")
        self._entropy = entropy
        machine = device.machine
        machine.run(ALIGN_TICKS - machine.now % ALIGN_TICKS)

    # --- Where paths part -----------------------------------------------------------------------

    def _locate_all(self, result: Comparison, secrets: Sequence[object]) -> None:
        # One of each group is run again, and the first secret once for each chunk.
        firsts: dict[int, list[Entry]] = {}
        for (chunk, _), numbers in groups(result.paths).items():
            if chunk not in firsts:
                firsts[chunk] = self._capture(result.operation, secrets[0], chunk)
            other = self._capture(result.operation, secrets[numbers[0]], chunk)
            result.differences.append(self._locate(numbers, chunk, firsts[chunk], other))

    def _locate(
        self, numbers: tuple[int, ...], chunk: int, first: list[Entry], other: list[Entry]
    ) -> Difference:
        found = first_difference(first, other)
        assert found is not None
        one, another, index = found
        executed = (entry for entry in reversed(first[:index]) if entry.kind is Kind.EXECUTED)
        before = next(executed, None)
        function, line = self._python_place(first[:index]) or self._place(
            before.address if before else 0
        )
        entry = _capture_begin(chunk) + index
        return Difference(numbers, entry, function, line, f"{_tell(one)} or {_tell(another)}")

    def _capture(self, operation: Operation, secret: object, chunk: int) -> list[Entry]:
        self._load(operation, secret)
        apdu = operation.apdu(secret)
        return self.device.tracer.capture(
            lambda: self.device.transmit(apdu), _capture_begin(chunk), (chunk + 1) * CHUNK_ENTRIES
        )

    def _python_place(self, entries: list[Entry]) -> tuple[str, str] | None:
        # The interpreter reads the bytecode that it executes; C code that it calls does not.
        for entry in reversed(entries):
            if entry.kind is Kind.READ:
                function = self._python.function_at(entry.address)
                if function is not None and entry.address >= function.code:
                    return function.name, function.describe(entry.address)
        return None

    def _place(self, address: int) -> tuple[str, str]:
        # The innermost function there, and its name with the line.
        done = subprocess.run(
            ["arm-none-eabi-addr2line", "-f", "-s", "-e", str(self._elf), hex(address)],
            capture_output=True,
            text=True,
            check=True,
        )
        name, place = done.stdout.split("\n")[:2]
        return function_of(name), f"{name} {place.partition(' ')[0]}"


def groups(paths: Sequence[Path]) -> dict[tuple[int, object], tuple[int, ...]]:
    """The numbers of paths that leave the first one alike, by the chunk and what is in it.

    Paths with the same beginnings to the end of a chunk leave the first one at one entry of it.
    """
    found: dict[tuple[int, object], tuple[int, ...]] = {}
    for number, path in enumerate(paths):
        chunk = path.parts_from(paths[0])
        if chunk is not None:
            whole = (path.entries, path.hash)
            key = (chunk, path.chunks[chunk] if chunk < len(path.chunks) else whole)
            found[key] = (*found.get(key, ()), number)
    return found


def function_of(symbol: str) -> str:
    """A symbol without what the compiler added to its name."""
    return symbol.partition(".")[0]


def _capture_begin(chunk: int) -> int:
    return max(0, chunk * CHUNK_ENTRIES - LEAD_ENTRIES)


def _tell(entry: Entry | None) -> str:
    if entry is None:
        return "the end"
    return f"{entry.kind.name.lower()} 0x{entry.address:08x}"
