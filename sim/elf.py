# SPDX-License-Identifier: GPL-2.0-or-later
"""Symbols of an ELF file: addresses by name, names by address."""

from __future__ import annotations

import bisect
from pathlib import Path
from typing import NamedTuple

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection


class Symbol(NamedTuple):
    """A function or object: Thumb bit removed."""

    address: int
    size_bytes: int
    name: str
    kind: str


class SymbolTable:
    """All named functions and objects of an image."""

    def __init__(self, symbols: list[Symbol]) -> None:
        self._by_name = {symbol.name: symbol for symbol in symbols}
        self._functions = sorted(symbol for symbol in symbols if symbol.kind == "STT_FUNC")
        self._starts = [symbol.address for symbol in self._functions]
        self._objects = sorted(symbol for symbol in symbols if symbol.kind == "STT_OBJECT")
        self._object_starts = [symbol.address for symbol in self._objects]

    @classmethod
    def load(cls, path: Path) -> SymbolTable:
        """Read the symbol table of an ELF file."""
        symbols = []
        with path.open("rb") as file:
            table = ELFFile(file).get_section_by_name(".symtab")
            entries = table.iter_symbols() if isinstance(table, SymbolTableSection) else ()
            for entry in entries:
                kind = entry["st_info"]["type"]
                if entry.name and kind in ("STT_FUNC", "STT_OBJECT", "STT_NOTYPE"):
                    address = entry["st_value"] & ~1 if kind == "STT_FUNC" else entry["st_value"]
                    symbols.append(Symbol(address, entry["st_size"], entry.name, kind))
        return cls(symbols)

    def __getitem__(self, name: str) -> Symbol:
        """The symbol called `name`; KeyError if there is none."""
        return self._by_name[name]

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def function_at(self, address: int) -> Symbol | None:
        """The function that holds `address`."""
        return _holder(self._functions, self._starts, address, 1)

    def object_at(self, address: int) -> Symbol | None:
        """The object that holds `address`."""
        return _holder(self._objects, self._object_starts, address, 0)

    def describe(self, address: int) -> str:
        """`function+0x12 (0x10001234)`, or just the address."""
        symbol = self.function_at(address)
        if symbol is None:
            return f"0x{address:08x}"
        return f"{symbol.name}+0x{address - symbol.address:x} (0x{address:08x})"


def _holder(
    symbols: list[Symbol], starts: list[int], address: int, size_bytes_min: int
) -> Symbol | None:
    # The last one that begins at or below `address`, if it reaches so far.
    index = bisect.bisect_right(starts, address) - 1
    if index >= 0:
        symbol = symbols[index]
        if address < symbol.address + max(symbol.size_bytes, size_bytes_min):
            return symbol
    return None
