# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the lives of both boards, one after the other, and tells how they went."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from sim.device import Device
from sim.life.screen import Chronicle, Screen, summary
from sim.life.story import Life

# The function of the image that tests one prime candidate (Miller-Rabin).
PRIME_TEST_SYMBOL = "crypto_rsa_test_candidate"


def live(board: str, image: Path, first_seed: int, console: Console) -> Chronicle:
    """One board's life; a failure ends it and is kept in the chronicle."""
    device = Device.from_uf2(board, image, seed=first_seed)
    probe = device.probe(PRIME_TEST_SYMBOL) if device.has_symbol(PRIME_TEST_SYMBOL) else None
    screen = Screen(
        console,
        board,
        virtual_ms=lambda: device.virtual_ms,
        candidates=lambda: None if probe is None else probe.count,
    )
    device.host.on_slice = screen.on_slice
    try:
        Life(device, screen, first_seed).run()
    except Exception as error:
        # Whatever went wrong belongs to this board's life; the other board lives on.
        screen.chronicle.error = f"{type(error).__name__}: {error}"
        line = f"  {board:<6} FAILED: {screen.chronicle.error}"
        console.print(line, style="bold red", markup=False, soft_wrap=True)
        report = device.fault_report()
        if report:
            console.print(report, highlight=False, markup=False, soft_wrap=True)
    return screen.chronicle


def run_lives(images: Sequence[tuple[str, Path]], first_seed: int, console: Console) -> int:
    """All lives, then the table; the exit status: 0 when all went well, 1 otherwise."""
    chronicles = [live(board, image, first_seed, console) for board, image in images]
    console.print()
    console.print(summary(chronicles))
    failed = [chronicle for chronicle in chronicles if chronicle.failed]
    for chronicle in failed:
        line = f"{chronicle.board}: {chronicle.error}"
        console.print(line, style="bold red", highlight=False, markup=False, soft_wrap=True)
        line = f"reproduce: python -m sim life --board {chronicle.board} --seed {first_seed}"
        console.print(line, highlight=False, soft_wrap=True)
    if not failed:
        console.print("every step done, every signature verified on the host", style="bold green")
    return 1 if failed else 0
