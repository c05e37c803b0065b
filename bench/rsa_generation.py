# SPDX-License-Identifier: GPL-2.0-or-later
"""How long RSA-2048 keys take, with consecutive entropy seeds."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.counting import CountingDevice
from sim.device import Device
from sim.life import card as hsm
from sim.life.card import Card
from tests.image.equipped_card import KEYS, MESSAGE, PIN

SEEDS = range(10)
BITS = 2048
KEY = 200


@dataclass
class RsaGeneration:
    """One board; instructions of whole commands."""

    board: str
    keys: int
    mean_instructions: float
    median_instructions: float
    worst_instructions: int
    ns_per_instruction: float
    """Of the chip, as estimated for a signature with such a key: the same arithmetic."""


def measure(
    board: str, image: Path, flash_file: Path, advance: Callable[[str], None]
) -> RsaGeneration:
    """One key for each of SEEDS, each on a freshly booted card; `advance` is called before each."""
    counts = []
    for seed in SEEDS:
        advance(f"RSA-{BITS}, seed {seed}")
        device = Device.from_uf2(board, image, flash_file, seed=seed)
        device.power_on()
        card = Card(device.transmit)
        card.select()
        card.verify(PIN)
        before = device.instructions
        card.generate_key_pair(KEY, hsm.rsa_key_template(BITS))
        counts.append(device.instructions - before)
        device.power_off()
    return RsaGeneration(
        board,
        len(counts),
        statistics.mean(counts),
        statistics.median(counts),
        max(counts),
        _ns_per_instruction(board, image, flash_file),
    )


def _ns_per_instruction(board: str, image: Path, flash_file: Path) -> float:
    counting = CountingDevice(board, image, flash_file)
    counting.card.verify(PIN)
    count = counting.count(
        lambda: counting.card.sign(KEYS[f"RSA-{BITS}"], hsm.SIGN_RSA_PKCS1_SHA256, MESSAGE)
    )
    return counting.estimated_ms(count) * 1e6 / count.instructions
