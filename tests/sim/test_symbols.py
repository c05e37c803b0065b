# SPDX-License-Identifier: GPL-2.0-or-later
"""Symbols of an ELF file, and fault reports that use them."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.cpu.processor import StopReason
from sim.elf import SymbolTable
from tests.sim.bare_metal import ORIGIN, Program, vectors

SOURCE = (
    vectors()
    + """
    .type _start, %function
    .type crash, %function
    .global crash, counter
    _start:
        bl crash
        b stop
    .size _start, . - _start
    crash:
        nop
        udf #0
    .size crash, . - crash
    .balign 4
    .type counter, %object
    counter: .word 0x12345678
    .size counter, 4
    """
)


@pytest.fixture
def program(tmp_path: Path) -> Program:
    program = Program("pico", SOURCE, tmp_path)
    program.machine.symbols = SymbolTable.load(tmp_path / "program.elf")
    return program


def test_names_and_addresses(program: Program) -> None:
    symbols = program.machine.symbols
    assert symbols is not None
    crash = symbols["crash"]
    assert crash.address % 2 == 0
    assert symbols.describe(crash.address + 2) == f"crash+0x2 (0x{crash.address + 2:08x})"
    assert symbols.describe(ORIGIN - 4) == f"0x{ORIGIN - 4:08x}"
    assert "crash" in symbols
    assert "absent" not in symbols
    with pytest.raises(KeyError):
        symbols["absent"]


def test_objects_are_read_by_name(program: Program) -> None:
    assert program.machine.read_symbol("counter") == bytes.fromhex("78563412")


def test_probes_take_names(program: Program) -> None:
    program.machine.add_probe("crash")
    program.run()
    assert program.machine.probe_count("crash") == 1


def test_a_lockup_is_reported_with_registers_and_names(program: Program) -> None:
    machine = program.machine
    table = ORIGIN + 4 * 3
    machine.write_memory(table, machine.read_symbol("counter"))
    assert program.run() is StopReason.FAULT
    report = machine.faults[0].describe(machine.describe)
    assert report.startswith("undefined instruction at crash+0x2")
    assert "_start+0x" in report
    assert f"r0 {machine.core.read('r0'):08x}" in report


def test_stopping_at_the_first_fault_is_an_option(program: Program) -> None:
    program.machine.processor.stop_on_fault = True
    assert program.run() is StopReason.FAULT
    assert len(program.machine.faults) == 1
    assert not program.machine.faults[0].lockup
