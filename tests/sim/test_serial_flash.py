# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands on the wires: framing, commit at deselect, busy time, both controllers."""

from __future__ import annotations

import pytest

from sim.bus.unmodelled import UnmodelledAccess
from sim.flash import SECTOR_BYTES
from sim.peripherals.io_qspi import IoQspiRp2040, IoQspiRp2350
from sim.peripherals.qmi import Qmi
from sim.peripherals.ssi import Ssi
from tests.sim.twins import MachineTwin


@pytest.fixture
def machine() -> MachineTwin:
    return MachineTwin()


def frame(machine: MachineTwin, *sent: int) -> bytes:
    """One frame; what came back."""
    bus = machine.flash_bus
    bus.force_select(True)
    received = bytes(bus.exchange(value) for value in sent)
    bus.force_select(False)
    return received


def test_identification(machine: MachineTwin) -> None:
    assert frame(machine, 0x9F, 0, 0, 0)[1:] == machine.flash.jedec_id == b"\xef\x40\x10"
    assert frame(machine, 0x4B, *[0] * 12)[5:] == machine.flash.unique_id
    assert frame(machine, 0x35, 0)[1] == 2


def test_program_needs_write_enable_and_commits_at_deselect(machine: MachineTwin) -> None:
    frame(machine, 0x02, 0, 1, 0, 0xAA)
    assert machine.flash.journal == []
    frame(machine, 0x06)
    assert frame(machine, 0x05, 0)[1] == 2
    machine.flash_bus.force_select(True)
    for value in (0x02, 0, 1, 0, 0xAA):
        machine.flash_bus.exchange(value)
    assert machine.flash.journal == []
    machine.flash_bus.force_select(False)
    assert machine.flash.read(0x100, 2) == b"\xaa\xff"
    assert frame(machine, 0x05, 0)[1] == 1, "busy, and write enable is gone"


def test_program_wraps_inside_the_page(machine: MachineTwin) -> None:
    frame(machine, 0x06)
    frame(machine, 0x02, 0, 0, 0xFF, 1, 2)
    assert machine.flash.read(0xFF, 2) == b"\x01\xff"
    assert machine.flash.read(0, 1) == b"\x02"


def test_a_busy_chip_ignores_commands_until_its_time_is_over(machine: MachineTwin) -> None:
    frame(machine, 0x06)
    frame(machine, 0x20, 0, 0, 0)
    frame(machine, 0x06)
    frame(machine, 0x02, 0, 0, 0, 0)
    assert len(machine.flash.journal) == 1
    machine.pass_us(45_001)
    assert frame(machine, 0x05, 0)[1] == 0
    frame(machine, 0x06)
    frame(machine, 0x02, 0, 0, 0, 0)
    assert len(machine.flash.journal) == 2


def test_reads_follow_the_address(machine: MachineTwin) -> None:
    machine.flash.poke(SECTOR_BYTES, b"hello")
    assert frame(machine, 0x03, 0, 0x10, 0, *[0] * 5)[4:] == b"hello"
    assert frame(machine, 0x0B, 0, 0x10, 0, 0, *[0] * 5)[5:] == b"hello"


def test_unknown_instructions_are_refused(machine: MachineTwin) -> None:
    with pytest.raises(UnmodelledAccess, match="0xd8"):
        frame(machine, 0xD8, 0, 0, 0)


def test_the_ssi_frames_by_the_override_of_ss(machine: MachineTwin) -> None:
    ssi, pins = Ssi(machine), IoQspiRp2040(machine)
    ssi.enter_serial_mode()
    pins.bus_write(0x0C, 4, 2 << 8)
    for value in (0x4B, *[0] * 12):
        ssi.bus_write(0x60, 4, value)
    received = bytes(ssi.bus_read(0x60, 4) for _ in range(13))
    pins.bus_write(0x0C, 4, 3 << 8)
    assert received[5:] == machine.flash.unique_id


def test_the_ssi_ends_a_frame_when_it_is_idle(machine: MachineTwin) -> None:
    ssi = Ssi(machine)
    ssi.enter_serial_mode()
    for expected in (b"\x02", b"\x02"):
        ssi.bus_write(0x60, 4, 0x35)
        ssi.bus_write(0x60, 4, 0)
        assert ssi.bus_read(0x28, 4) & 8
        assert bytes(ssi.bus_read(0x60, 4) for _ in range(2))[1:] == expected


def test_the_qmi_frames_in_direct_mode(machine: MachineTwin) -> None:
    qmi = Qmi(machine)
    qmi.bus_write(0x2000, 4, 1)
    assert not machine.flash_bus.xip_available
    qmi.bus_write(0x2000, 4, 4)
    received = []
    for value in (0x9F, 0, 0, 0):
        qmi.bus_write(0x04, 4, value)
        received.append(qmi.bus_read(0x08, 4))
    qmi.bus_write(0x3000, 4, 4)
    qmi.bus_write(0x3000, 4, 1)
    assert bytes(received[1:]) == machine.flash.jedec_id
    assert machine.flash_bus.xip_available


@pytest.mark.parametrize(
    ("block", "control", "oe_shift"), [(IoQspiRp2040, 0x0C, 12), (IoQspiRp2350, 0x1C, 14)]
)
def test_the_button_is_seen_while_ss_floats(
    block: type[IoQspiRp2040] | type[IoQspiRp2350],
    control: int,
    oe_shift: int,
    machine: MachineTwin,
) -> None:
    pins = block(machine)
    pins.bus_write(control, 4, 2 << oe_shift)
    assert not machine.flash_bus.xip_available
    assert pins.select_level() == 1
    pins.button_pressed = True
    assert pins.select_level() == 0
    pins.bus_write(control, 4, 0)
    assert machine.flash_bus.xip_available
