# SPDX-License-Identifier: GPL-2.0-or-later
"""How much of an image was reached: basic blocks of its C, by their origin.

Blocks are decoded from the ELF file: one begins where a function does, where a branch goes, and
behind a branch; a call ends none. The engine's blocks are longer, so that what counts is whether a
block's first byte lies in one that ran.
"""

from __future__ import annotations

import bisect
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import capstone
from capstone import arm
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

_OBJECT = re.compile(r"\s(0x[0-9a-f]{8,16})\s+(0x[0-9a-f]+) (\S+)$")
# The linker's map names the object file of every stretch; what its path says of its origin.
_PARTS = (
    ("libhsm_crypto_core", "wolfSSL"),
    ("wolfssl", "wolfSSL"),
    ("native_crypto", "native_crypto"),
    ("micropython", "MicroPython"),
    ("tinyusb", "TinyUSB"),
    ("pico-sdk", "Pico SDK"),
    ("pico_", "Pico SDK"),
    ("/gcc/", "C library"),
    ("libc", "C library"),
)
LIBRARY_SOURCE = "wolfcrypt/src/"
OWN_PORT, OTHERS = "port", "others"
BRANCHES = ("b", "bx", "cbz", "cbnz", "tbb", "tbh", "bxns")
ENDS_BY_LOADING_PC = ("pop", "ldr", "ldm", "mov", "add")


@dataclass(frozen=True)
class Blocks:
    """First bytes of all basic blocks, ascending, and the part of each."""

    starts: tuple[int, ...]
    parts: tuple[str, ...]

    def totals(self) -> Counter[str]:
        """Blocks by part."""
        return Counter(self.parts)

    def reached(self, ran: Mapping[int, int]) -> Counter[str]:
        """Blocks by part that lie in what ran: lengths in bytes by address."""
        indices: set[int] = set()
        for address, length in ran.items():
            first = bisect.bisect_left(self.starts, address)
            last = bisect.bisect_left(self.starts, address + max(length, 1))
            indices.update(range(first, last))
        return Counter(self.parts[index] for index in indices)


@lru_cache
def blocks_of(elf_path: Path) -> Blocks:
    """All basic blocks of an image; its linker's map lies beside it."""
    objects = _Objects(elf_path.with_suffix(".map"), elf_path.parents[2])
    starts = sorted(set(_block_starts(elf_path)))
    return Blocks(tuple(starts), tuple(objects.part_of(start) for start in starts))


# --- Parts ----------------------------------------------------------------------------------------


class _Objects:
    def __init__(self, map_path: Path, project: Path) -> None:
        text = map_path.read_text(errors="replace")
        found = []
        for line in text[text.index("Linker script and memory map") :].splitlines():
            match = _OBJECT.search(line)
            if match and int(match[1], 16) and int(match[2], 16):
                found.append((int(match[1], 16), int(match[2], 16), match[3]))
        self._own = {path.name for path in (project / "port").rglob("*.c")}
        # A file that includes one of the library's is the library's, with another setting.
        self._ours = {
            path.name
            for path in (project / "native_crypto").rglob("*.c")
            if LIBRARY_SOURCE not in path.read_text()
        }
        self._stretches = sorted(found)
        self._starts = [start for start, _, _ in self._stretches]

    def part_of(self, address: int) -> str:
        index = bisect.bisect_right(self._starts, address) - 1
        if index < 0:
            return OTHERS
        start, size, path = self._stretches[index]
        if address >= start + size:
            return OTHERS
        source = re.sub(r"\.(o|obj)\)?$", "", path.rsplit("/", 1)[-1].rsplit("(", 1)[-1])
        if source in self._ours:
            return "native_crypto"
        if source in self._own and "hsm.dir" in path:
            return OWN_PORT
        return next((part for piece, part in _PARTS if piece in path), OTHERS)


# --- Blocks ---------------------------------------------------------------------------------------


def _block_starts(elf_path: Path) -> Iterator[int]:
    decoder = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)
    decoder.detail = True
    with elf_path.open("rb") as file:
        elf = ELFFile(file)
        for address, code in _functions(elf):
            yield address
            end = address + len(code)
            yield from (start for start in _inside(decoder, address, code) if start < end)


def _inside(decoder: capstone.Cs, address: int, code: bytes) -> Iterator[int]:
    for instruction in decoder.disasm(code, address):
        name = instruction.mnemonic.split(".")[0]
        operands = instruction.operands
        condition = instruction.cc not in (arm.ARM_CC_AL, arm.ARM_CC_INVALID)
        is_branch = name in BRANCHES or (condition and name.startswith("b") and len(name) == 3)
        loads_pc = name.startswith(ENDS_BY_LOADING_PC) and any(
            one.type == arm.ARM_OP_REG and one.reg == arm.ARM_REG_PC and one.access & 2
            for one in operands
        )
        if not is_branch and not loads_pc:
            continue
        yield instruction.address + instruction.size
        if operands and operands[-1].type == arm.ARM_OP_IMM and is_branch:
            yield operands[-1].imm


def _functions(elf: ELFFile) -> Iterator[tuple[int, bytes]]:
    """The code of all functions, without the data between them."""
    table = elf.get_section_by_name(".symtab")
    symbols = list(table.iter_symbols()) if isinstance(table, SymbolTableSection) else []
    # $t and $d: what follows is Thumb code, or data ([AAELF] 5.5.5).
    marks = sorted(
        (symbol["st_value"], symbol.name[1])
        for symbol in symbols
        if symbol.name.startswith(("$t", "$d"))
    )
    seen: set[int] = set()
    for symbol in symbols:
        start, size = symbol["st_value"] & ~1, symbol["st_size"]
        if symbol["st_info"]["type"] != "STT_FUNC" or not size or start in seen:
            continue
        seen.add(start)
        section = elf.get_section(symbol["st_shndx"])
        for first, end in _code_of(marks, start, start + size):
            offset = first - section["sh_addr"]
            yield first, section.data()[offset : offset + end - first]


def _code_of(marks: list[tuple[int, str]], start: int, end: int) -> Iterable[tuple[int, int]]:
    index = bisect.bisect_left(marks, (start, ""))
    found, first = [], start
    is_code = True
    for address, kind in marks[index:]:
        if address >= end:
            break
        if is_code and kind == "d":
            found.append((first, address))
        if not is_code and kind == "t":
            first = address
        is_code = kind == "t"
    if is_code:
        found.append((first, end))
    return [(first, last) for first, last in found if last > first]
