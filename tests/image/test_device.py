# SPDX-License-Identifier: GPL-2.0-or-later
"""The device interface: time, probes, journal, button, watchdog, flash file."""

from pathlib import Path

import pytest

from sim.apdu import command
from sim.cpu.processor import StopReason
from sim.device import Device, DeviceStopped
from sim.flash.power_cut import PowerCutPlan
from sim.life.card import Card
from sim.machine import NotPoweredError
from sim.residue.watch import watched
from sim.usb.transfer import UsbError
from tests.image.conftest import PIN, SO_PIN, image_path

# Cold boot to the first answered APDU on a small store, in instructions.
BOOT_INSTRUCTIONS_MAX = 3_000_000
GET_CHALLENGE = bytes.fromhex("0084000008")


def new_device(like: Device, **options: object) -> Device:
    """Another device with the same image, without power."""
    board = like.board.name
    return watched(Device.from_uf2(board, image_path(board), **options))  # type: ignore[arg-type]


def test_the_first_answer_comes_within_its_budget(device: Device) -> None:
    other = new_device(device)
    other.power_on()
    assert other.transmit(GET_CHALLENGE)[-2:] == b"\x90\x00"
    assert 100_000 < other.instructions < BOOT_INSTRUCTIONS_MAX


def test_virtual_time_passes_without_instructions_while_it_sleeps(device: Device) -> None:
    time_ms, instructions = device.virtual_ms, device.instructions
    device.run_for_ms(1_000)
    assert device.virtual_ms - time_ms == pytest.approx(1_000, abs=0.1)
    assert device.instructions - instructions < 100_000


def test_probes_count_over_power_cycles(device: Device) -> None:
    other = new_device(device)
    probe = other.probe("main")
    assert other.has_symbol("main") and not other.has_symbol("no_such_function")
    for boots in (1, 2):
        other.power_on()
        assert probe.count == boots


def test_the_journal_tells_every_flash_operation(device: Device) -> None:
    before = len(device.journal)
    card = Card(device.transmit)
    card.select()
    card.initialize(PIN, SO_PIN)
    entries = device.journal[before:]
    layout = device.board.flash
    assert any(entry.changed for entry in entries)
    assert all(entry.offset >= layout.data_offset for entry in entries)
    assert device.flash.operation_count == len(device.journal)


def test_without_power_nothing_answers(device: Device) -> None:
    other = new_device(device)
    with pytest.raises(NotPoweredError):
        other.power_on(attach=False)
        other.power_off()
        other.run_for_ms(1)


def test_the_button_at_power_on_enters_the_boot_rom(device: Device) -> None:
    other = new_device(device)
    other.press_button()
    with pytest.raises(DeviceStopped, match="boot ROM"):
        other.power_on()
    other.release_button()
    other.power_on()
    assert other.transmit(GET_CHALLENGE)[-2:] == b"\x90\x00"


def test_a_reset_loses_the_exchange_and_nothing_else(personalised: Device) -> None:
    personalised.reader.start_transmit(GET_CHALLENGE)
    personalised.machine.reset()
    with pytest.raises(UsbError, match="no response"):
        personalised.reader.finish_transmit()
    personalised.attach()
    assert Card(personalised.transmit).pin_status() == 0x63C3


def test_a_flash_file_carries_a_device_over(personalised: Device, tmp_path: Path) -> None:
    path = tmp_path / "flash"
    personalised.flash.save(path)
    other = new_device(personalised, flash_file=path)
    other.power_on(seed=7)
    card = Card(other.transmit)
    card.select()
    assert card.pin_status() == 0x63C3
    card.verify(PIN)


def test_coverage_tells_which_blocks_ran(device: Device) -> None:
    other = new_device(device, coverage=True)
    other.power_on()
    booted = sum(1 for mark in other.coverage if mark)
    Card(other.transmit).select()
    assert sum(1 for mark in other.coverage if mark) > booted > 1_000


@pytest.mark.parametrize("operation", [0, 1, 5])
def test_a_power_cut_ends_the_exchange_and_the_next_boot_works(
    personalised: Device, operation: int
) -> None:
    card = Card(personalised.transmit)
    card.verify(PIN)
    index = personalised.flash.operation_count + operation
    personalised.flash.cut = PowerCutPlan(index, "none")
    with pytest.raises(DeviceStopped) as caught:
        for number in range(8):
            write = command(0x00, 0xD7, 0xCF, number, b"\x54\x02\0\0\x53\x01\x5a")
            assert personalised.transmit(write) == b"\x90\x00"
    assert caught.value.reason is StopReason.POWER_CUT
    personalised.flash.cut = None
    personalised.power_on()
    card.select()
    card.verify(PIN)
