# SPDX-License-Identifier: GPL-2.0-or-later
"""Every way out of the image is a watchdog reset that leaves nothing in SRAM."""

from __future__ import annotations

import pytest

from sim.usb.transfer import UsbError
from tests.port.on_chip import SLEEP_FOR_EVER, Chip

MARK = 0x46410000
REQUESTED, PANIC, EXCEPTION, PYTHON, JUMP, STACK, EXIT, USB = range(1, 9)
UNDEFINED_INSTRUCTION = b"\x00\xde"
WATCHDOG_MS = 8000
SAFETY_NET_ALARM = 2


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        ("panic", PANIC),
        ("fatal_panic", PANIC),
        ("hard_assertion_failure", PANIC),
        ("exit", EXIT),
        ("_exit", EXIT),
        ("nlr_jump_fail", JUMP),
        ("unhandled_user_irq_num_in_r0", EXCEPTION),
    ],
)
def test_a_fatal_path_resets_and_says_why(chip: Chip, function: str, reason: int) -> None:
    chip.enter(function)
    assert chip.runs_into_reset(100)
    assert chip.scratch_registers()[0] == MARK | reason


def test_a_fault_resets_and_says_where(chip: Chip) -> None:
    place = chip.put(UNDEFINED_INSTRUCTION)
    chip.go_to(place)
    assert chip.runs_into_reset(100)
    assert chip.scratch_registers() == (MARK | EXCEPTION, place)


def test_a_jump_into_nowhere_resets(chip: Chip) -> None:
    chip.go_to(0x6000_0000)
    assert chip.runs_into_reset(100)
    assert chip.scratch_registers()[0] == MARK | EXCEPTION


def test_a_stack_that_ran_over_resets_at_the_next_answer(chip: Chip) -> None:
    chip.machine.write_memory(chip.address("__StackBottom"), b"\0\0\0\0")
    chip.enter("memory_wipe_unused_stack")
    assert chip.runs_into_reset(100)
    assert chip.scratch_registers()[0] == MARK | STACK


def test_an_endpoint_that_refuses_a_transfer_resets(chip: Chip) -> None:
    """The driver believes the endpoint free while it is not: better a reset than a deaf device."""
    out_armed = chip.address("out_armed")
    chip.device.run_for_ms(1)
    assert chip.machine.read_memory(out_armed, 1) == b"\1"
    chip.machine.write_memory(out_armed, b"\0")
    with pytest.raises(UsbError):
        chip.device.host.get_descriptor(1, 0, 18)
        chip.device.host.get_descriptor(1, 0, 18)
    chip.device.run_for_ms(100)
    assert chip.resets == 1
    assert chip.scratch_registers() == (MARK | USB, 0x01)


def test_the_next_boot_works(chip: Chip) -> None:
    chip.enter("fatal_reset", REQUESTED, 0)
    assert chip.runs_into_reset(100)
    chip.device.attach()
    assert chip.device.transmit(bytes.fromhex("0084000008"))[-2:] == b"\x90\x00"


def test_an_interrupt_that_never_returns_ends_in_a_reset(chip: Chip) -> None:
    # On both chips the first vectors after the 16 of the processor are the timer's alarms.
    vector = chip.address("ram_vector_table") + 4 * (16 + SAFETY_NET_ALARM)
    chip.machine.write_memory(vector, (chip.put(SLEEP_FOR_EVER) | 1).to_bytes(4, "little"))
    assert not chip.runs_into_reset(WATCHDOG_MS - 2500)
    assert chip.runs_into_reset(3000)


def test_a_main_program_that_stays_away_is_left_alone(chip: Chip) -> None:
    chip.go_to(chip.put(SLEEP_FOR_EVER))
    assert not chip.runs_into_reset(2 * WATCHDOG_MS)


def test_a_reset_leaves_nothing_of_the_last_run(chip: Chip) -> None:
    machine = chip.machine
    secret = b"\xc3\x5a\x99\x17\x42\xde\xad\x77"
    start, end = chip.address("__data_start__"), chip.address("__StackTop")
    machine.write_memory(start, secret * ((end - start) // len(secret)))
    dpram = machine.block("USBCTRL_DPRAM").memory
    dpram[:] = secret * (len(dpram) // len(secret))
    machine.reset()
    assert chip.runs_into_reset(1000)  # main has been reached
    sram = machine.read_memory(0x2000_0000, end - 0x2000_0000)
    assert secret[:4] not in sram
    assert secret[:4] not in bytes(machine.block("USBCTRL_DPRAM").memory)


def test_the_heap_starts_out_as_zeros(chip: Chip) -> None:
    """Power-on SRAM is noise, not zeros: what is zero has been wiped."""
    chip.machine.reset()
    assert chip.runs_into_reset(1000)
    start, end = chip.address("__heap_start"), chip.address("__heap_end")
    assert not any(chip.machine.read_memory(end - 0x8000, 0x8000)) and end - start >= 0x8000
