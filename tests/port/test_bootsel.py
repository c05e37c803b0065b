# SPDX-License-Identifier: GPL-2.0-or-later
"""The way into the boot ROM's loader: through a boot, once, with SRAM wiped."""

from __future__ import annotations

from sim.cpu.processor import StopReason
from tests.port.on_chip import Chip

SECRET = bytes.fromhex("c35a991742deadc37b")
MARK = 0x46410000
BOOTSEL = 9
RUN_MS_MAX = 1000


def run_until_it_stops(chip: Chip) -> StopReason:
    reason = StopReason.IDLE
    for _ in range(RUN_MS_MAX):
        reason = chip.machine.run(chip.machine.clock.ticks_per_us * 1000)
        if reason is StopReason.BOOTSEL:
            break
    return reason


def test_the_loader_finds_nothing_in_sram(chip: Chip) -> None:
    chip.put(SECRET, offset=64)
    chip.enter("bootsel_reset")
    assert run_until_it_stops(chip) is StopReason.BOOTSEL
    end = chip.address("__StackTop")
    assert SECRET not in chip.machine.read_memory(0x2000_0000, end - 0x2000_0000)


def test_the_start_after_it_is_a_normal_one(chip: Chip) -> None:
    chip.enter("bootsel_reset")
    assert run_until_it_stops(chip) is StopReason.BOOTSEL
    assert chip.scratch_registers()[0] == 0
    chip.machine.reset()
    chip.device.attach()
    assert chip.device.transmit(bytes.fromhex("0084000008"))[-2:] == b"\x90\x00"


def test_another_reset_does_not_lead_there(chip: Chip) -> None:
    chip.enter("fatal_reset", 1, 0)
    assert chip.runs_into_reset(100)
    assert run_until_it_stops(chip) is not StopReason.BOOTSEL
