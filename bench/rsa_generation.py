# SPDX-License-Identifier: GPL-2.0-or-later
"""How long RSA-2048 keys take, with consecutive entropy seeds."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.operations import PIN
from sim.device import Device
from sim.life import card as hsm
from sim.life.card import Card

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


def measure(
    board: str, image: Path, flash_file: Path, advance: Callable[[], None] = lambda: None
) -> RsaGeneration:
    """One key for each of SEEDS, each on a freshly booted card; `advance` is called after each."""
    counts = []
    for seed in SEEDS:
        device = Device.from_uf2(board, image, flash_file, seed=seed)
        device.power_on()
        card = Card(device.transmit)
        card.select()
        card.verify(PIN)
        before = device.instructions
        card.generate_key_pair(KEY, hsm.rsa_key_template(BITS))
        counts.append(device.instructions - before)
        device.power_off()
        advance()
    return RsaGeneration(
        board, len(counts), statistics.mean(counts), statistics.median(counts), max(counts)
    )
