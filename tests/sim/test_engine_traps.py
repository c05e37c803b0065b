# SPDX-License-Identifier: GPL-2.0-or-later
"""What the engine does behind our back: each trap has its regression test here."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.cpu.core import Core
from sim.cpu.processor import StopReason
from tests.sim.bare_metal import BOARD_NAMES, ORIGIN, Program, vectors

LOOP = """
_start:
    ldr r2, =1000
    movs r3, #0
1:  adds r3, r2
    push {r0-r3, lr}
    pop {r0-r3}
    pop {r4}
    subs r2, #1
    bne 1b
    b stop
"""


def run_one(board: str, instruction: str, directory: Path) -> Program:
    """Execute one instruction; the log holds 1 if it worked, 2 after a HardFault."""
    program = Program(
        board,
        vectors(hardfault="hardfault")
        + f"""
        _start:
            ldr r0, =0x20020001
            movs r1, #7
            {instruction}
            log 1
            b stop
        hardfault:
            log 2
            b stop
        """,
        directory,
    )
    program.run()
    return program


@pytest.mark.parametrize(
    "instruction",
    [
        pytest.param(".word 0xF1F0FBB0", id="udiv"),
        pytest.param(".word 0x0112F240", id="movw"),
        pytest.param("ldr r2, [r0]", id="unaligned"),
    ],
)
def test_rp2040_lacks_what_rp2350_has(instruction: str, tmp_path: Path) -> None:
    assert run_one("pico", instruction, tmp_path).log() == [2]
    assert run_one("pico2", instruction, tmp_path).log() == [1]


@pytest.mark.parametrize("board", BOARD_NAMES)
@pytest.mark.parametrize("instruction", ["wfe", "yield", "sev", "nop"])
def test_hints_work(board: str, instruction: str, tmp_path: Path) -> None:
    """WFE with nothing to wait for sleeps for ever; the others go on."""
    program = run_one(board, instruction, tmp_path)
    assert program.log() == ([] if instruction == "wfe" else [1])
    assert program.machine.faults == []


@pytest.mark.parametrize("board", BOARD_NAMES)
def test_an_undefined_instruction_after_wfe_is_not_mistaken_for_it(
    board: str, tmp_path: Path
) -> None:
    program = run_one(board, "yield\nudf #0", tmp_path)
    assert program.log() == [2]


def test_the_m0_model_is_what_was_asked_for() -> None:
    assert Core("cortex-m0plus").model == "cortex-m0plus"


def test_peripheral_access_in_an_it_block_leaves_no_it_state(tmp_path: Path) -> None:
    """Memory hooks leak IT bits into the next block, which then skips instructions."""
    program = Program(
        "pico2",
        vectors()
        + """
        _start:
            ldr r0, =0x40023000         // RESETS, CLR alias: all blocks out of reset
            mvn r1, #0
            str r1, [r0]
            ldr r0, =0x400B0000         // TIMER0
            movs r4, #0
            movs r1, #20
        1:  cmp r4, #0
            itt eq
            ldreq r2, [r0, #0x28]
            streq r1, [r0, #0x30]
            b 2f
        2:  adds r4, #1
            adds r4, #1
            adds r4, #1
            adds r4, #1
            adds r4, #1
            ldr r5, =LOG
            ldr r7, [r5]
            str r4, [r7]
            adds r7, #4
            str r7, [r5]
            movs r4, #0
            subs r1, #1
            bne 1b
            b stop
        """,
        tmp_path,
    )
    program.run()
    assert program.log() == [5] * 20


@pytest.mark.parametrize("board", BOARD_NAMES)
def test_block_counting_agrees_with_instruction_counting(board: str, tmp_path: Path) -> None:
    counts = []
    for exact in (False, True):
        program = Program(board, vectors() + LOOP, tmp_path, exact=exact)
        assert program.run() is StopReason.IDLE
        counts.append(program.machine.instructions)
    assert counts[0] == counts[1] == 2 + 6 * 1000 + 2


def test_exact_mode_stops_at_the_tick(tmp_path: Path) -> None:
    program = Program("pico", vectors() + LOOP, tmp_path, exact=True)
    for _ in range(50):
        start = program.machine.now
        assert program.run(7) is StopReason.DEADLINE
        assert program.machine.now == start + 7


@pytest.mark.parametrize("board", BOARD_NAMES)
def test_any_instruction_can_be_skipped(board: str, tmp_path: Path) -> None:
    source = vectors() + "_start: movs r0, #1\nmovs r0, #2\nbl f\nmovs r2, #3\nb stop\nf: bx lr"
    program = Program(board, source, tmp_path, exact=True)
    program.run(1)
    program.machine.skip_instruction()
    program.machine.skip_instruction()
    program.run()
    registers = program.machine.core.read_all()
    assert (registers["r0"], registers["r2"], registers["lr"]) == (1, 3, 0)


@pytest.mark.parametrize("board", BOARD_NAMES)
def test_code_that_the_host_changes_is_executed_as_changed(board: str, tmp_path: Path) -> None:
    program = Program(
        board,
        vectors()
        + """
        _start:
            log 1
            wfi
            b _start
        """,
        tmp_path,
    )
    program.run()
    machine = program.machine
    code = machine.read_memory(ORIGIN, 0x200)
    place = code.index((0x2601).to_bytes(2, "little"))  # movs r6, #1
    machine.write_memory(ORIGIN + place, (0x2602).to_bytes(2, "little"))
    machine.write_memory(ORIGIN + place, b"")  # as a copy of nothing by the boot ROM
    machine.core.write("pc", int.from_bytes(code[4:8], "little"))
    machine.processor.reset_sleep()
    program.run()
    assert program.log() == [1, 2]


def test_the_guest_may_change_its_own_code(tmp_path: Path) -> None:
    program = Program(
        "pico",
        vectors()
        + """
        _start:
            ldr r0, =victim
            ldr r1, =0x2602             // movs r6, #2
            bl victim_call
            strh r1, [r0]
            isb
            bl victim_call
            b stop
        .balign 4
        victim_call:
            push {r0, r1, lr}
        victim:
            movs r6, #1
            ldr r5, =LOG
            ldr r7, [r5]
            str r6, [r7]
            adds r7, #4
            str r7, [r5]
            pop {r0, r1, pc}
        """,
        tmp_path,
    )
    program.run()
    assert program.log() == [1, 2]


def test_code_is_noticed_again_after_its_page_was_forgotten(tmp_path: Path) -> None:
    """Pages without recent code get fast stores; code that comes back must still be seen."""
    program = Program(
        "pico",
        vectors()
        + """
        _start:
            ldr r0, =victim
            bl victim
            bl wait                     // the page loses its marks, and stores become fast
            ldr r1, =0x2602             // movs r6, #2
            strh r1, [r0]
            bl victim
            ldr r1, =0x2603
            strh r1, [r0]
            bl victim
            b stop
        wait:
            ldr r2, =3000000
        1:  subs r2, #1
            bne 1b
            bx lr
        .ltorg
        .balign 4096
        victim:
            movs r6, #1
            push {r0, lr}
            ldr r5, =LOG
            ldr r7, [r5]
            str r6, [r7]
            adds r7, #4
            str r7, [r5]
            pop {r0, pc}
        """,
        tmp_path,
    )
    assert program.run(20_000_000) is StopReason.IDLE
    assert program.log() == [1, 2, 3]


def test_address_zero_does_not_end_a_run(tmp_path: Path) -> None:
    """The engine's habit is to stop when PC meets 0; the boot ROM lives there."""
    program = Program(
        "pico",
        vectors(hardfault="hardfault")
        + """
        _start:
            movs r0, #1
            bx r0
        hardfault:
            log 2
            b stop
        """,
        tmp_path,
    )
    program.run()
    assert program.log() == [2]


@pytest.mark.parametrize("board", BOARD_NAMES)
def test_coverage_marks_what_was_executed(board: str, tmp_path: Path) -> None:
    program = Program(board, vectors() + LOOP, tmp_path, coverage=True)
    program.run()
    covered = program.machine.covered_addresses()
    start = int.from_bytes(program.machine.read_memory(ORIGIN + 4, 4), "little") & ~1
    assert start in covered
    assert len(covered) == 3 + 1
    counts = program.machine.execution_counts()
    assert counts[start] == 1
    # The first round of the loop belongs to the block before it.
    assert max(counts.values()) in (999, 1000)


@pytest.mark.parametrize("board", BOARD_NAMES)
def test_exact_mode_counts_each_instruction(board: str, tmp_path: Path) -> None:
    program = Program(board, vectors() + LOOP, tmp_path, coverage=True, exact=True)
    program.run()
    assert max(program.machine.execution_counts().values()) == 1000


def test_probes_count_executions(tmp_path: Path) -> None:
    program = Program("pico", vectors() + LOOP, tmp_path)
    start = int.from_bytes(program.machine.read_memory(ORIGIN + 4, 4), "little")
    program.machine.add_probe(start)
    program.machine.add_probe(start + 4)
    program.run()
    assert program.machine.probe_count(start) == 1
    assert program.machine.probe_count(start + 4) == 1000


@pytest.mark.parametrize("board", BOARD_NAMES)
def test_blocks_are_as_long_as_what_they_executed(board: str, tmp_path: Path) -> None:
    counted = Program(board, vectors() + LOOP, tmp_path, coverage=True)
    counted.run()
    machine = counted.machine
    halfwords = sum(
        machine.core.block_bytes(block) // 2 * count
        for block, count in machine.execution_counts().items()
    )
    exact = Program(board, vectors() + LOOP, tmp_path, coverage=True, exact=True)
    exact.run()
    sizes = {
        address: 2 if int.from_bytes(machine.read_memory(address, 2), "little") >= 0xE800 else 1
        for address in exact.machine.execution_counts()
    }
    counts = exact.machine.execution_counts().items()
    assert halfwords == sum(sizes[address] * count for address, count in counts)


def test_a_watch_sees_registers_and_comes_out_of_the_run(tmp_path: Path) -> None:
    program = Program("pico", vectors() + LOOP, tmp_path)
    start = int.from_bytes(program.machine.read_memory(ORIGIN + 4, 4), "little") & ~1
    seen = []

    def watch() -> None:
        seen.append(program.machine.core.read("pc"))
        if len(seen) == 3:
            raise LookupError("three times")

    program.machine.add_watch(start + 4, watch)
    with pytest.raises(LookupError, match="three times"):
        program.run()
    assert seen == [start + 4] * 3
