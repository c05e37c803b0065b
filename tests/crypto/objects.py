# SPDX-License-Identifier: GPL-2.0-or-later
"""The crypto library's sections: as compiled, and as linked into an image."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from elftools.elf.elffile import ELFFile
from elftools.elf.relocation import RelocationSection

ARCHIVE = "libhsm_crypto_core.a"
AR_MAGIC = b"!<arch>\n"
AR_HEADER_BYTES = 60
# Every relocation that these objects have changes at most one word.
RELOCATION_BYTES = 4
CONTENTS = ("SHT_PROGBITS",)
KINDS = (".text", ".rodata", ".data")


def _is_wanted(name: str) -> bool:
    # The linker merges strings of all objects.
    return name.startswith(KINDS) and ".str1." not in name


@dataclass(frozen=True)
class Section:
    """Bytes of one section; those that a relocation changes are zero, and listed."""

    contents: bytes
    relocated: frozenset[int]

    def without_relocations(self, contents: bytes) -> bytes:
        """`contents` with zeros where this section has relocations."""
        masked = bytearray(contents)
        for offset in self.relocated:
            masked[offset : offset + RELOCATION_BYTES] = bytes(
                min(RELOCATION_BYTES, len(masked) - offset)
            )
        return bytes(masked)


def archive_members(path: Path) -> Iterator[tuple[str, bytes]]:
    """(name, contents) of the members of a GNU ar archive."""
    data = path.read_bytes()
    assert data.startswith(AR_MAGIC), path
    at, long_names = len(AR_MAGIC), b""
    while at < len(data):
        header = data[at : at + AR_HEADER_BYTES]
        name, size = header[:16].decode().rstrip(), int(header[48:58])
        body = data[at + AR_HEADER_BYTES : at + AR_HEADER_BYTES + size]
        at += AR_HEADER_BYTES + size + size % 2
        if name == "//":
            long_names = body
        elif name != "/":
            if name.startswith("/"):
                start = int(name[1:])
                name = long_names[start : long_names.index(b"/", start)].decode()
            yield name.rstrip("/").replace(".obj", ".o"), body


def compiled(path: Path) -> dict[tuple[str, str], Section]:
    """(member, section) -> contents, for all code and constants of the archive."""
    found = {}
    for member, body in archive_members(path):
        elf = ELFFile(io.BytesIO(body))
        relocations: dict[int, set[int]] = {}
        for section in elf.iter_sections():
            if isinstance(section, RelocationSection):
                offsets = {entry["r_offset"] for entry in section.iter_relocations()}
                relocations[section["sh_info"]] = offsets
        for index, section in enumerate(elf.iter_sections()):
            wanted = section["sh_type"] in CONTENTS and _is_wanted(section.name)
            if wanted and section["sh_size"]:
                raw = Section(section.data(), frozenset(relocations.get(index, set())))
                masked = raw.without_relocations(raw.contents)
                found[member, section.name] = Section(masked, raw.relocated)
    return found


def linked(map_path: Path) -> dict[tuple[str, str], tuple[int, int]]:
    """(member, section) -> address and size, of the archive's sections that an image holds."""
    text = map_path.read_text()
    text = text[text.index("Linker script and memory map") :]
    pattern = (
        r"^ (\.\S+)\s+0x([0-9a-f]{8,16})\s+0x([0-9a-f]+)\s+\S*"
        + re.escape(ARCHIVE)
        + r"\((\S+?)\.o(?:bj)?\)"
    )
    found = {}
    for name, address, size, member in re.findall(pattern, text, re.MULTILINE):
        if int(size, 16) and _is_wanted(name):
            found[f"{member}.o", name] = int(address, 16), int(size, 16)
    return found


class Image:
    """Memory contents of an ELF file, by address."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._sections = [
                (section["sh_addr"], section.data())
                for section in ELFFile(file).iter_sections()
                if section["sh_type"] in CONTENTS and section["sh_addr"]
            ]

    def read(self, address: int, size: int) -> bytes:
        """Bytes at an address; LookupError if no section of the file holds them."""
        for start, data in self._sections:
            if start <= address and address + size <= start + len(data):
                return data[address - start : address - start + size]
        raise LookupError(f"nothing at 0x{address:08x}")
