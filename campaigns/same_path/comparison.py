# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs a command with many secrets from one state, and compares the paths."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field

from campaigns.same_path import operations
from campaigns.same_path.operations import Operation
from sim.device import Device
from sim.life.card import Card
from sim.tracing.trace import CHUNK_ENTRIES, Entry, Kind, Path, first_difference
from tools.product import image_of

# AES by tables: an access is to a table in SRAM, which no cache tells from another.
TABLES = ("Te", "Td", "Td4", "R", "rcon")
TABLES_ASSEMBLED = ("L_AES_Thumb2_te_data", "L_AES_Thumb2_td_data", "L_AES_Thumb2_td4")
TABLES_ASSEMBLED_BYTES = (1024, 1024, 256)
# Commands begin at a multiple of this many ticks, so that timers find them all at the same place.
ALIGN_TICKS = 1 << 30


class ComparisonError(Exception):
    """An operation does not work, or its function was never called; one line."""


@dataclass(frozen=True)
class Difference:
    """Where the path of secret `number` first leaves that of the first one."""

    number: int
    entry: int
    place: str
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
        self.device.tracer.blur(self._tables())
        self.device.power_on()
        self._card = Card(self.device.transmit)
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

    def compare(self, operation: Operation, runs: int) -> Comparison:
        """`runs` secrets. Raises ComparisonError."""
        self._follow(operation)
        result = Comparison(self.board, operation)
        secrets = operation.secrets(runs)
        expected = b""
        for number, secret in enumerate(secrets):
            self._load(operation, secret)
            answers: list[bytes] = []
            path = self.device.tracer.record(
                lambda apdu=operation.apdu(secret), found=answers: found.append(
                    self.device.transmit(apdu)
                )
            )
            expected = expected or answers[0][-2:]
            if answers[0][-2:] != expected:
                raise ComparisonError(
                    f"{operation.name}: secret {number} answers {answers[0][-2:].hex()}, "
                    f"others {expected.hex()}"
                )
            if not path.entries:
                raise ComparisonError(f"{operation.name}: {operation.inside} was not called")
            result.paths.append(path)
            if path != result.paths[0]:
                result.differences.append(self._locate(result, secrets, number))
        return result

    def _follow(self, operation: Operation) -> None:
        symbols = self.device.symbols
        assert symbols is not None
        inside = symbols[operation.inside].address if operation.inside else None
        self.device.tracer.follow_only(inside)

    def _load(self, operation: Operation, secret: object) -> None:
        device = self.device
        device.restore(self._ready)
        operation.load(self._card, secret)
        machine = device.machine
        machine.run(ALIGN_TICKS - machine.now % ALIGN_TICKS)

    # --- Where paths part -----------------------------------------------------------------------

    def _locate(self, result: Comparison, secrets: object, number: int) -> Difference:
        mine, first = result.paths[number], result.paths[0]
        chunk = mine.parts_from(first)
        assert chunk is not None
        begin = chunk * CHUNK_ENTRIES
        captures = [
            self._capture(result.operation, secrets[n], begin, begin + CHUNK_ENTRIES)  # type: ignore[index]
            for n in (0, number)
        ]
        found = first_difference(*captures)
        assert found is not None
        one, other, index = found
        before = next(
            (entry for entry in reversed(captures[0][:index]) if entry.kind is Kind.EXECUTED), None
        )
        address = before.address if before else 0
        return Difference(
            number,
            begin + index,
            self.device.machine.describe(address),
            self._line(address),
            f"{_tell(one)} or {_tell(other)}",
        )

    def _capture(self, operation: Operation, secret: object, first: int, end: int) -> list[Entry]:
        self._load(operation, secret)
        apdu = operation.apdu(secret)
        return self.device.tracer.capture(lambda: self.device.transmit(apdu), first, end)

    def _line(self, address: int) -> str:
        elf = image_of(self.board).with_suffix(".elf")
        done = subprocess.run(
            ["arm-none-eabi-addr2line", "-f", "-s", "-e", str(elf), hex(address)],
            capture_output=True,
            text=True,
            check=True,
        )
        return " ".join(done.stdout.split())


def _tell(entry: Entry | None) -> str:
    if entry is None:
        return "the end"
    return f"{entry.kind.name.lower()} 0x{entry.address:08x}"
