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
from bench.counting import CountingDevice
from sim.device import Device
from sim.life.card import PIN_ITERATIONS_MIN, Card
from tests.image.equipped_card import PIN, SO_PIN

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
    estimated_ms: float
    guesses_per_s: float

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
        start_s = time.process_time()
        for _ in range(count):
            hashlib.pbkdf2_hmac("sha256", PIN, bytes(16), iterations)
        times_s.append(time.process_time() - start_s)
    return count / min(times_s)


def _measure(board: str, image: Path, flash_file: Path, name: str, iterations: int) -> PinCost:
    device = Device.from_uf2(board, image)
    device.power_on()
    card = Card(device.transmit)
    card.select()
    card.initialize(PIN, SO_PIN, pin_iterations=iterations)
    device.power_off()
    device.flash.save(flash_file)
    instructions, estimated_ms = _verify(board, image, flash_file)
    clock_mhz = boards.load(board).clock_hz // 1_000_000
    guesses = guesses_per_s(iterations)
    return PinCost(board, clock_mhz, name, iterations, instructions, estimated_ms, guesses)


def _verify(board: str, image: Path, flash_file: Path) -> tuple[int, float]:
    """Instructions and estimated milliseconds of a VERIFY."""
    counting = CountingDevice(board, image, flash_file)
    # The first one loads the command's module; what a host feels is the second.
    counting.card.verify(PIN)
    count = counting.count(lambda: counting.card.verify(PIN))
    return count.instructions, counting.estimated_ms(count)
