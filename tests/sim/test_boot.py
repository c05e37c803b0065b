# SPDX-License-Identifier: GPL-2.0-or-later
"""From power-on to the image: second stage, block loop, tables, calls, resets."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import pytest

import boards
from sim.bootrom import boot2, picobin
from sim.cpu.processor import StopReason
from sim.flash import SECTOR_BYTES
from sim.flash.nor_flash import NorFlash
from sim.flash.power_cut import PowerCutPlan
from sim.machine import Machine, NotPoweredError
from tests.sim.bare_metal import BOARD_NAMES, Program, assemble, vectors

FLASH_BASE = 0x1000_0000


def machine_with(board_name: str, image: bytes) -> Machine:
    """A machine with an image at the start of its flash."""
    board = boards.load(board_name)
    flash = NorFlash(board.flash.size_bytes)
    flash.poke(0, image)
    return Machine(board, flash)


# --- RP2040 -------------------------------------------------------------------------------------


def second_stage(directory: Path) -> bytes:
    """A second stage that turns XIP on and enters the vector table at 10000100h."""
    code = assemble(
        """
        _start:
            ldr r3, =0x18000000
            movs r1, #0
            str r1, [r3, #8]
            ldr r1, =0x001F0300
            str r1, [r3, #0]
            movs r1, #1
            str r1, [r3, #8]
            ldr r0, =0x10000100
            ldmia r0, {r0, r1}
            msr msp, r0
            bx r1
        """,
        "rp2040",
        directory,
    )
    code = code.ljust(252, b"\x00")
    return code + boot2.crc32(code).to_bytes(4, "little")


def test_crc_of_the_second_stage() -> None:
    """Check value of CRC-32/MPEG-2."""
    assert boot2.crc32(b"123456789") == 0x0376E6E7


def test_rp2040_enters_through_the_second_stage(tmp_path: Path) -> None:
    stage = second_stage(tmp_path)
    image = stage + struct.pack("<II", 0x2000_1000, FLASH_BASE + 0x109) + b"\x30\xbf\xfe\xe7"
    machine = machine_with("pico", image)
    machine.power_on()
    assert machine.run(10_000) is StopReason.IDLE
    assert machine.core.read("pc") == FLASH_BASE + 0x10A
    assert machine.core.read("msp") == 0x2000_1000


def test_rp2040_refuses_a_wrong_checksum(tmp_path: Path) -> None:
    stage = bytearray(second_stage(tmp_path))
    stage[7] ^= 1
    machine = machine_with("pico", bytes(stage))
    machine.power_on()
    assert machine.run() is StopReason.BOOTSEL


# --- RP2350 -------------------------------------------------------------------------------------

IMAGE_TYPE = 0x1021_0142


def block(*items: int, link: int = 0) -> bytes:
    """A block of these item words."""
    words = (picobin.START_MARKER, *items, len(items) << 8 | 0xFF, link & 0xFFFF_FFFF)
    return struct.pack(f"<{len(words) + 1}I", *words, picobin.END_MARKER)


def arm_image(metadata: bytes) -> bytes:
    """Vector table, metadata at 100h, code (WFI) at 200h."""
    head = struct.pack("<II", 0x2000_1000, FLASH_BASE + 0x201)
    return head.ljust(0x100, b"\x00") + metadata.ljust(0x100, b"\x00") + b"\x30\xbf\xfe\xe7"


def test_rp2350_enters_through_the_vector_table() -> None:
    machine = machine_with("pico2", arm_image(block(IMAGE_TYPE)))
    machine.power_on()
    assert machine.run(10_000) is StopReason.IDLE
    assert machine.core.read("pc") == FLASH_BASE + 0x202
    assert machine.control.vector_table == FLASH_BASE


def test_rp2350_obeys_an_entry_point() -> None:
    metadata = block(IMAGE_TYPE, 0x0000_0344, FLASH_BASE + 0x203, 0x2000_2000)
    entry = picobin.find_entry(arm_image(metadata))
    assert entry == picobin.Entry(FLASH_BASE, 0x2000_2000, FLASH_BASE + 0x203)


def test_the_last_image_definition_of_the_loop_wins() -> None:
    first = block(IMAGE_TYPE, link=0x40)
    second = block(IMAGE_TYPE, 0x0000_0203, FLASH_BASE + 0x80, link=-0x40)
    image = bytearray(arm_image(first.ljust(0x40, b"\x00") + second))
    image[0x80:0x88] = struct.pack("<II", 0x2000_3000, FLASH_BASE + 0x201)
    assert picobin.find_entry(bytes(image)).vector_table == FLASH_BASE + 0x80


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        (b"", "no block in the first 4 KiB"),
        (block(IMAGE_TYPE)[:-1] + b"x", "malformed block"),
        (block(IMAGE_TYPE, link=0x1000), "no block at"),
        (block(IMAGE_TYPE | 1 << 24), "no IMAGE_DEF"),
        (block(0x0000_01FE), "no IMAGE_DEF"),
    ],
)
def test_rp2350_refuses_what_is_not_an_arm_image(metadata: bytes, reason: str) -> None:
    image = arm_image(metadata)
    with pytest.raises(picobin.ImageError, match=reason):
        picobin.find_entry(image)
    machine = machine_with("pico2", image)
    machine.power_on()
    assert machine.run() is StopReason.BOOTSEL


def test_rp2350_checks_a_hash_that_is_there() -> None:
    load_map = (0x8100_0406, FLASH_BASE + 0x200, FLASH_BASE + 0x200, FLASH_BASE + 0x204)
    hash_def = (0x0100_0247, 8)
    unhashed = block(IMAGE_TYPE, *load_map, *hash_def)
    digest = hashlib.sha256(b"\x30\xbf\xfe\xe7" + unhashed[: 4 * 8]).digest()
    value = (0x0000_094B, *struct.unpack("<8I", digest))
    image = arm_image(block(IMAGE_TYPE, *load_map, *hash_def, *value))
    assert picobin.find_entry(image).program_counter == FLASH_BASE + 0x201
    with pytest.raises(picobin.ImageError, match="hash is wrong"):
        picobin.find_entry(image[:-1] + b"\xe0")


# --- both ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("board", BOARD_NAMES)
def test_the_button_held_at_reset_leads_to_bootsel(board: str) -> None:
    machine = machine_with(board, b"")
    machine.set_button(True)
    machine.power_on()
    assert machine.run() is StopReason.BOOTSEL


def test_a_machine_without_power_does_not_run() -> None:
    with pytest.raises(NotPoweredError):
        machine_with("pico", b"").run()


@pytest.mark.parametrize("board", BOARD_NAMES)
def test_ram_is_never_zero_at_power_on_and_kept_by_a_reset(board: str) -> None:
    machine = machine_with(board, b"")
    machine.power_on()
    first = machine.read_memory(0x2000_0000, 4096)
    assert first.count(0) < 64
    machine.reset()
    assert machine.read_memory(0x2000_0000, 4096) == first
    machine.power_off()
    machine.power_on()
    assert machine.read_memory(0x2000_0000, 4096) != first


LOOKUP = {
    "pico": """
    .macro rom first, second
        movs r0, #0x14
        ldrh r0, [r0]
        ldr r1, =(\\first | \\second << 8)
        movs r2, #0x18
        ldrh r2, [r2]
        blx r2
    .endm
    """,
    "pico2": """
    .macro rom first, second
        ldr r0, =(\\first | \\second << 8)
        movs r1, #4
        movs r2, #0x16
        ldrh r2, [r2]
        blx r2
    .endm
    """,
}

FLASH_PROGRAM = """
    _start:
        cpsid i
        rom 'E', 'X'
        blx r0
        rom 'R', 'E'
        mov r4, r0
        ldr r0, =0x8000
        ldr r1, =0x2000
        movs r2, #0
        movs r3, #0xD8
        blx r4
        rom 'R', 'P'
        mov r4, r0
        ldr r0, =0x8000
        ldr r1, =0x20000000
        ldr r2, =0x200
        blx r4
        {before_flush}
        rom 'C', 'X'
        blx r0
        ldr r0, =0x10008000
        ldr r6, [r0]
        ldr r5, =LOG
        ldr r7, [r5]
        str r6, [r7]
        adds r7, #4
        str r7, [r5]
        b stop
    hardfault:
        log 99
        b stop
"""


def flash_program(board: str, directory: Path, before_flush: str = "") -> Program:
    source = LOOKUP[board] + vectors(hardfault="hardfault")
    return Program(board, source + FLASH_PROGRAM.format(before_flush=before_flush), directory)


@pytest.mark.parametrize("board", BOARD_NAMES)
def test_rom_calls_change_the_flash_and_take_its_time(board: str, tmp_path: Path) -> None:
    program = flash_program(board, tmp_path)
    machine = program.machine
    assert program.run(FOREVER_TICKS) is StopReason.IDLE
    code = machine.read_memory(0x2000_0000, 0x200)
    assert machine.flash.read(0x8000, 0x200) == code
    assert program.log() == [int.from_bytes(code[:4], "little")]
    assert [(entry.operation.value, entry.offset) for entry in machine.flash.journal] == [
        ("erase", 0x8000),
        ("erase", 0x9000),
        ("program", 0x8000),
        ("program", 0x8100),
    ]
    assert machine.clock.now_us >= 2 * 45_000 + 2 * 700
    assert machine.instructions < 1000


FOREVER_TICKS = 1 << 40


@pytest.mark.parametrize("board", BOARD_NAMES)
def test_flash_cannot_be_read_while_it_is_programmed(board: str, tmp_path: Path) -> None:
    program = flash_program(board, tmp_path, "ldr r0, =0x10000000\nldr r0, [r0]")
    program.run(FOREVER_TICKS)
    assert program.log() == [99]
    assert program.machine.faults[0].address == FLASH_BASE


@pytest.mark.parametrize("board", BOARD_NAMES)
def test_power_fails_in_a_rom_call_and_comes_back(board: str, tmp_path: Path) -> None:
    program = flash_program(board, tmp_path)
    machine = program.machine
    machine.flash.cut = PowerCutPlan(3, "prefix@10")
    assert program.run(FOREVER_TICKS) is StopReason.POWER_CUT
    assert not machine.powered
    assert machine.flash.read(0x8000 + 256 + 10, 16) == b"\xff" * 16
    assert machine.flash.wear.erase_counts[0x8000 // SECTOR_BYTES] == 1
    machine.flash.cut = None
    machine.power_on()
    assert machine.run() is StopReason.BOOTSEL


@pytest.mark.parametrize("board", BOARD_NAMES)
def test_an_unknown_rom_function_is_absent_and_an_unmodelled_one_refused(
    board: str, tmp_path: Path
) -> None:
    source = LOOKUP[board] + vectors()
    program = Program(
        board,
        source
        + """
        _start:
            rom 'z', 'z'
            cmp r0, #0
            bne stop
            log 1
            rom 'G', 'R'
            log 2
            b stop
        """,
        tmp_path,
    )
    assert program.run() is StopReason.UNMODELLED
    assert program.log() == [1]
    assert "'GR'" in str(program.machine.unmodelled)


@pytest.mark.parametrize("board", BOARD_NAMES)
def test_the_watchdog_resets_and_tells_why(board: str, tmp_path: Path) -> None:
    psm, watchdog = {"pico": (0x4001_0008, 0x4005_8000), "pico2": (0x4001_8008, 0x400D_8000)}[board]
    program = Program(
        board,
        vectors()
        + f"""
        _start:
            ldr r0, =0x{psm:x}
            ldr r1, =0x01FFFFFF
            str r1, [r0]
            ldr r0, =0x{watchdog:x}
            ldr r1, =0x12345678
            str r1, [r0, #0x0C]
            ldr r1, =0x80000000
            str r1, [r0]
            b stop
        """,
        tmp_path,
    )
    assert program.run() is StopReason.BOOTSEL
    machine = program.machine
    assert machine.block("WATCHDOG").values["REASON"] == 2
    assert machine.block("WATCHDOG").values["SCRATCH0"] == 0x1234_5678
    assert machine.read_memory(0x2000_0000, 4) == (0x2001_0000).to_bytes(4, "little")


@pytest.mark.parametrize("board", BOARD_NAMES)
@pytest.mark.parametrize(
    ("address", "name"), [(0x5000_0000, "DMA"), (0x4F00_0000, "nothing"), (0xD000_0054, "SIO")]
)
def test_what_has_no_model_stops_the_run_by_name(
    board: str, address: int, name: str, tmp_path: Path
) -> None:
    program = Program(
        board,
        vectors() + f"_start: ldr r0, =0x{address:x}\nmovs r1, #1\nstr r1, [r0]\nb stop",
        tmp_path,
    )
    assert program.run() is StopReason.UNMODELLED
    error = program.machine.unmodelled
    assert error is not None
    assert error.block == name
    assert error.pc is not None


@pytest.mark.parametrize("board", BOARD_NAMES)
def test_a_snapshot_continues_exactly(board: str, tmp_path: Path) -> None:
    program = flash_program(board, tmp_path)
    machine = program.machine
    machine.run(30_000_000 // 4)
    snapshot = machine.snapshot()
    ends = []
    for _ in range(3):
        assert machine.run(FOREVER_TICKS) is StopReason.IDLE
        ends.append(
            (
                machine.now,
                machine.instructions,
                machine.core.read_all(),
                machine.read_memory(0x2000_0000, 0x2_1000),
                machine.flash.contents(),
                len(machine.flash.journal),
            )
        )
        machine.restore(snapshot)
    assert ends[0] == ends[1] == ends[2]


def test_a_snapshot_undoes_a_power_cut(tmp_path: Path) -> None:
    program = flash_program("pico", tmp_path)
    machine = program.machine
    snapshot = machine.snapshot()
    machine.flash.cut = PowerCutPlan(0, "none")
    assert machine.run(FOREVER_TICKS) is StopReason.POWER_CUT
    machine.restore(snapshot)
    assert machine.run(FOREVER_TICKS) is StopReason.IDLE
    assert len(machine.flash.journal) == 4
