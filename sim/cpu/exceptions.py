# SPDX-License-Identifier: GPL-2.0-or-later
"""Exception entry and return: stacking, EXC_RETURN, vector fetch.

Spec: [ARMv6-M] B1.5.6-B1.5.8; [ARMv8-M] B3, "Exception handling" (Secure state, no FP context).
"""

from __future__ import annotations

import struct
from typing import Protocol

from sim.bus.unmodelled import UnmodelledAccess
from sim.cpu.nvic import NMI, Nvic

XPSR_ALIGN = 1 << 9
XPSR_NUMBER = 0x1FF
CONTROL_SPSEL, CONTROL_FPCA = 2, 4
FRAME = struct.Struct("<8I")

EXC_RETURN_HANDLER = 0xFFFF_FFF1
EXC_RETURN_THREAD_MSP = 0xFFFF_FFF9
EXC_RETURN_THREAD_PSP = 0xFFFF_FFFD
# Bits of EXC_RETURN. ARMv8-M without the Security Extension uses ...B0, B8, BC for the same three
# returns; the bits below mean the same in both forms.
RETURN_STACK_PSP = 1 << 2
RETURN_TO_THREAD = 1 << 3
RETURN_STANDARD_FRAME = 1 << 4


FRAME_REGISTERS = ("r0", "r1", "r2", "r3", "r12", "lr", "pc", "xpsr", "sp", "control")
# Writing xPSR sets flags, IT bits and exception number; IPSR switches the stack pointer's bank;
# the engine derives its execution flags from neither, but does when APSR_NZCV is written.
ENTRY_REGISTERS = ("sp", "xpsr", "ipsr", "apsr_nzcv", "control", "lr", "pc")
RETURN_REGISTERS = {
    bank: (
        *(bank, "xpsr", "ipsr", "apsr_nzcv", "faultmask", "control"),
        *("r0", "r1", "r2", "r3", "r12", "lr", "pc"),
    )
    for bank in ("msp", "psp")
}
APSR_NZCV = 0xF000_0000


class StackFault(Exception):
    """The frame could not be pushed, popped, or the vector not read; `address` is the culprit."""

    def __init__(self, what: str, address: int) -> None:
        super().__init__(f"{what} at 0x{address:08x}")
        self.address = address


class InvalidReturn(Exception):
    """EXC_RETURN does not fit the processor's state (UsageFault INVPC)."""


class Registers(Protocol):
    """What entry and return need of the core."""

    def read_many(self, names: tuple[str, ...]) -> list[int]: ...

    def write_many(self, names: tuple[str, ...], values: tuple[int, ...]) -> None: ...


class Memory(Protocol):
    """RAM and ROM, as stacking and the vector fetch use them."""

    def read_memory(self, address: int, length: int) -> bytes: ...

    def write_memory(self, address: int, data: bytes) -> None: ...


def enter(core: Registers, memory: Memory, nvic: Nvic, vector_table: int, number: int) -> None:
    """Take exception `number`: push the frame, go to its handler.

    The return address is PC as it is now.
    """
    *pushed, lr, pc, xpsr, stack, control = core.read_many(FRAME_REGISTERS)
    if control & CONTROL_FPCA:
        raise UnmodelledAccess("M33", 0xF34, "floating-point context", pc)
    in_handler = bool(xpsr & XPSR_NUMBER)
    frame_address = (stack - 32) & ~7 & 0xFFFF_FFFF
    stacked_xpsr = (xpsr & ~XPSR_ALIGN) | (XPSR_ALIGN if stack & 4 else 0)
    frame = FRAME.pack(*pushed, lr, pc & ~1, stacked_xpsr)
    try:
        memory.write_memory(frame_address, frame)
    except LookupError as error:
        raise StackFault("stacking", frame_address) from error
    handler = fetch_vector(memory, vector_table, number)
    nvic.activate(number)
    exc_return = EXC_RETURN_HANDLER
    if not in_handler:
        on_process_stack = control & CONTROL_SPSEL
        exc_return = EXC_RETURN_THREAD_PSP if on_process_stack else EXC_RETURN_THREAD_MSP
    entered_xpsr = (handler & 1) << 24 | number
    core.write_many(
        ENTRY_REGISTERS,
        (frame_address, entered_xpsr, number, 0, control & ~CONTROL_SPSEL, exc_return, handler),
    )


def fetch_vector(memory: Memory, vector_table: int, number: int) -> int:
    """The handler's address, Thumb bit included."""
    address = vector_table + 4 * number
    try:
        return int.from_bytes(memory.read_memory(address, 4), "little")
    except LookupError as error:
        raise StackFault("vector fetch", address) from error


def leave(core: Registers, memory: Memory, nvic: Nvic, exc_return: int) -> bool:
    """Return as EXC_RETURN says; true when the processor is back in thread mode."""
    bank = "psp" if exc_return & RETURN_STACK_PSP else "msp"
    number, frame_address, control, faultmask = core.read_many(
        ("ipsr", bank, "control", "faultmask")
    )
    number &= XPSR_NUMBER
    if not nvic.active >> number & 1 or not exc_return & RETURN_STANDARD_FRAME:
        raise InvalidReturn(f"EXC_RETURN 0x{exc_return:08x} in exception {number}")
    to_thread = bool(exc_return & RETURN_TO_THREAD)
    if to_thread != (nvic.active & ~(1 << number) == 0):
        raise InvalidReturn(f"EXC_RETURN 0x{exc_return:08x} with active 0x{nvic.active:x}")
    try:
        frame = FRAME.unpack(memory.read_memory(frame_address, FRAME.size))
    except LookupError as error:
        raise StackFault("unstacking", frame_address) from error
    *popped, pc, xpsr = frame
    if to_thread != (xpsr & XPSR_NUMBER == 0):
        raise InvalidReturn(f"EXC_RETURN 0x{exc_return:08x} to xPSR 0x{xpsr:08x}")
    nvic.deactivate(number)
    stack = frame_address + FRAME.size + (4 if xpsr & XPSR_ALIGN else 0)
    if to_thread:
        control = (control & ~CONTROL_SPSEL) | (CONTROL_SPSEL if bank == "psp" else 0)
    kept_faultmask = faultmask if number == NMI else 0
    core.write_many(
        RETURN_REGISTERS[bank],
        (
            *(stack, xpsr & ~XPSR_ALIGN, xpsr & XPSR_NUMBER, xpsr & APSR_NZCV),
            *(kept_faultmask, control, *popped, pc | 1),
        ),
    )
    return to_thread
