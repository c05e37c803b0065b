# SPDX-License-Identifier: GPL-2.0-or-later
"""The frozen Python of an image: which function and line is at which address.

Source: MicroPython 1.25.0, py/bc.h (layout of a function's data) and py/bc.c (source lines).
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

PREFIX = "fun_data_"


class NoPythonError(Exception):
    """The image has no frozen Python, or was built without names."""


@dataclass(frozen=True)
class PythonFunction:
    """A function, class body or module body: its data from `address`, its bytecode from `code`."""

    address: int
    end: int
    code: int
    file: str
    name: str
    # Address and line, ascending: the line holds up to the next address.
    lines: tuple[tuple[int, int], ...] = field(repr=False)

    def line_at(self, address: int) -> int:
        """The line of the bytecode at `address`."""
        index = bisect.bisect_right(self.lines, (address, 1 << 30)) - 1
        return self.lines[max(index, 0)][1]

    def describe(self, address: int) -> str:
        """`hsm/commands/sign.py:25 sign`."""
        return f"{self.file}:{self.line_at(address)} {self.name}"


class PythonCode:
    """All functions of an image."""

    def __init__(self, functions: Iterable[PythonFunction]) -> None:
        self.functions = sorted(functions, key=lambda function: function.address)
        if not self.functions:
            raise NoPythonError("the image has no frozen Python")
        self._starts = [function.address for function in self.functions]
        self.first = self._starts[0]
        self.end = max(function.end for function in self.functions)

    @classmethod
    def load(cls, elf_path: Path, source: Path) -> PythonCode:
        """From an image's ELF file; `source` is the folder that was frozen."""
        files = {_symbol_part(path, source): path for path in sorted(source.rglob("*.py"))}
        with elf_path.open("rb") as file:
            elf = ELFFile(file)
            table = elf.get_section_by_name(".symtab")
            entries = table.iter_symbols() if isinstance(table, SymbolTableSection) else ()
            found = [
                _function(elf, entry, files, source)
                for entry in entries
                if entry.name.startswith(PREFIX)
            ]
        return cls(found)

    def function_at(self, address: int) -> PythonFunction | None:
        """The function whose data hold `address`."""
        index = bisect.bisect_right(self._starts, address) - 1
        if index < 0 or address >= self.functions[index].end:
            return None
        return self.functions[index]

    def named(self, file: str, name: str) -> PythonFunction:
        """A function by its file and qualified name, as in `hsm/card.py`, `Card_log_out`."""
        for function in self.functions:
            if (function.file, function.name) == (file, name):
                return function
        raise LookupError(f"the image has no {name} of {file}")

    def all_lines(self) -> dict[str, set[int]]:
        """Lines that have bytecode, by file."""
        return _by_file(
            (function.file, line) for function in self.functions for _, line in function.lines
        )

    def lines_read(self, marks: bytes | bytearray) -> dict[str, set[int]]:
        """Lines whose bytecode was read: `marks` has a byte for each from `first` on."""
        return _by_file(self._read(marks))

    def _read(self, marks: bytes | bytearray) -> Iterator[tuple[str, int]]:
        for function in self.functions:
            ends = [*(address for address, _ in function.lines[1:]), function.end]
            for (start, line), end in zip(function.lines, ends, strict=True):
                if any(marks[start - self.first : end - self.first]):
                    yield function.file, line


def _by_file(pairs: Iterable[tuple[str, int]]) -> dict[str, set[int]]:
    lines: dict[str, set[int]] = {}
    for file, line in pairs:
        lines.setdefault(file, set()).add(line)
    return lines


def _symbol_part(path: Path, source: Path) -> str:
    return "_".join(path.relative_to(source).with_suffix("").parts) + "_"


def _function(elf: ELFFile, entry: object, files: dict[str, Path], source: Path) -> PythonFunction:
    name = entry.name.removeprefix(PREFIX)  # type: ignore[attr-defined]
    # The longest: hsm_keys_cv_certificate_ begins like hsm_keys_cv_certificate_check_.
    part = max((part for part in files if name.startswith(part)), key=len)
    start, size = entry["st_value"], entry["st_size"]  # type: ignore[index]
    section = elf.get_section(entry["st_shndx"])  # type: ignore[index]
    offset = start - section["sh_addr"]
    code, lines = _parse(section.data()[offset : offset + size])
    return PythonFunction(
        start,
        start + size,
        start + code,
        str(files[part].relative_to(source)),
        name.removeprefix(part).replace("_lt_", "<").replace("_gt_", ">"),
        tuple((start + at, line) for at, line in lines),
    )


# --- py/bc.h --------------------------------------------------------------------------------------


def _parse(data: bytes) -> tuple[int, list[tuple[int, int]]]:
    """Offset of the bytecode, and (offset, line) ascending."""
    names, at = _signature(data)
    info_bytes, cells, at = _sizes(data, at)
    info_end = at + info_bytes
    code = info_end + cells
    # The function's own name, and those of its arguments.
    for _ in range(1 + names):
        _, at = _number(data, at)
    return code, list(_lines(data[at:info_end], code))


def _signature(data: bytes) -> tuple[int, int]:
    byte, at = data[0], 1
    positional, keyword_only, shift = byte & 3, 0, 0
    while byte & 0x80:
        byte, at = data[at], at + 1
        positional |= (byte & 4) << shift
        keyword_only |= (byte >> 3 & 1) << shift
        shift += 1
    return positional + keyword_only, at


def _sizes(data: bytes, at: int) -> tuple[int, int, int]:
    info_bytes = cells = shift = 0
    while True:
        byte, at = data[at], at + 1
        cells |= (byte & 1) << shift
        info_bytes |= (byte >> 1 & 0x3F) << (6 * shift)
        shift += 1
        if not byte & 0x80:
            return info_bytes, cells, at


def _number(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    while True:
        byte, at = data[at], at + 1
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            return value, at


def _lines(info: bytes, code: int) -> Iterator[tuple[int, int]]:
    at, line = code, 1
    index = 0
    while index < len(info):
        first = info[index]
        if first & 0x80:
            skip, more = first & 0x0F, (first << 4 & 0x700) | info[index + 1]
            index += 2
        else:
            skip, more = first & 0x1F, first >> 5
            index += 1
        if skip:
            yield at, line
        at, line = at + skip, line + more
    yield at, line
