# SPDX-License-Identifier: GPL-2.0-or-later
"""Estimated clock cycles of a run, from how often each instruction was executed.

The chip models count instructions, not cycles. This adds what is known of the two pipelines when
code and data come without wait states (SRAM, or a hit in the XIP cache):

Cortex-M0+ ([M0+ TRM] table 3-1): loads and stores 2; LDM, STM, PUSH, POP 1 + N, with PC 2 more;
taken conditional branches and B, BX 2; BL 3; everything else 1 (multiplication in one cycle).
Cortex-M33: everything 1; LDM and STM 1 + N, LDRD and STRD 2, UDIV and SDIV 8; 1 more when the next
instruction reads what a load or a multiplication has just made; taken branches 2, through a
register 3.

Against published measurements of the same code on silicon the first was within 3 %; the second was
calibrated on Cortex-M4 code only and may be off by 15 %. Cache misses are not modelled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import capstone
from capstone import arm

LOAD_STORE_MANY = ("ldm", "stm", "push", "pop", "vldm", "vstm")
MULTIPLICATIONS = ("mul", "mla", "mls", "smull", "umull", "umlal", "smlal", "umaal")
DIVISIONS = ("udiv", "sdiv")


@dataclass(frozen=True)
class Cost:
    """Cycles of one instruction: always, and in addition when its branch is taken."""

    cycles: int
    taken: int = 0


class CycleModel:
    """Costs of the instructions of one image on one core ("cortex-m0plus" or "cortex-m33")."""

    def __init__(self, core: str, read_memory: Callable[[int, int], bytes]) -> None:
        self._core = core
        self._read_memory = read_memory
        mode = capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS
        self._decoder = capstone.Cs(capstone.CS_ARCH_ARM, mode)
        self._decoder.detail = True
        self._known: dict[int, tuple[Cost, int]] = {}

    def cycles(self, counts: dict[int, int]) -> int:
        """Cycles of a run in which the instruction at each address ran so many times."""
        total = 0
        for address, count in counts.items():
            cost, size = self._cost(address)
            total += cost.cycles * count
            if cost.taken:
                # What follows may be reached from elsewhere too: then more were taken than this.
                total += cost.taken * max(0, count - counts.get(address + size, 0))
        return total

    def _cost(self, address: int) -> tuple[Cost, int]:
        known = self._known.get(address)
        if known is None:
            known = self._known[address] = self._decode(address)
        return known

    def _decode(self, address: int) -> tuple[Cost, int]:
        code = self._read_memory(address, 8)
        instructions = list(self._decoder.disasm(code, address, 2))
        if not instructions:
            # WFE and a few hints are unknown to the decoder; they are 16 bits wide.
            return Cost(1), 2
        instruction = instructions[0]
        following = instructions[1] if len(instructions) > 1 else None
        if self._core == "cortex-m0plus":
            return self._cost_m0plus(instruction), instruction.size
        return self._cost_m33(instruction, following), instruction.size

    def _cost_m0plus(self, instruction: capstone.CsInsn) -> Cost:
        name = instruction.mnemonic.split(".")[0]
        if name.startswith(LOAD_STORE_MANY):
            return Cost(1 + _register_count(instruction) + (2 if _writes_pc(instruction) else 0))
        if name.startswith(("ldr", "str")):
            return Cost(2)
        if name in ("bl", "blx"):
            return Cost(3)
        if _is_conditional_branch(instruction):
            return Cost(1, taken=1)
        if name in ("b", "bx") or _writes_pc(instruction):
            return Cost(2)
        return Cost(1)

    def _cost_m33(self, instruction: capstone.CsInsn, following: capstone.CsInsn | None) -> Cost:
        name = instruction.mnemonic.split(".")[0]
        if name.startswith(LOAD_STORE_MANY):
            return Cost(1 + _register_count(instruction) + (2 if _writes_pc(instruction) else 0))
        if name.startswith(DIVISIONS):
            return Cost(8)
        if name in ("bl", "bx", "blx"):
            return Cost(3)
        if name == "b":
            return Cost(2)
        if _is_conditional_branch(instruction):
            return Cost(1, taken=1)
        cycles = 2 if name.startswith(("ldrd", "strd")) else 1
        late = name.startswith("ldr") or name.startswith(MULTIPLICATIONS)
        if late and following is not None and _reads_result(instruction, following):
            cycles += 1
        return Cost(cycles)


def _register_count(instruction: capstone.CsInsn) -> int:
    registers = [op for op in instruction.operands if op.type == arm.ARM_OP_REG]
    named_base = instruction.mnemonic.startswith(("ldm", "stm"))
    return len(registers) - (1 if named_base else 0)


def _writes_pc(instruction: capstone.CsInsn) -> bool:
    return arm.ARM_REG_PC in instruction.regs_access()[1]


def _is_conditional_branch(instruction: capstone.CsInsn) -> bool:
    name = instruction.mnemonic.split(".")[0]
    if name in ("cbz", "cbnz"):
        return True
    is_branch = instruction.id == arm.ARM_INS_B
    return is_branch and instruction.cc not in (arm.ARM_CC_AL, arm.ARM_CC_INVALID)


def _reads_result(instruction: capstone.CsInsn, following: capstone.CsInsn) -> bool:
    return bool(set(instruction.regs_access()[1]) & set(following.regs_access()[0]))
