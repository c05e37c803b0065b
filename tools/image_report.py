# SPDX-License-Identifier: GPL-2.0-or-later
"""What an image needs, read from its ELF: flash, static RAM, heap, stack."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection
from rich.table import Table

from tools.errors import ToolError
from tools.lock import sha256_of
from tools.progress import console

if TYPE_CHECKING:
    from tools.firmware import Image

SRAM_START = 0x2000_0000


@dataclass(frozen=True)
class Sizes:
    """Bytes. `text`: all that lies in flash; `static_ram`: code, data and zeroed data in SRAM."""

    text: int
    static_ram: int
    gc_heap: int
    stack: int


def sizes(elf_path: Path) -> Sizes:
    """Sizes of the image in `elf_path`."""
    with elf_path.open("rb") as file:
        elf = ELFFile(file)
        text = static_ram = 0
        for section in elf.iter_sections():
            size = section["sh_size"]
            if not section["sh_flags"] & SH_FLAGS.SHF_ALLOC:
                continue
            if section["sh_type"] != "SHT_NOBITS":
                text += size
            if section["sh_addr"] >= SRAM_START:
                static_ram += size
    found = symbols(elf_path)
    return Sizes(
        text=text,
        static_ram=static_ram,
        gc_heap=found["__heap_end"] - found["__heap_start"],
        stack=found["__StackTop"] - found["__StackBottom"],
    )


def symbols(elf_path: Path) -> dict[str, int]:
    """Values of all symbols in `elf_path` by name; raises ToolError for a file without any."""
    with elf_path.open("rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        if not isinstance(table, SymbolTableSection):
            raise ToolError(f"{elf_path} has no symbols")
        return {symbol.name: symbol["st_value"] for symbol in table.iter_symbols()}


def print_table(images: Iterable[Image]) -> None:
    """One row per image, and the SHA-256 of each UF2 file."""
    images = list(images)
    table = Table(title="images")
    table.add_column("image")
    for title in ("text", "static RAM", "GC heap", "stack"):
        table.add_column(title, justify="right")
    for image in images:
        found = sizes(image.file("elf"))
        row = (found.text, found.static_ram, found.gc_heap, found.stack)
        table.add_row(f"{image.board}/{image.target}", *(f"{value:,}" for value in row))
    console.print(table)
    for image in images:
        console.print(f"{sha256_of(image.file('uf2'))}  {image.board}/{image.target}.uf2")
