# SPDX-License-Identifier: GPL-2.0-or-later
"""Noise sources in the chip models: seeds differ, faults are noticed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import boards
from sim.peripherals.rosc import RoscFault
from sim.peripherals.trng import TrngFault
from tests.port.on_chip import Chip

GET_CHALLENGE = bytes.fromhex("0084000010")
SEED_BYTES = 52
SEED_INSTRUCTIONS_MAX = 300_000
RAW_SAMPLES_PER_BLOCK = 1024
WITH_TRNG = [name for name in boards.names() if boards.load(name).chip == "rp2350"]
FAULTS = {
    "rp2040": ("ROSC", [fault for fault in RoscFault if fault is not RoscFault.NONE]),
    "rp2350": ("TRNG", [fault for fault in TrngFault if fault is not TrngFault.NONE]),
}


def source(chip: Chip) -> Any:
    return chip.machine.block(FAULTS[chip.device.board.chip][0])


def faults(chip: Chip) -> Iterator[Any]:
    """Every fault of the chip's source in turn, each on a chip that has just booted."""
    for fault in FAULTS[chip.device.board.chip][1]:
        chip.rewind()
        source(chip).fault = fault
        yield fault


def seed(chip: Chip, length: int = SEED_BYTES) -> bytes | None:
    """One seed, or None if the source was found unsound."""
    address = chip.put(bytes(SEED_BYTES), 64)
    result = chip.call("crypto_host_entropy", address, length)
    data = chip.machine.read_memory(address, SEED_BYTES)
    return data if result == 0 else None


def test_seeds_are_filled_and_differ(chip: Chip) -> None:
    first, second = seed(chip), seed(chip)
    assert first and second and first != second
    assert first[:32] != first[32:] and bytes(8) not in first


@pytest.mark.parametrize("length", [1, 31, 32, 33])
def test_a_seed_of_any_length(chip: Chip, length: int) -> None:
    data = seed(chip, length)
    assert data and not any(data[length:]) and any(data[:length])


def test_a_seed_is_cheap(chip: Chip) -> None:
    before = chip.device.instructions
    assert seed(chip)
    assert chip.device.instructions - before < SEED_INSTRUCTIONS_MAX


def test_a_fault_is_noticed(chip: Chip) -> None:
    for fault in faults(chip):
        assert seed(chip) is None, fault


def test_a_fault_that_comes_later_is_noticed(chip: Chip) -> None:
    for fault in faults(chip):
        source(chip).fault = type(fault).NONE
        assert seed(chip)
        source(chip).fault = fault
        assert seed(chip) is None, fault


def test_without_sound_noise_there_is_no_randomness_until_reset(chip: Chip) -> None:
    device = chip.device
    for fault in faults(chip):
        answer = device.transmit(GET_CHALLENGE)
        assert len(answer) == 2 and answer != b"\x90\x00", fault
        source(chip).fault = type(fault).NONE
        assert len(device.transmit(GET_CHALLENGE)) == 2, "the failure is for good"
    device.power_on()
    assert device.transmit(GET_CHALLENGE)[-2:] == b"\x90\x00"


@pytest.mark.parametrize("booted_chip", WITH_TRNG, indirect=True)
def test_a_trng_that_stays_in_reset_is_noticed(chip: Chip) -> None:
    resets = chip.machine.block("RESETS")
    resets.write_reset(resets.values["RESET"] | 1 << resets.LINES.index("TRNG"))
    assert seed(chip) is None


def test_noise_is_wiped(chip: Chip) -> None:
    """What a seed was made of is nowhere on the stack afterwards."""
    data = seed(chip)
    assert data
    chip.put(bytes(SEED_BYTES), 64)
    sram = chip.machine.read_memory(0x2000_0000, chip.address("__StackTop") - 0x2000_0000)
    assert data[:16] not in sram
