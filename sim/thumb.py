# SPDX-License-Identifier: GPL-2.0-or-later
"""As much of the Thumb instruction set as harnesses need: sizes, branches, IT.

Source: [ARMv8-M] C2.2, of which [ARMv6-M] A5 is a part.
"""

from __future__ import annotations

from dataclasses import dataclass

FIRST_32_BIT = 0xE800
NOP_16, NOP_32 = b"\x00\xbf", b"\xaf\xf3\x00\x80"


@dataclass(frozen=True)
class Instruction:
    """One instruction."""

    size_bytes: int
    is_call: bool
    is_branch: bool
    """A conditional branch, or one to an address in a register."""
    it_length: int
    """Instructions that an IT makes conditional; 0: not an IT."""

    @staticmethod
    def decode(code: bytes) -> Instruction:
        """From the 4 bytes at its address (2 suffice for a 16-bit one)."""
        first, second = int.from_bytes(code[:2], "little"), int.from_bytes(code[2:4], "little")
        if first >= FIRST_32_BIT:
            is_call = first & 0xF800 == 0xF000 and second & 0xD000 == 0xD000
            # B<c>.W: op is not 111x, which are other instructions.
            conditional = first & 0xF800 == 0xF000 and second & 0xD000 == 0x8000
            is_branch = conditional and first >> 7 & 7 != 7
            table = first & 0xFFF0 == 0xE8D0 and second & 0xFFE0 == 0xF000
            return Instruction(4, is_call, is_branch or table, 0)
        is_call = first & 0xFF87 == 0x4780
        conditional = first >> 12 == 0xD and first >> 8 & 0xF < 0xE
        compare = first & 0xF500 == 0xB100
        indirect = first & 0xFF00 == 0x4700
        is_it = first & 0xFF00 == 0xBF00 and bool(first & 0xF)
        it_length = 4 - ((first & -first & 0xF).bit_length() - 1) if is_it else 0
        return Instruction(2, is_call, conditional or compare or indirect, it_length)


def nop(size_bytes: int) -> bytes:
    """An instruction of that size that does nothing."""
    return NOP_16 if size_bytes == 2 else NOP_32
