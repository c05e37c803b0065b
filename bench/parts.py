# SPDX-License-Identifier: GPL-2.0-or-later
"""The parts of the benchmark: each gives rows of plain data, and can be run alone."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import boards
from bench import (
    device_figures,
    emulators,
    memory,
    operations,
    pin_stretching,
    pkcs11_start,
    rsa_generation,
)
from tests.image import full_store
from tools.errors import ToolError
from tools.paths import BUILD

Advance = Callable[[str], None]
Rows = list[dict]


def image(board: str) -> Path:
    """The product image of a board."""
    return BUILD / board / "hsm.uf2"


@dataclass(frozen=True)
class Workplace:
    """Where files of a run are, and who is told of every step before it begins."""

    folder: Path
    advance: Advance

    def equipped(self, board: str) -> Path:
        """Flash contents of a card with all kinds of keys, made when they are first asked for."""
        path = self.folder / f"{board}.flash"
        if not path.exists():
            operations.personalise(board, image(board), path)
        return path

    def tells(self, board: str) -> Advance:
        """`advance`, with the board's name before what it is told."""
        return lambda step: self.advance(f"{board}: {step}")


@dataclass(frozen=True)
class Part:
    """`steps`: how often a run of it tells where it is."""

    name: str
    steps: int
    measure: Callable[[Workplace], Rows]


def all_parts() -> dict[str, Part]:
    """By name, in the order of the tables."""
    parts = (
        Part("commands", _for_boards(operations.count()), _commands),
        Part("rsa", _for_boards(len(rsa_generation.SEEDS)), _rsa),
        Part("memory", _for_boards(memory.count()), _memory),
        Part("pkcs11", _for_boards(1), _pkcs11),
        Part("stores", _for_boards(1), _stores),
        Part("pins", _for_boards(1), _pins),
        Part("devices", _for_boards(1), _devices),
        Part("emulators", 1, _emulators),
    )
    return {part.name: part for part in parts}


def check_needs(names: list[str]) -> None:
    """Raises ToolError when what the parts run on was not built."""
    needed = [image(board) for board in boards.names()]
    if "emulators" in names:
        needed += [emulators.SELFTEST, emulators.RP2040JS]
    missing = [str(path) for path in needed if not path.exists()]
    if missing:
        raise ToolError(f"{missing[0]} is not there: run `make setup` and `nox -s firmware`")


def measure(names: list[str], advance: Advance) -> dict[str, Rows]:
    """The rows of the parts with these names."""
    parts = all_parts()
    with tempfile.TemporaryDirectory() as folder:
        workplace = Workplace(Path(folder), advance)
        return {name: parts[name].measure(workplace) for name in parts if name in names}


def _for_boards(steps: int) -> int:
    return steps * len(boards.names())


def _commands(at: Workplace) -> Rows:
    return [
        dataclasses.asdict(operation)
        for board in boards.names()
        for operation in operations.measure(
            board, image(board), at.equipped(board), at.tells(board)
        )
    ]


def _rsa(at: Workplace) -> Rows:
    rows = []
    for board in boards.names():
        flash_file = at.equipped(board)
        keys = rsa_generation.measure(board, image(board), flash_file, at.tells(board))
        rows.append(dataclasses.asdict(keys))
    return rows


def _memory(at: Workplace) -> Rows:
    return [
        command.row()
        for board in boards.names()
        for command in memory.measure(board, image(board), at.tells(board))
    ]


def _pkcs11(at: Workplace) -> Rows:
    rows = []
    for board in boards.names():
        at.tells(board)("start of PKCS#11")
        rows.append(dataclasses.asdict(pkcs11_start.measure(board, image(board), at.folder)))
    return rows


def _stores(at: Workplace) -> Rows:
    rows = []
    for board in boards.names():
        at.tells(board)("filling the store")
        rows.append(dataclasses.asdict(full_store.measure(board, image(board))))
    return rows


def _pins(at: Workplace) -> Rows:
    costs = []
    for board in boards.names():
        at.tells(board)("stretching PINs")
        costs += pin_stretching.measure(board, image(board), at.folder)
    return [dataclasses.asdict(cost) | {"six_digits_s": cost.six_digits_s} for cost in costs]


def _devices(at: Workplace) -> Rows:
    rows = []
    for board in boards.names():
        flash_file = at.equipped(board)
        at.tells(board)("boot, restore, APDUs")
        rows.append(dataclasses.asdict(device_figures.measure(board, image(board), flash_file)))
    return rows


def _emulators(at: Workplace) -> Rows:
    flash_file = at.equipped("pico")
    at.advance("emulators side by side")
    speeds = emulators.measure(flash_file.read_bytes())
    return [dataclasses.asdict(speed) | {"mips": speed.mips} for speed in speeds]
