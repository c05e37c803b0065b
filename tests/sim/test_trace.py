# SPDX-License-Identifier: GPL-2.0-or-later
"""The path of a run: every instruction, the address of every access."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.native.trace_state import STRETCHES_MAX, TraceState
from sim.tracing.trace import CHUNK_ENTRIES, Entry, Kind, Tracer, first_difference
from tests.sim.bare_metal import BOARD_NAMES, STACK_TOP, Program, vectors

BASE, INDEX = 0x2003_0000, 0x24
SETUP = f"ldr r0, =0x{BASE:x}\nmovs r1, #0x{INDEX:x}\nmovs r2, #0\nmovs r3, #0\nvalue:"

# Instruction: (is it a load, address).
NARROW = {
    "str r2, [r0, r1]": (False, BASE + INDEX),
    "strh r2, [r0, r1]": (False, BASE + INDEX),
    "strb r2, [r0, r1]": (False, BASE + INDEX),
    "ldrsb r2, [r0, r1]": (True, BASE + INDEX),
    "ldr r2, [r0, r1]": (True, BASE + INDEX),
    "ldrh r2, [r0, r1]": (True, BASE + INDEX),
    "ldrb r2, [r0, r1]": (True, BASE + INDEX),
    "ldrsh r2, [r0, r1]": (True, BASE + INDEX),
    "str r2, [r0, #124]": (False, BASE + 124),
    "ldr r2, [r0, #4]": (True, BASE + 4),
    "strb r2, [r0, #31]": (False, BASE + 31),
    "ldrb r2, [r0, #1]": (True, BASE + 1),
    "strh r2, [r0, #62]": (False, BASE + 62),
    "ldrh r2, [r0, #2]": (True, BASE + 2),
    "str r2, [sp, #8]": (False, STACK_TOP - 64 + 8),
    "ldr r2, [sp, #16]": (True, STACK_TOP - 64 + 16),
    "push {r1-r3, lr}": (False, STACK_TOP - 64 - 16),
    "pop {r2, r3}": (True, STACK_TOP - 64),
    "stmia r0!, {r1, r2}": (False, BASE),
    "ldmia r0!, {r1, r2}": (True, BASE),
}
WIDE = {
    "str.w r2, [r0, #0x123]": (False, BASE + 0x123),
    "ldr.w r2, [r0, #-8]": (True, BASE - 8),
    "ldr r2, [r0, #8]!": (True, BASE + 8),
    "ldrb r2, [r0], #9": (True, BASE),
    "strh r2, [r0, #-2]!": (False, BASE - 2),
    "ldr.w r2, [r0, r1, lsl #2]": (True, BASE + 4 * INDEX),
    "ldrsb.w r2, [r0, r1, lsl #3]": (True, BASE + 8 * INDEX),
    "ldrsh.w r2, [r0, #0x222]": (True, BASE + 0x222),
    "strb.w r2, [r0, r1, lsl #1]": (False, BASE + 2 * INDEX),
    "ldrd r2, r3, [r0, #-16]": (True, BASE - 16),
    "strd r2, r3, [r0], #8": (False, BASE),
    "strd r2, r3, [r0, #32]!": (False, BASE + 32),
    "ldrex r2, [r0, #4]": (True, BASE + 4),
    "strex r3, r2, [r0, #12]": (False, BASE + 12),
    "ldrexb r2, [r0]": (True, BASE),
    "lda r2, [r0]": (True, BASE),
    "stl r2, [r0]": (False, BASE),
    "ldmia.w r0, {r2, r3, r8}": (True, BASE),
    "ldmdb r0!, {r2, r3, r8}": (True, BASE - 12),
    "stmdb r0, {r2, r3}": (False, BASE - 8),
    "stmia.w r0!, {r2, r8}": (False, BASE),
    ".inst.w 0xed900a03 // vldr s0, [r0, #12]": (True, BASE + 12),
    ".inst.w 0xed000b04 // vstr d0, [r0, #-16]": (False, BASE - 16),
    ".inst.w 0xecb00a03 // vldmia r0!, {s0-s2}": (True, BASE),
    ".inst.w 0xed200b04 // vstmdb r0!, {d0-d1}": (False, BASE - 16),
}
# No access, or one that only PC decides.
SILENT = ("adds r2, r1", "ldr r2, value", "cmp r0, r1", "mov r8, r0", "lsls r2, r1, #3")
SILENT_WIDE = ("ldr.w r2, value", "ldrd r2, r3, value", "movw r2, #0x1234", "umull r2, r3, r0, r1")


def path_of(board: str, body: str, directory: Path) -> list[Entry]:
    """The path of `body`, with SP 64 below the top, R0 = BASE, R1 = INDEX, R2 = R3 = 0."""
    source = vectors() + f"_start:\nsub sp, #64\nb setup\n.align 2\nsetup:\n{SETUP}\n{body}\nb stop"
    program = Program(board, source, directory, trace=True)
    tracer = program.machine.tracer
    assert tracer is not None
    entries = tracer.capture(program.run, 0, 1000)
    assert program.machine.faults == []
    return entries


def accesses(entries: list[Entry]) -> list[tuple[bool, int]]:
    """(is it a load, address) of each access."""
    return [
        (entry.kind is Kind.READ, entry.address)
        for entry in entries
        if entry.kind is not Kind.EXECUTED
    ]


def check_addresses(board: str, forms: dict[str, tuple[bool, int]], directory: Path) -> None:
    """Each instruction, alone."""
    for number, (instruction, expected) in enumerate(forms.items()):
        place = directory / str(number)
        place.mkdir()
        assert accesses(path_of(board, instruction, place)) == [expected], instruction


@pytest.mark.parametrize("board", BOARD_NAMES)
def test_addresses_of_16_bit_instructions(board: str, tmp_path: Path) -> None:
    check_addresses(board, NARROW, tmp_path)


def test_addresses_of_32_bit_instructions(tmp_path: Path) -> None:
    check_addresses("pico2", WIDE, tmp_path)


def test_no_access_is_seen_where_none_is(tmp_path: Path) -> None:
    body = "\n".join((*SILENT, *SILENT_WIDE))
    assert accesses(path_of("pico2", body, tmp_path)) == []


def test_table_branches_read_their_table(tmp_path: Path) -> None:
    body = "movs r3, #2\nmovs r1, #1\nstrh r1, [r0, #4]\ntbh [r0, r3, lsl #1]\nnop"
    assert accesses(path_of("pico2", body, tmp_path)) == [(False, BASE + 4), (True, BASE + 4)]


@pytest.mark.parametrize(
    ("flags", "seen"),
    [("cmp r2, r3", [BASE, BASE + 8]), ("cmp r2, r1", [BASE + 4, BASE + 12])],
)
def test_an_access_whose_condition_fails_is_none(
    flags: str, seen: list[int], tmp_path: Path
) -> None:
    body = f"""{flags}
        itete eq
        ldreq r2, [r0]
        ldrne r2, [r0, #4]
        streq r3, [r0, #8]
        strne r3, [r0, #12]"""
    assert [address for _, address in accesses(path_of("pico2", body, tmp_path))] == seen


@pytest.mark.parametrize("board", BOARD_NAMES)
def test_every_instruction_is_executed_once(board: str, tmp_path: Path) -> None:
    loop = "movs r2, #200\n1: subs r2, #1\nbne 1b"
    entries = path_of(board, loop, tmp_path)
    executed = [entry.address for entry in entries if entry.kind is Kind.EXECUTED]
    inside = [address for address in executed if executed.count(address) > 1]
    assert len(inside) == 400
    assert all(b != a for a, b in zip(executed, executed[1:], strict=False))


def test_what_a_condition_skips_takes_its_time_all_the_same(tmp_path: Path) -> None:
    """Only accesses tell the two sides of an IT block apart."""
    body = "cmp r{}, r2\nittet ne\naddne r3, #1\nmovne.w r8, r3\nmoveq r3, #9\nmovne r3, #7"
    paths = []
    for register in (1, 3):
        directory = tmp_path / str(register)
        directory.mkdir()
        paths.append(path_of("pico2", body.format(register), directory))
    assert paths[0] == paths[1]


def secret_program(board: str, secret: int, directory: Path, body: str) -> Program:
    """A program that takes its secret from R4."""
    directory.mkdir()
    source = vectors() + f"_start:\nsub sp, #64\nldr r0, =0x{BASE:x}\nldr r4, =secret\n"
    source += "ldr r4, [r4]\n" + body + f"\nb stop\n.align 2\nsecret: .word {secret}"
    return Program(board, source, directory, trace=True)


LONG = f"ldr r2, ={CHUNK_ENTRIES}\n1: subs r2, #1\nbne 1b\n"
LEAKS = {
    "a branch": "cmp r4, #5\nbne 2f\nnop\n2:\n",
    "an index": "lsls r4, r4, #2\nldr r1, [r0, r4]\n",
}


@pytest.mark.parametrize("board", BOARD_NAMES)
@pytest.mark.parametrize("leak", LEAKS)
def test_a_leak_parts_the_paths(board: str, leak: str, tmp_path: Path) -> None:
    programs = [
        secret_program(board, secret, tmp_path / str(secret), LONG + LEAKS[leak] + LONG)
        for secret in (5, 6)
    ]
    paths, captures = [], []
    for program in programs:
        tracer = program.machine.tracer
        assert tracer is not None
        paths.append(tracer.record(program.run))
    chunk = paths[0].parts_from(paths[1])
    assert chunk is not None and chunk > 0, "the first loop is the same"
    for secret in (5, 6):
        again = secret_program(
            board, secret, tmp_path / f"again {secret}", LONG + LEAKS[leak] + LONG
        )
        assert again.machine.tracer is not None
        first = chunk * CHUNK_ENTRIES
        captures.append(again.machine.tracer.capture(again.run, first, first + CHUNK_ENTRIES))
    assert first_difference(*captures) is not None


@pytest.mark.parametrize("board", BOARD_NAMES)
def test_equal_paths_are_equal(board: str, tmp_path: Path) -> None:
    paths = []
    for secret in (5, 6):
        program = secret_program(board, secret, tmp_path / str(secret), LONG + "eors r4, r4")
        assert program.machine.tracer is not None
        paths.append(program.machine.tracer.record(program.run))
    assert paths[0] == paths[1]
    assert paths[0].parts_from(paths[1]) is None
    assert paths[0].entries > 2 * CHUNK_ENTRIES


def test_a_blurred_table_is_one_address(tmp_path: Path) -> None:
    paths = []
    for secret in (1, 2):
        program = secret_program("pico", secret, tmp_path / str(secret), LEAKS["an index"])
        tracer = program.machine.tracer
        assert tracer is not None
        tracer.blur([(BASE, BASE + 64)])
        paths.append(tracer.record(program.run))
    assert paths[0] == paths[1]


def test_there_is_room_for_so_many_tables() -> None:
    with pytest.raises(ValueError, match="tables"):
        Tracer(TraceState()).blur([(0, 1)] * (STRETCHES_MAX + 1))


@pytest.mark.parametrize("board", BOARD_NAMES)
def test_a_gate_lets_only_one_function_through(board: str, tmp_path: Path) -> None:
    """Its callees belong to it; what comes before, between and after does not."""
    source = (
        vectors()
        + """
        _start:
            nop
            bl gated
            nop
            bl other
            bl gated
            b stop
        gated:
            push {lr}
            bl other
            pop {pc}
        other:
            bx lr
        """
    )
    program = Program(board, source, tmp_path, trace=True)
    tracer = program.machine.tracer
    assert tracer is not None
    start = program.machine.core.read("pc")
    gated = start + 2 + 4 + 2 + 4 + 4 + 2
    tracer.follow_only(gated)
    entries = tracer.capture(program.run, 0, 100)
    executed = [entry.address - gated for entry in entries if entry.kind is Kind.EXECUTED]
    assert executed == [0, 2, 8, 6] * 2
