# SPDX-License-Identifier: GPL-2.0-or-later
"""What stretching a PIN costs the card, and what a guess costs who has its flash.

VERIFY with the right PIN runs in the chip model at the default cost and at the lowest that
INITIALIZE accepts. Whoever has the flash of an RP2040 guesses without the card: one guess is a
PBKDF2-HMAC-SHA-256 with as many iterations, here by OpenSSL on one core of this machine.
"""

from __future__ import annotations

import hashlib
import re
import time
from dataclasses import dataclass
from pathlib import Path

import boards
from bench.cycle_model import CycleModel
from bench.operations import PIN, SO_PIN
from sim.device import Device
from sim.life.card import PIN_ITERATIONS_MIN, Card
from sim.soc import CHIPS

LIMITS = Path(__file__).resolve().parents[1] / "firmware_py" / "hsm" / "limits.py"
SIX_DIGIT_PINS = 10**6
GUESSING_S = 0.3
ROUNDS = 3


@dataclass
class PinCost:
    """One cost on one board."""

    board: str
    clock_mhz: int
    name: str
    iterations: int
    instructions: int
    """Of the whole VERIFY."""
    cycles: int
    guesses_per_s: float

    @property
    def estimated_ms(self) -> float:
        """Milliseconds on the chip, if code and tables come without wait states."""
        return self.cycles / self.clock_mhz / 1000

    @property
    def six_digits_s(self) -> float:
        """Seconds until one core has tried all PINs of six digits."""
        return SIX_DIGIT_PINS / self.guesses_per_s


def measure(board: str, image: Path, folder: Path) -> list[PinCost]:
    """Both costs; `folder` is for the flash contents between two devices."""
    default = default_iterations(boards.load(board).chip)
    return [
        _measure(board, image, folder / f"{board}.{name}.flash", name, iterations)
        for name, iterations in (("default", default), ("lowest", PIN_ITERATIONS_MIN))
    ]


def default_iterations(chip: str) -> int:
    """What the firmware takes when INITIALIZE names no cost."""
    pattern = rf"^PIN_ITERATIONS_{chip.upper()} = const\((\d+)\)"
    found = re.search(pattern, LIMITS.read_text(), re.MULTILINE)
    assert found is not None, pattern
    return int(found[1])


def guesses_per_s(iterations: int) -> float:
    """PINs that one core of this machine tries in a second; the best of some rounds."""
    count = max(1, round(GUESSING_S * 1_000_000 / iterations))
    times_s = []
    for _ in range(ROUNDS):
        start_s = time.perf_counter()
        for _ in range(count):
            hashlib.pbkdf2_hmac("sha256", PIN, bytes(16), iterations)
        times_s.append(time.perf_counter() - start_s)
    return count / min(times_s)


def _measure(board: str, image: Path, flash_file: Path, name: str, iterations: int) -> PinCost:
    device = Device.from_uf2(board, image)
    device.power_on()
    card = Card(device.transmit)
    card.select()
    card.initialize(PIN, SO_PIN, pin_iterations=iterations)
    device.power_off()
    device.flash.save(flash_file)
    counts, cycles = _verify(board, image, flash_file)
    clock_mhz = boards.load(board).clock_hz // 1_000_000
    guesses = guesses_per_s(iterations)
    return PinCost(board, clock_mhz, name, iterations, counts, cycles, guesses)


def _verify(board: str, image: Path, flash_file: Path) -> tuple[int, int]:
    """Instructions and cycles of a VERIFY."""
    device = Device.from_uf2(board, image, flash_file, exact=True, coverage=True)
    device.power_on()
    card = Card(device.transmit)
    card.select()
    # The first one loads the command's module; what a host feels is the second.
    card.verify(PIN)
    machine = device.machine
    machine.clear_coverage()
    card.verify(PIN)
    counts = machine.execution_counts()
    model = CycleModel(CHIPS[boards.load(board).chip].cpu_model, machine.read_memory)
    return sum(counts.values()), model.cycles(counts)
