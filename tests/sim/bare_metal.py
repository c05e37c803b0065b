# SPDX-License-Identifier: GPL-2.0-or-later
"""Small programs in assembly, run in SRAM of a chip model."""

from __future__ import annotations

import subprocess
from pathlib import Path

import boards
from sim.cpu.processor import StopReason
from sim.flash.nor_flash import NorFlash
from sim.machine import Machine

BOARD_NAMES = ("pico", "pico2")
CPUS = {"rp2040": "cortex-m0plus", "rp2350": "cortex-m33"}
ORIGIN = 0x2000_0000
STACK_TOP = 0x2001_0000
# Where programs leave what the test looks at: words from here on.
LOG = 0x2002_0000

PROLOGUE = """
.syntax unified
.thumb
.cpu {cpu}
.equ LOG, 0x20020000
.equ SCS, 0xE000E000
.macro log value
    // R7 points to the next free word of the log.
    movs r6, #\\value
    ldr r5, =LOG
    ldr r7, [r5]
    str r6, [r7]
    adds r7, #4
    str r7, [r5]
.endm
.global _start
"""
VECTORS = 16 + 52


def assemble(source: str, chip: str, directory: Path) -> bytes:
    """Machine code of `source` for the chip's core, linked at ORIGIN."""
    text = PROLOGUE.format(cpu=CPUS[chip]) + source + "\n"
    path = directory / "program.S"
    path.write_text(text)
    subprocess.run(
        [
            *("arm-none-eabi-gcc", f"-mcpu={CPUS[chip]}", "-mthumb", "-nostdlib"),
            *(f"-Wl,-Ttext=0x{ORIGIN:x}", "-Wl,--build-id=none", "-Wl,-e,_start"),
            *(str(path), "-o", str(directory / "program.elf")),
        ],
        check=True,
        capture_output=True,
    )
    subprocess.run(
        [
            *("arm-none-eabi-objcopy", "-O", "binary"),
            *(str(directory / "program.elf"), str(directory / "program.bin")),
        ],
        check=True,
    )
    return (directory / "program.bin").read_bytes()


class Program:
    """A machine whose core stands at `_start` of a program; vectors are its first words."""

    def __init__(
        self,
        board_name: str,
        source: str,
        directory: Path,
        *,
        exact: bool = False,
        coverage: bool = False,
        trace: bool = False,
    ) -> None:
        board = boards.load(board_name)
        flash = NorFlash(board.flash.size_bytes)
        self.machine = Machine(board, flash, exact=exact, coverage=coverage, trace=trace)
        self.load(assemble(source, board.chip, directory))

    def load(self, code: bytes) -> None:
        """Put the program where the boot ROM would have started it."""
        machine = self.machine
        machine.power_on()
        assert machine.in_bootsel, "an empty flash does not boot"
        machine.in_bootsel = False
        machine.write_memory(ORIGIN, code)
        machine.write_memory(LOG, (LOG + 4).to_bytes(4, "little") + bytes(256))
        machine.set_vector_table(ORIGIN)
        machine.core.write("msp", int.from_bytes(code[:4], "little"))
        machine.core.write("pc", int.from_bytes(code[4:8], "little"))

    def run(self, ticks: int = 1_000_000) -> StopReason:
        """Run; programs end in WFI with nothing to wait for."""
        return self.machine.run(ticks)

    def log(self) -> list[int]:
        """What the program logged."""
        end = int.from_bytes(self.machine.read_memory(LOG, 4), "little")
        data = self.machine.read_memory(LOG + 4, end - LOG - 4)
        return [int.from_bytes(data[n : n + 4], "little") for n in range(0, len(data), 4)]


def vectors(**handlers: str) -> str:
    """A vector table: handlers by name (nmi, hardfault, svc, pendsv, systick, irq0, irq1, ...)."""
    numbers = {"nmi": 2, "hardfault": 3, "svc": 11, "pendsv": 14, "systick": 15}
    table = ["stop"] * VECTORS
    table[0], table[1] = f"0x{STACK_TOP:x}", "_start"
    for name, label in handlers.items():
        number = 16 + int(name[3:]) if name.startswith("irq") else numbers[name]
        table[number] = label
    words = "\n".join(
        f".word {entry}" + ("" if entry.startswith("0x") else " + 1") for entry in table
    )
    # Vectors are data to the assembler: "+ 1" sets the Thumb bit of the untyped labels.
    return f"{words}\nstop: wfi\nb stop\n"
