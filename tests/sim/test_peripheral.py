# SPDX-License-Identifier: GPL-2.0-or-later
"""The base class: aliases, narrow writes, refusal of what is not in the table."""

from __future__ import annotations

import pytest

from sim.bus.peripheral import Peripheral
from sim.bus.register import Register, array, read_only
from sim.bus.unmodelled import UnmodelledAccess
from tests.sim.twins import MachineTwin


class Example(Peripheral):
    """A block with one register of each kind."""

    NAME = "EXAMPLE"
    REGISTERS = (
        Register("PLAIN", 0x0, 0x1234_5678),
        Register("FLAGS", 0x4, 0xF0, writable=0x0F, clear=0xF0),
        read_only("FIXED", 0x8, 0xCAFE),
        *array("WORD{}", 0x10, 2),
    )


@pytest.fixture
def block() -> Example:
    return Example(MachineTwin())


XOR, SET, CLEAR = 0x1000, 0x2000, 0x3000


def test_aliases_modify_bits(block: Example) -> None:
    block.bus_write(0x0 + SET, 4, 0x0000_0F00)
    assert block.bus_read(0, 4) == 0x1234_5F78
    block.bus_write(0x0 + CLEAR, 4, 0xFF00_0000)
    assert block.bus_read(0, 4) == 0x0034_5F78
    block.bus_write(0x0 + XOR, 4, 0xFFFF_FFFF)
    assert block.bus_read(0, 4) == 0xFFCB_A087


def test_narrow_writes_are_replicated(block: Example) -> None:
    block.bus_write(0x1, 1, 0xAB)
    assert block.bus_read(0, 4) == 0xABAB_ABAB
    block.bus_write(0x2, 2, 0x1234)
    assert block.bus_read(0, 4) == 0x1234_1234


def test_narrow_reads_take_their_lanes(block: Example) -> None:
    assert [block.bus_read(n, 1) for n in range(4)] == [0x78, 0x56, 0x34, 0x12]
    assert block.bus_read(2, 2) == 0x1234


def test_write_one_to_clear_follows_the_bus_whatever_the_alias(block: Example) -> None:
    block.bus_write(0x4, 4, 0x13)
    assert block.bus_read(4, 4) == 0xE3
    block.bus_write(0x4 + CLEAR, 4, 0x20)
    assert block.bus_read(4, 4) == 0xC3


def test_read_only_registers_ignore_writes(block: Example) -> None:
    block.bus_write(0x8, 4, 0)
    assert block.bus_read(0x8, 4) == 0xCAFE


@pytest.mark.parametrize("alias", [0, XOR, SET, CLEAR])
def test_an_unknown_register_is_refused_with_its_place(block: Example, alias: int) -> None:
    with pytest.raises(UnmodelledAccess, match=r"EXAMPLE \+ 0xc"):
        block.bus_write(0xC + alias, 4, 1)
    with pytest.raises(UnmodelledAccess, match=r"read of EXAMPLE \+ 0x18"):
        block.bus_read(0x18, 4)


def test_a_block_in_reset_loses_writes(block: Example) -> None:
    block.held_in_reset = True
    block.bus_write(0, 4, 1)
    assert block.bus_read(0, 4) == 0x1234_5678
    block.held_in_reset = False
    block.bus_write(0, 4, 1)
    assert block.bus_read(0, 4) == 1


def test_state_is_a_copy(block: Example) -> None:
    state = block.state()
    block.bus_write(0x10, 4, 7)
    block.load_state(state)
    assert block.bus_read(0x10, 4) == 0
    block.bus_write(0x10, 4, 8)
    block.load_state(state)
    assert block.bus_read(0x10, 4) == 0
