# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads the instructions of an ELF file; tells which ones a chip does not have.

Spec: [ARMv6-M] A5 (Cortex-M0+), [ARMv8-M] C2 (coprocessor and floating-point space).
Code is told from literal pools by the mapping symbols $t and $d (ELF for the Arm Architecture).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile


@dataclass(frozen=True)
class Instruction:
    """`second` is None for a 16-bit instruction."""

    address: int
    first: int
    second: int | None = None

    def __str__(self) -> str:
        words = f"{self.first:04x}" + (f" {self.second:04x}" if self.second is not None else "")
        return f"0x{self.address:08x}: {words}"


def instructions(path: Path) -> Iterator[Instruction]:
    """All instructions in the executable sections of an ELF file."""
    with path.open("rb") as file:
        elf = ELFFile(file)
        marks = _mapping_symbols(elf)
        for number, section in enumerate(elf.iter_sections()):
            executable = section["sh_flags"] & SH_FLAGS.SHF_EXECINSTR
            if not executable or section["sh_type"] == "SHT_NOBITS":
                continue
            data, start = section.data(), section["sh_addr"]
            borders = [*marks.get(number, []), (start + len(data), "d")]
            for (begin, kind), (end, _) in zip(borders, borders[1:], strict=False):
                if kind == "t":
                    yield from decode(data[begin - start : end - start], begin)
                elif kind == "a":
                    raise AssertionError(f"Arm (not Thumb) code at 0x{begin:08x}")


def _mapping_symbols(elf: ELFFile) -> dict[int, list[tuple[int, str]]]:
    """Per section: (address, "t", "d" or "a"), sorted; of two at one address the last."""
    marks: dict[int, dict[int, str]] = {}
    for symbol in elf.get_section_by_name(".symtab").iter_symbols():  # type: ignore[union-attr]
        if symbol.name[:2] in ("$t", "$d", "$a") and symbol.name[2:3] in ("", "."):
            section = symbol["st_shndx"]
            marks.setdefault(section, {})[symbol["st_value"]] = symbol.name[1]
    return {section: sorted(found.items()) for section, found in marks.items()}


def decode(code: bytes, address: int) -> Iterator[Instruction]:
    """Splits a run of Thumb code into its instructions."""
    offset = 0
    while offset + 2 <= len(code):
        (first,) = struct.unpack_from("<H", code, offset)
        if first < 0xE800:
            yield Instruction(address + offset, first)
            offset += 2
        else:
            second = struct.unpack_from("<H", code, offset + 2)[0] if offset + 4 <= len(code) else 0
            yield Instruction(address + offset, first, second)
            offset += 4


def is_coprocessor(instruction: Instruction) -> bool:
    """True for the coprocessor space, in which the floating-point instructions lie, too."""
    return instruction.second is not None and instruction.first & 0xEC00 == 0xEC00


def is_armv6m(instruction: Instruction) -> bool:
    """True for what a Cortex-M0+ executes."""
    if instruction.second is None:
        return _is_armv6m_16_bit(instruction.first)
    first, second = instruction.first, instruction.second
    if first & 0xF800 == 0xF000 and second & 0xD000 == 0xD000:
        return True  # BL
    if first & 0xFFE0 == 0xF380 and second & 0xFF00 == 0x8800:
        return True  # MSR
    if first == 0xF3EF and second & 0xF000 == 0x8000:
        return True  # MRS
    if first == 0xF3BF:
        return second in (0x8F4F, 0x8F5F, 0x8F6F)  # DSB, DMB, ISB
    return first & 0xFFF0 == 0xF7F0 and second & 0xF000 == 0xA000  # UDF


def _is_armv6m_16_bit(code: int) -> bool:
    if code & 0xFF00 in (0x4400, 0x4500, 0x4600):
        return True  # ADD, CMP, MOV of high registers
    if code & 0xFF00 == 0x4700:
        return code & 7 == 0  # BX, BLX; BXNS and BLXNS have bit 2 set
    if code & 0xF000 != 0xB000:
        return True
    return _is_armv6m_miscellaneous(code)


def _is_armv6m_miscellaneous(code: int) -> bool:
    """The group 1011: CBZ, IT, SETEND and HLT lie here, and are of later architectures."""
    group = code >> 8 & 0xF
    if group in (0x0, 0x2, 0x4, 0x5, 0xC, 0xD, 0xE):
        return True  # ADD and SUB of SP, extensions, PUSH, POP, BKPT
    if group == 0x6:
        return code in (0xB662, 0xB672)  # CPSIE i, CPSID i
    if group == 0xA:
        return code & 0xC0 != 0x80  # REV, REV16, REVSH
    if group == 0xF:
        return code & 0xF == 0 and code & 0xFF <= 0x40  # NOP, YIELD, WFE, WFI, SEV
    return False
