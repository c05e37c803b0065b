# SPDX-License-Identifier: GPL-2.0-or-later
"""What an image needs, read from its ELF: flash, static RAM, heap, stack."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from elftools.common.exceptions import ELFError
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection
from rich.table import Table

from tools.errors import ToolError, exit_with
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
    built = dict.fromkeys(image.board for image in images if image.built)
    done = f"built for {', '.join(built)}" if built else "nothing was to do, all are current"
    elf_paths = {f"{image.board}/{image.target}": image.file("elf") for image in images}
    console.print(_table(f"images ({done})", elf_paths))
    for image in images:
        console.print(f"{sha256_of(image.file('uf2'))}  {image.board}/{image.target}.uf2")


def _table(title: str, elf_paths: dict[str, Path]) -> Table:
    table = Table(title=title)
    table.add_column("image")
    for heading in ("text", "static RAM", "GC heap", "stack"):
        table.add_column(heading, justify="right")
    for name, path in elf_paths.items():
        found = sizes(path)
        row = (found.text, found.static_ram, found.gc_heap, found.stack)
        table.add_row(name, *(f"{value:,}" for value in row))
    return table


def main() -> int:
    """Command line: the sizes of images that are there."""
    parser = argparse.ArgumentParser(prog="python -m tools.image_report", description=__doc__)
    parser.add_argument("elf", type=Path, nargs="+", help="such as build/pico/hsm.elf")
    paths: list[Path] = parser.parse_args().elf
    try:
        table = _table("bytes", {str(path): path for path in paths})
    except OSError as error:
        raise ToolError(f"{error.filename}: {error.strerror}") from error
    except (ELFError, KeyError) as error:
        raise ToolError("not the ELF file of an image") from error
    console.print(table)
    return 0


if __name__ == "__main__":
    exit_with(main)
