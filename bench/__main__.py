# SPDX-License-Identifier: GPL-2.0-or-later
"""`nox -s bench`: measure, print tables, write build/bench.json."""

from __future__ import annotations

import argparse
import dataclasses
import functools
import json
import os
import tempfile
from pathlib import Path

from rich import box
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

import boards
from bench import device_figures, emulators, operations, pin_stretching, rsa_generation
from bench.references import (
    LIBRARY_MS,
    PICO_HSM_C_MS,
    PICO_HSM_C_RSA_2048_GENERATION_MS,
)
from tests.image import full_store
from tools.errors import ToolError, exit_with

BUILD = Path(__file__).resolve().parents[1] / "build"
# The tables have this width at most; a terminal that is narrower wraps them, nothing is cut.
TABLE_COLUMNS = 80


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument(
        "--json",
        type=Path,
        metavar="FILE",
        default=BUILD / "bench.json",
        help="where the figures go, in an existing folder (default: build/bench.json)",
    )
    arguments = parser.parse_args()
    check_writable(arguments.json)
    needed = [*map(image, boards.names()), emulators.SELFTEST, emulators.RP2040JS]
    missing = [str(path) for path in needed if not path.exists()]
    if missing:
        raise ToolError(f"{missing[0]} is not there: run `make setup` and `nox -s firmware`")
    figures = measure(Console())
    show(Console(width=TABLE_COLUMNS), figures)
    arguments.json.write_text(json.dumps(figures, indent=2) + "\n")
    print(f"written to {arguments.json}")
    return 0


def check_writable(path: Path) -> None:
    """Raises ToolError for a file that could not be written after all the measuring."""
    if path.is_dir() or not path.parent.is_dir():
        raise ToolError(f"--json {path}: {'a directory' if path.is_dir() else 'no such folder'}")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise ToolError(f"--json {path}: not writable")


def image(board: str) -> Path:
    """The product image of a board."""
    return BUILD / board / "hsm.uf2"


def measure(console: Console) -> dict[str, list[dict]]:
    """Everything, with a progress bar; plain data."""
    speeds, devices, commands, keys, pins, stores = [], [], [], [], [], []
    with tempfile.TemporaryDirectory() as folder, Progress(console=console) as progress:
        steps = 5 + len(rsa_generation.SEEDS)
        task = progress.add_task("measuring", total=1 + steps * len(boards.names()))
        for board in boards.names():
            flash_file = Path(folder) / f"{board}.flash"
            progress.update(task, description=f"{board}: personalising")
            operations.personalise(board, image(board), flash_file)
            progress.update(task, advance=1, description=f"{board}: boot, restore, APDUs")
            devices.append(device_figures.measure(board, image(board), flash_file))
            progress.update(task, advance=1, description=f"{board}: counting instructions")
            commands += operations.Bench(board, image(board), flash_file).measure()
            progress.update(task, description=f"{board}: RSA keys")
            advance = functools.partial(progress.advance, task)
            keys.append(rsa_generation.measure(board, image(board), flash_file, advance))
            progress.update(task, advance=1, description=f"{board}: stretching PINs")
            pins += pin_stretching.measure(board, image(board), Path(folder))
            progress.update(task, advance=1, description=f"{board}: filling the store")
            stores.append(full_store.measure(board, image(board)))
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
        "rsa_generation": [dataclasses.asdict(key) for key in keys],
        "pins": [
            dataclasses.asdict(pin)
            | {"estimated_ms": pin.estimated_ms, "six_digits_s": pin.six_digits_s}
            for pin in pins
        ],
        "stores": [dataclasses.asdict(store) for store in stores],
    }


def show(console: Console, figures: dict[str, list[dict]]) -> None:
    """The tables."""
    show_emulators(console, figures["emulators"])
    show_devices(console, figures["devices"])
    show_commands(console, figures["commands"])
    show_rsa_generation(console, figures)
    show_pins(console, figures["pins"])
    show_stores(console, figures["stores"])


def table(title: str, texts: tuple[str, ...], figures: tuple[str, ...]) -> Table:
    """An empty table: columns of text, then columns of figures, which are never cut."""
    result = Table(title=title, box=box.SIMPLE, padding=(0, 1, 0, 0), title_justify="left")
    for text in texts:
        result.add_column(text, overflow="fold")
    for figure in figures:
        result.add_column(figure, justify="right", no_wrap=True)
    return result


def show_emulators(console: Console, rows: list[dict]) -> None:
    title = "RP2040 emulators"
    shown = table(title, ("work", "emulator"), ("instructions", "MIPS", "ours is\nfaster by"))
    ours = {row["work"]: row["mips"] for row in rows if row["emulator"] == "sim"}
    for row in rows:
        ratio = ours[row["work"]] / row["mips"]
        shown.add_row(
            row["work"],
            row["emulator"],
            f"{row['instructions']:,}",
            f"{row['mips']:.1f}",
            "" if row["emulator"] == "sim" else f"{ratio:.1f}x",
        )
    console.print(shown)


def show_devices(console: Console, rows: list[dict]) -> None:
    figures = ("boot to first answer:\ninstructions", "wall", "snapshot\nrestore", "SELECT + READ")
    shown = table("The chip models in use", ("board",), figures)
    for row in rows:
        shown.add_row(
            row["board"],
            f"{row['boot_instructions']:,}",
            f"{row['boot_wall_s']:.2f} s",
            f"{row['restore_ms']:.2f} ms",
            f"{row['apdus_per_s']:.0f} APDUs/s",
        )
    console.print(shown)


def show_commands(console: Console, rows: list[dict]) -> None:
    title = (
        "Commands, USB and store included; the milliseconds on the chip are estimates.\n"
        "Not measured here, but constants of bench/references.py: the library alone\n"
        "(estimated), Pico HSM's C firmware (published)."
    )
    figures = ("instructions", "outside\ncrypto", "chip\nms", "library\nms", "C firm-\nware ms")
    shown = table(title, ("board", "MHz", "command"), figures)
    for row in rows:
        key = (row["board"], row["name"])
        shown.add_row(
            row["board"],
            str(row["clock_mhz"]),
            row["name"],
            f"{row['instructions']:,}",
            f"{row['outside_library']:,}",
            f"{row['estimated_ms']:,.1f}",
            f"{LIBRARY_MS[key]:,.0f}" if key in LIBRARY_MS else "",
            f"{PICO_HSM_C_MS[key]:,}" if key in PICO_HSM_C_MS else "",
        )
    console.print(shown)


def show_rsa_generation(console: Console, figures: dict[str, list[dict]]) -> None:
    title = (
        "GENERATE RSA-2048 with consecutive entropy seeds; seconds on the chip are estimated\n"
        "with the cycles an instruction of SIGN RSA-2048 takes."
    )
    columns = ("mean\ninstr.", "median", "worst", "chip\nmean", "median", "worst", "C firm-\nware")
    shown = table(title, ("board", "keys"), columns)
    signs = {row["board"]: row for row in figures["commands"] if row["name"] == "SIGN RSA-2048"}
    for row in figures["rsa_generation"]:
        sign = signs[row["board"]]
        seconds = sign["estimated_ms"] / sign["instructions"] / 1000
        counts = [row[f"{kind}_instructions"] for kind in ("mean", "median", "worst")]
        published = PICO_HSM_C_RSA_2048_GENERATION_MS.get(row["board"])
        shown.add_row(
            row["board"],
            str(row["keys"]),
            *(f"{count / 1e6:,.0f} M" for count in counts),
            *(f"{count * seconds:.1f} s" for count in counts),
            "" if published is None else f"{published / 1000:.0f} s",
        )
    console.print(shown)


def show_pins(console: Console, rows: list[dict]) -> None:
    title = (
        "What a PIN costs: one VERIFY on the card, which allows few; and guessing\n"
        "on one core of this machine by whoever has flash and chip id."
    )
    figures = (
        "iterations",
        "VERIFY:\ninstructions",
        "chip\nms",
        "guesses\na second",
        "all six-\ndigit PINs",
    )
    shown = table(title, ("board", "MHz", "cost"), figures)
    for row in rows:
        shown.add_row(
            row["board"],
            str(row["clock_mhz"]),
            row["name"],
            f"{row['iterations']:,}",
            f"{row['instructions']:,}",
            f"{row['estimated_ms']:,.1f}",
            f"{row['guesses_per_s']:,.0f}",
            f"{row['six_digits_s']:,.0f} s",
        )
    console.print(shown)


def show_stores(console: Console, rows: list[dict]) -> None:
    title = (
        "The store at its limits: what its index takes of the heap and what LIST and READ of\n"
        "100 bytes cost with 255 keys and 200 files; LIST and READ as PKCS#11 libraries start,\n"
        "with 50 keys and certificates; bytes of files that fit, and a cold boot of them."
    )
    figures = ("index", "LIST\ninstr.", "READ\ninstr.", "PKCS#11\nAPDUs", "PKCS#11\ninstr.")
    shown = table(title, ("board",), (*figures, "file\nbytes", "boot\ninstr."))
    for row in rows:
        shown.add_row(
            row["board"],
            f"{row['index_heap_bytes']:,} B",
            f"{row['list_instructions'] / 1e6:.2f} M",
            f"{row['read_instructions'] / 1e6:.2f} M",
            f"{row['pkcs11_apdus']}",
            f"{row['pkcs11_instructions'] / 1e6:.2f} M",
            f"{row['file_bytes']:,}",
            f"{row['full_boot_instructions'] / 1e6:.1f} M",
        )
    console.print(shown)


if __name__ == "__main__":
    exit_with(main)
