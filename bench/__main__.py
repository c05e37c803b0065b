# SPDX-License-Identifier: GPL-2.0-or-later
"""`nox -s bench`: measure, print tables, write build/bench.json."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

import boards
from bench import device_figures, emulators, operations
from bench.references import LIBRARY_MS, PICO_HSM_C_MS

BUILD = Path(__file__).resolve().parents[1] / "build"
EXIT_UNUSABLE = 2
OUTPUT_COLUMNS = 120
OUTPUT_COLUMNS = 120


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--json", type=Path, default=BUILD / "bench.json")
    arguments = parser.parse_args()
    needed = [*map(image, boards.names()), emulators.SELFTEST, emulators.RP2040JS]
    missing = [str(path) for path in needed if not path.exists()]
    if missing:
        print(f"error: {missing[0]} is not there: run `make setup` and `nox -s firmware`")
        return EXIT_UNUSABLE
    # Wide enough for the tables where the output is a file.
    console = Console(width=None if sys.stdout.isatty() else OUTPUT_COLUMNS)
    figures = measure(console)
    show(console, figures)
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps(figures, indent=2) + "\n")
    console.print(f"written to {arguments.json}")
    return 0


def image(board: str) -> Path:
    """The product image of a board."""
    return BUILD / board / "hsm.uf2"


def measure(console: Console) -> dict[str, list[dict]]:
    """Everything, with a progress bar; plain data."""
    speeds, devices, commands = [], [], []
    with tempfile.TemporaryDirectory() as folder, Progress(console=console) as progress:
        task = progress.add_task("measuring", total=1 + 3 * len(boards.names()))
        for board in boards.names():
            flash_file = Path(folder) / f"{board}.flash"
            progress.update(task, description=f"{board}: personalising")
            operations.personalise(board, image(board), flash_file)
            progress.update(task, advance=1, description=f"{board}: boot, restore, APDUs")
            devices.append(device_figures.measure(board, image(board), flash_file))
            progress.update(task, advance=1, description=f"{board}: counting instructions")
            commands += operations.Bench(board, image(board), flash_file).measure()
            progress.update(task, advance=1, description="emulators side by side")
        speeds = emulators.measure((Path(folder) / "pico.flash").read_bytes())
        progress.update(task, advance=1, description="done")
    return {
        "emulators": [dataclasses.asdict(speed) | {"mips": speed.mips} for speed in speeds],
        "devices": [dataclasses.asdict(device) for device in devices],
        "commands": [
            dataclasses.asdict(command) | {"estimated_ms": command.estimated_ms}
            for command in commands
        ],
    }


def show(console: Console, figures: dict[str, list[dict]]) -> None:
    """The tables."""
    show_emulators(console, figures["emulators"])
    show_devices(console, figures["devices"])
    show_commands(console, figures["commands"])


def show_emulators(console: Console, rows: list[dict]) -> None:
    table = Table("work", "emulator", "instructions", "MIPS", "ours is", title="RP2040 emulators")
    ours = {row["work"]: row["mips"] for row in rows if row["emulator"] == "sim"}
    for row in rows:
        ratio = ours[row["work"]] / row["mips"]
        table.add_row(
            row["work"],
            row["emulator"],
            f"{row['instructions']:,}",
            f"{row['mips']:.1f}",
            "" if row["emulator"] == "sim" else f"{ratio:.1f}x",
        )
    console.print(table)


def show_devices(console: Console, rows: list[dict]) -> None:
    table = Table(
        "board",
        "boot to first answer: instructions",
        "wall",
        "snapshot restore",
        "SELECT + READ",
        title="The chip models in use",
    )
    for row in rows:
        table.add_row(
            row["board"],
            f"{row['boot_instructions']:,}",
            f"{row['boot_wall_s']:.2f} s",
            f"{row['restore_ms']:.2f} ms",
            f"{row['apdus_per_s']:.0f} APDUs/s",
        )
    console.print(table)


def show_commands(console: Console, rows: list[dict]) -> None:
    table = Table(
        "board",
        "command",
        "instructions",
        "outside crypto",
        "on the chip",
        "library alone",
        "Pico HSM (C)",
        title="Commands, USB and store included; chip times are estimates",
    )
    for row in rows:
        key = (row["board"], row["name"])
        table.add_row(
            f"{row['board']} {row['clock_mhz']} MHz",
            row["name"],
            f"{row['instructions']:,}",
            f"{row['outside_library']:,}",
            f"{row['estimated_ms']:.1f} ms",
            f"{LIBRARY_MS[key]:.0f} ms" if key in LIBRARY_MS else "",
            f"{PICO_HSM_C_MS[key]:,} ms" if key in PICO_HSM_C_MS else "",
        )
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
