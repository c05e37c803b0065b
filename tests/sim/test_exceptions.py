# SPDX-License-Identifier: GPL-2.0-or-later
"""Exceptions as whole programs, on both cores."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.cpu.processor import StopReason
from tests.sim.bare_metal import BOARD_NAMES, STACK_TOP, Program, vectors

pytestmark = pytest.mark.parametrize("board", BOARD_NAMES)

PEND_IRQ = """
.macro pend number
    ldr r0, =SCS + 0x200
    movs r1, #(1 << \\number)
    str r1, [r0]
    dsb
    isb
.endm
.macro enable mask
    ldr r0, =SCS + 0x100
    movs r1, #\\mask
    str r1, [r0]
.endm
"""


def test_a_higher_priority_interrupt_preempts_and_a_lower_one_waits(
    board: str, tmp_path: Path
) -> None:
    program = Program(
        board,
        PEND_IRQ
        + vectors(irq0="irq0", irq1="irq1", irq2="irq2")
        + """
        _start:
            ldr r0, =SCS + 0x400        // priorities: irq0 = 80h, irq1 = 40h, irq2 = C0h
            ldr r1, =0x00C04080
            str r1, [r0]
            enable 7
            log 1
            pend 0
            log 6
            b stop
        irq0:
            push {lr}
            log 2
            pend 2
            pend 1
            log 4
            pop {pc}
        irq1:
            push {lr}
            log 3
            pop {pc}
        irq2:
            push {lr}
            log 5
            pop {pc}
        """,
        tmp_path,
    )
    assert program.run() is StopReason.IDLE
    assert program.log() == [1, 2, 3, 4, 5, 6]
    assert program.machine.core.read("msp") == STACK_TOP


def test_pendsv_is_taken_after_all_interrupts(board: str, tmp_path: Path) -> None:
    program = Program(
        board,
        PEND_IRQ
        + vectors(irq0="irq0", irq1="irq1", pendsv="pendsv")
        + """
        _start:
            ldr r0, =SCS + 0xD20        // PendSV at the lowest priority
            ldr r1, =0x00FF0000
            str r1, [r0]
            enable 3
            pend 0
            log 9
            b stop
        irq0:
            push {lr}
            ldr r0, =SCS + 0xD04        // ICSR.PENDSVSET
            ldr r1, =0x10000000
            str r1, [r0]
            pend 1
            log 1
            pop {pc}
        irq1:
            push {lr}
            log 2
            pop {pc}
        pendsv:
            push {lr}
            log 3
            pop {pc}
        """,
        tmp_path,
    )
    assert program.run() is StopReason.IDLE
    assert program.log() == [1, 2, 3, 9]


def test_primask_holds_an_interrupt_back_until_it_opens(board: str, tmp_path: Path) -> None:
    program = Program(
        board,
        PEND_IRQ
        + vectors(irq0="irq0")
        + """
        _start:
            enable 1
            cpsid i
            pend 0
            log 1
            log 2
            cpsie i
            isb
            log 4
            b stop
        irq0:
            push {lr}
            log 3
            pop {pc}
        """,
        tmp_path,
    )
    assert program.run() is StopReason.IDLE
    assert program.log() == [1, 2, 3, 4]


def test_wfi_wakes_for_a_masked_interrupt_without_taking_it(board: str, tmp_path: Path) -> None:
    program = Program(
        board,
        vectors(systick="systick")
        + """
        _start:
            cpsid i
            ldr r0, =SCS + 0x10
            ldr r1, =100000
            str r1, [r0, #4]
            movs r1, #0
            str r1, [r0, #8]
            movs r1, #7
            str r1, [r0]
            wfi
            log 1
            movs r1, #0
            str r1, [r0]
            cpsie i
            isb
            log 3
            b stop
        systick:
            push {lr}
            log 2
            pop {pc}
        """,
        tmp_path,
    )
    assert program.run() is StopReason.IDLE
    assert program.log() == [1, 2, 3]
    assert program.machine.now > 100_000
    assert program.machine.instructions < 100


def test_svc_on_main_and_process_stack(board: str, tmp_path: Path) -> None:
    program = Program(
        board,
        vectors(svc="svc")
        + """
        _start:
            svc #0
            ldr r0, =0x20018004         // 4 below an 8-byte boundary: the frame must align
            msr psp, r0
            movs r0, #2
            msr control, r0
            isb
            movs r0, #0x55
            svc #1
            mov r1, sp
            ldr r2, =0x20018004
            cmp r1, r2
            bne bad
            cmp r0, #0x55
            bne bad
            log 7
            b stop
        bad:
            log 8
            b stop
        svc:
            push {lr}
            mov r4, lr
            movs r5, #0x0F
            ands r4, r5
            ldr r5, =LOG
            ldr r7, [r5]
            str r4, [r7]                // EXC_RETURN: 9 from MSP, Dh from PSP
            adds r7, #4
            str r7, [r5]
            pop {pc}
        """,
        tmp_path,
    )
    assert program.run() is StopReason.IDLE
    assert program.log() == [9, 0xD, 7]


def test_return_restores_flags_and_registers(board: str, tmp_path: Path) -> None:
    program = Program(
        board,
        PEND_IRQ
        + vectors(irq0="irq0")
        + """
        _start:
            enable 1
            movs r2, #2
            movs r3, #3
            ldr r0, =SCS + 0x200
            movs r1, #1
            cmp r1, #1                  // Z set
            str r1, [r0]
            isb
            bne bad
            cmp r2, #2
            bne bad
            log 1
            b stop
        bad:
            log 2
            b stop
        irq0:
            movs r0, #0
            movs r2, #0x7F
            movs r3, #0x7F
            bx lr
        """,
        tmp_path,
    )
    assert program.run() is StopReason.IDLE
    assert program.log() == [1]


def test_hardfault_handler_sees_the_faulting_instruction(board: str, tmp_path: Path) -> None:
    program = Program(
        board,
        vectors(hardfault="hardfault")
        + """
        _start:
            ldr r0, =0x60000000
        culprit:
            ldr r1, [r0]
            b stop
        hardfault:
            ldr r0, [sp, #24]           // stacked return address
            ldr r1, =culprit
            cmp r0, r1
            bne bad
            log 1
            b stop
        bad:
            log 2
            b stop
        """,
        tmp_path,
    )
    program.run()
    assert program.log() == [1]
    assert [fault.what for fault in program.machine.faults] == ["bus fault on read"]
    assert program.machine.faults[0].address == 0x6000_0000


def test_a_fault_in_the_hardfault_handler_locks_up(board: str, tmp_path: Path) -> None:
    program = Program(
        board,
        vectors(hardfault="hardfault")
        + """
        _start:
            udf #0
        hardfault:
            udf #1
        """,
        tmp_path,
    )
    assert program.run() is StopReason.FAULT
    assert [fault.lockup for fault in program.machine.faults] == [False, True]
    assert "lockup" in program.machine.faults[1].describe()


def test_runs_repeat_exactly(board: str, tmp_path: Path) -> None:
    source = (
        PEND_IRQ
        + vectors(systick="systick")
        + """
        _start:
            ldr r0, =SCS + 0x10
            movs r1, #97
            str r1, [r0, #4]
            movs r1, #0
            str r1, [r0, #8]
            movs r1, #7
            str r1, [r0]
            ldr r2, =20000
            movs r3, #0
        1:  adds r3, r2
            subs r2, #1
            bne 1b
            b stop
        systick:
            ldr r0, =LOG
            ldr r1, [r0, #4]
            adds r1, #1
            str r1, [r0, #4]
            bx lr
        """
    )
    ends = []
    for _ in range(2):
        program = Program(board, source, tmp_path)
        program.run(70_000)
        ends.append((program.machine.now, program.machine.core.read_all(), program.log()))
    assert ends[0] == ends[1]
