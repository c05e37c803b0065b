# SPDX-License-Identifier: GPL-2.0-or-later
"""Windows onto peripherals that the engine serves without Python."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.bus.block_ram import BlockRam
from sim.peripherals.usb import UsbDpram
from sim.peripherals.xip_ctrl import XipMaintenance
from tests.sim.bare_metal import BOARD_NAMES, Program, vectors

NARROW_ACCESSES = """
_start:
    ldr r0, =0x50100ff8
    ldr r1, =0x44332211
    str r1, [r0]
    strh r1, [r0, #4]
    strb r1, [r0, #7]
    ldr r2, =LOG
    ldr r3, [r0]
    str r3, [r2, #4]
    ldrh r3, [r0, #2]
    str r3, [r2, #8]
    ldrb r3, [r0, #3]
    str r3, [r2, #12]
    ldr r3, [r0, #4]
    str r3, [r2, #16]
    adds r2, #20
    ldr r3, =LOG
    str r2, [r3]
    b stop
"""

AROUND_THE_BUFFER_CONTROLS = """
_start:
    ldr r0, =0x50100000
    movs r1, #0x5a
    str r1, [r0, #0x7c]
    strb r1, [r0, #0x1f]
    movs r2, #0x80
    str r1, [r0, r2]
    strh r1, [r0, r2]
    movs r2, #0xfc
    str r1, [r0, r2]
    movs r2, #0xff
    strb r1, [r0, r2]
    adds r2, #1
    str r1, [r0, r2]
    b stop
"""

MAINTENANCE = """
_start:
    ldr r0, =0x18000003
    movs r1, #1
    strb r1, [r0]
    ldr r0, =0x1bffffff
    strb r1, [r0]
    log 1
    ldrb r1, [r0]
    b stop
"""


@pytest.mark.parametrize("board", BOARD_NAMES)
def test_packet_memory_takes_and_gives_all_widths_without_python(
    board: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("bus_read", "bus_write"):
        monkeypatch.delattr(BlockRam, name)
    monkeypatch.setattr(UsbDpram, "bus_write", None)
    program = Program(board, vectors() + NARROW_ACCESSES, tmp_path)
    memory = program.machine.block("USBCTRL_DPRAM").memory
    memory[0xFF8:] = bytes(range(0xF8, 0x100))
    program.run()
    assert memory[0xFF8:] == bytes.fromhex("11223344 1122 FE 11")
    assert len(memory) == 0x1000
    assert program.log() == [0x44332211, 0x4433, 0x44, 0x11FE2211]


def test_the_boot_rom_gets_what_the_core_gets(tmp_path: Path) -> None:
    block = Program("pico", vectors() + NARROW_ACCESSES, tmp_path).machine.block("USBCTRL_DPRAM")
    block.memory[0xFF8:] = bytes(range(0xF8, 0x100))
    for offset, size in ((0xFF8, 4), (0xFFC, 2), (0xFFF, 1)):
        block.bus_write(offset, size, 0x44332211)
    assert block.memory[0xFF8:] == bytes.fromhex("11223344 1122 FE 11")
    assert [block.bus_read(0xFF8, 4), block.bus_read(0xFFA, 2)] == [0x44332211, 0x4433]
    block.bus_write(0xFFE, 4, 0xAABBCCDD)
    assert block.memory[0xFFE:] == bytes.fromhex("DDCC")


@pytest.mark.parametrize(
    ("offset", "size", "watched"),
    [(0x7C, 4, False), (0x7E, 4, True), (0x80, 1, True), (0xFF, 1, True), (0x100, 4, False)],
)
def test_what_touches_a_buffer_control_is_watched(
    offset: int, size: int, watched: bool, tmp_path: Path
) -> None:
    machine = Program("pico", vectors() + NARROW_ACCESSES, tmp_path).machine
    assert machine.block("USBCTRL_DPRAM").is_watched(offset, size) is watched


@pytest.mark.parametrize("board", BOARD_NAMES)
def test_only_stores_to_buffer_controls_reach_the_controller(board: str, tmp_path: Path) -> None:
    program = Program(board, vectors() + AROUND_THE_BUFFER_CONTROLS, tmp_path)
    machine = program.machine
    told: list[int] = []
    machine.block("USBCTRL").buffer_control_written = lambda index, before: told.append(index)
    program.run()
    assert told == [0, 0, 31, 31]
    memory = machine.block("USBCTRL_DPRAM").memory
    stored = {offset for offset, byte in enumerate(memory) if byte == 0x5A}
    assert stored == {0x1F, 0x7C, 0x80, 0xFC, 0xFF, 0x100}


def test_what_a_watching_block_raises_ends_the_run(tmp_path: Path) -> None:
    program = Program("pico", vectors() + AROUND_THE_BUFFER_CONTROLS, tmp_path)

    def refuse(index: int, before: int) -> None:
        raise ZeroDivisionError

    program.machine.block("USBCTRL").buffer_control_written = refuse
    with pytest.raises(ZeroDivisionError):
        program.run()


def test_cache_maintenance_is_stored_to_and_never_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(XipMaintenance, "bus_write", None)
    program = Program("pico2", vectors() + MAINTENANCE, tmp_path)
    program.run()
    assert program.log() == [1]
    assert "XIP_MAINTENANCE" in str(program.machine.unmodelled)
