# SPDX-License-Identifier: GPL-2.0-or-later
"""Boot ROM functions other than plain flash calls, called as the SDK does."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.cpu.processor import StopReason
from tests.sim.bare_metal import BOARD_NAMES, LOG, Program, vectors
from tests.sim.test_boot import FOREVER_TICKS, LOOKUP

BUFFER = 0x2000_8000


def call(board: str, code: str, *arguments: int) -> str:
    """Assembly that looks up a function and calls it with up to four arguments."""
    first, second = code
    loads = "\n".join(f"ldr r{n}, =0x{value:x}" for n, value in enumerate(arguments))
    return f"rom '{first}', '{second}'\nmov r4, r0\n{loads}\nblx r4\n"


STORE_RESULT = """
    ldr r5, =LOG
    ldr r7, [r5]
    str r0, [r7]
    adds r7, #4
    str r7, [r5]
"""


def run_call(board: str, directory: Path, code: str, *arguments: int) -> tuple[int, Program]:
    """The result of one call, and the machine after it."""
    source = f"_start:\n{call(board, code, *arguments)}{STORE_RESULT}\nb stop\n"
    program = Program(board, LOOKUP[board] + vectors() + source, directory)
    program.machine.write_memory(BUFFER, bytes(range(64)) + bytes(512))
    assert program.run(FOREVER_TICKS) is StopReason.IDLE
    return program.log()[0], program


@pytest.mark.parametrize(
    ("code", "value", "result"),
    [
        ("P3", 0xF000_000F, 8),
        ("R3", 0x0000_0003, 0xC000_0000),
        ("L3", 0x0001_0000, 15),
        ("L3", 0, 32),
        ("T3", 0x0001_0000, 16),
        ("T3", 0, 32),
    ],
)
def test_bit_functions(code: str, value: int, result: int, tmp_path: Path) -> None:
    assert run_call("pico", tmp_path, code, value)[0] == result


@pytest.mark.parametrize("code", ["MC", "C4"])
def test_memory_copy(code: str, tmp_path: Path) -> None:
    result, program = run_call("pico", tmp_path, code, BUFFER + 0x100, BUFFER, 32)
    assert result == BUFFER + 0x100
    assert program.machine.read_memory(BUFFER + 0x100, 33) == bytes(range(32)) + b"\x00"


@pytest.mark.parametrize("code", ["MS", "S4"])
def test_memory_fill(code: str, tmp_path: Path) -> None:
    result, program = run_call("pico", tmp_path, code, BUFFER, 0xA5, 8)
    assert result == BUFFER
    assert program.machine.read_memory(BUFFER, 9) == b"\xa5" * 8 + b"\x08"


def test_memory_fill_reaches_the_usb_ram(tmp_path: Path) -> None:
    _, program = run_call("pico", tmp_path, "MS", 0x5010_0000, 0x77, 16)
    assert program.machine.block("USBCTRL_DPRAM").bus_read(8, 4) == 0x7777_7777


def test_usb_boot_enters_bootsel(tmp_path: Path) -> None:
    source = "_start:\n" + call("pico", "UB", 0, 0)
    program = Program("pico", LOOKUP["pico"] + vectors() + source, tmp_path)
    assert program.run() is StopReason.BOOTSEL


# --- RP2350 -------------------------------------------------------------------------------------


def test_get_sys_info_tells_the_chip_id(tmp_path: Path) -> None:
    words, program = run_call("pico2", tmp_path, "GS", BUFFER, 9, 1)
    data = program.machine.read_memory(BUFFER, 16)
    assert words == 4
    assert data[:8] == (1).to_bytes(4, "little") * 2
    assert data[8:] == program.machine.otp.chip_id


def test_get_sys_info_refuses_a_short_buffer(tmp_path: Path) -> None:
    assert run_call("pico2", tmp_path, "GS", BUFFER, 3, 1)[0] == -13 & 0xFFFF_FFFF


def test_otp_access_reads_rows(tmp_path: Path) -> None:
    result, program = run_call("pico2", tmp_path, "OA", BUFFER, 8, 0x2_0000)
    otp = program.machine.otp
    assert result == 0
    assert program.machine.read_memory(BUFFER, 8) == otp.chip_id
    result, program = run_call("pico2", tmp_path, "OA", BUFFER, 4, 2)
    raw = program.machine.read_memory(BUFFER, 4)
    assert raw == program.machine.otp.read_raw(2).to_bytes(4, "little")
    assert run_call("pico2", tmp_path, "OA", BUFFER + 1, 8, 0x2_0000)[0] == -11 & 0xFFFF_FFFF


def test_reboot_resets_through_the_watchdog(tmp_path: Path) -> None:
    source = "_start:\n" + call("pico2", "RB", 0, 5, 0, 0) + "b stop\n"
    program = Program("pico2", LOOKUP["pico2"] + vectors() + source, tmp_path)
    assert program.run(FOREVER_TICKS) is StopReason.BOOTSEL, "the flash is empty"
    assert program.machine.clock.now_us >= 5000
    assert program.machine.block("WATCHDOG").values["REASON"] == 1


def test_reboot_to_bootsel(tmp_path: Path) -> None:
    source = "_start:\n" + call("pico2", "RB", 2, 5, 0, 0) + "b stop\n"
    program = Program("pico2", LOOKUP["pico2"] + vectors() + source, tmp_path)
    assert program.run() is StopReason.BOOTSEL


# --- interrupts while the flash is busy ---------------------------------------------------------

ERASE_WITH_INTERRUPTS = """
    _start:
        ldr r0, =SCS + 0x10
        ldr r1, =2000000
        str r1, [r0, #4]
        movs r1, #0
        str r1, [r0, #8]
        movs r1, #7
        str r1, [r0]
        rom 'E', 'X'
        blx r0
        rom 'R', 'E'
        mov r4, r0
        ldr r0, =0x8000
        ldr r1, =0x3000
        movs r2, #0
        movs r3, #0
        blx r4
        log 9
        movs r1, #0
        ldr r0, =SCS + 0x10
        str r1, [r0]
        b stop
    systick:
        push {{r4-r7, lr}}
        {action}
        log 1
        pop {{r4-r7, pc}}
    hardfault:
        log 99
        movs r1, #0
        ldr r0, =SCS + 0x10
        str r1, [r0]
        b stop
"""


def erase_with_interrupts(board: str, directory: Path, action: str) -> Program:
    source = LOOKUP[board] + vectors(systick="systick", hardfault="hardfault")
    program = Program(board, source + ERASE_WITH_INTERRUPTS.format(action=action), directory)
    program.run(FOREVER_TICKS)
    return program


@pytest.mark.parametrize("board", BOARD_NAMES)
def test_interrupts_are_taken_between_sectors(board: str, tmp_path: Path) -> None:
    program = erase_with_interrupts(board, tmp_path, "nop")
    assert program.log() == [1, 1, 1, 9]
    assert len(program.machine.flash.journal) == 3
    assert program.machine.read_memory(LOG, 4) != bytes(4)


@pytest.mark.parametrize("board", BOARD_NAMES)
@pytest.mark.parametrize(
    "action", ["ldr r0, =0x10000000\nldr r0, [r0]", "ldr r0, =0x10000001\nblx r0"]
)
def test_a_handler_that_needs_the_flash_meanwhile_faults(
    board: str, action: str, tmp_path: Path
) -> None:
    program = erase_with_interrupts(board, tmp_path, action)
    assert program.log() == [99]
    assert program.machine.faults[0].address == 0x1000_0000
