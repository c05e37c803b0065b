# SPDX-License-Identifier: GPL-2.0-or-later
"""Copies an image to a board in BOOTSEL mode: to its drive, or with picotool.

Spec: [RP2040] 2.8.3, [RP2350] 5.5 (USB mass storage interface); INFO_UF2.TXT names the chip.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import struct
import subprocess
from pathlib import Path

import boards
from tools import paths
from tools.errors import EXIT_FAILED, ToolError, exit_with

MOUNTS = Path("/proc/self/mounts")
INFO_FILE = "INFO_UF2.TXT"
# Board-ID in INFO_UF2.TXT, and the UF2 family, of each chip.
CHIP_OF_BOARD_ID = {"RPI-RP2": "rp2040", "RP2350": "rp2350"}
CHIP_OF_FAMILY = {0xE48B_FF56: "rp2040", 0xE48B_FF59: "rp2350"}

UF2_BLOCK_BYTES = 512
UF2_HEADER = struct.Struct("<8I")
UF2_MAGIC = (0x0A32_4655, 0x9E5D_5157)
UF2_END_MAGIC = 0x0AB1_6F30


def image_chip(path: Path) -> str:
    """The chip that a UF2 file is for; raises ToolError for a file that is damaged or for another.

    An image for the RP2350 may begin with a block of another family (erratum RP2350-E10), which
    is counted apart.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ToolError(f"{path}: {error.strerror}") from error
    if not data or len(data) % UF2_BLOCK_BYTES:
        raise ToolError(f"{path}: not a whole UF2 file ({len(data)} bytes)")
    counts: dict[str, int] = {}
    numbers: dict[str, set[int]] = {}
    for offset in range(0, len(data), UF2_BLOCK_BYTES):
        *magic, _, _, _, number, count, family = UF2_HEADER.unpack_from(data, offset)
        (end,) = struct.unpack_from("<I", data, offset + UF2_BLOCK_BYTES - 4)
        if tuple(magic) != UF2_MAGIC or end != UF2_END_MAGIC:
            raise ToolError(f"{path}: not a UF2 file, or a damaged one (at byte {offset})")
        if family in CHIP_OF_FAMILY:
            counts[CHIP_OF_FAMILY[family]] = count
            numbers.setdefault(CHIP_OF_FAMILY[family], set()).add(number)
    if len(counts) != 1:
        raise ToolError(f"{path}: not an image for one of the chips RP2040 and RP2350")
    ((chip, count),) = counts.items()
    if numbers[chip] != set(range(count)):
        raise ToolError(f"{path}: truncated UF2 file ({len(numbers[chip])} of {count} blocks)")
    return chip


def drive_chip(drive: Path) -> str:
    """The chip behind a BOOTSEL drive; raises ToolError when it is not one."""
    try:
        text = (drive / INFO_FILE).read_text(errors="replace")
    except OSError as error:
        raise ToolError(f"{drive} is not the drive of a board in BOOTSEL mode") from error
    match = re.search(r"^Board-ID:\s*(\S+)", text, re.MULTILINE)
    if not match or match[1] not in CHIP_OF_BOARD_ID:
        found = match[1] if match else "no Board-ID"
        raise ToolError(f"{drive} belongs to another kind of board ({found}); nothing was written")
    return CHIP_OF_BOARD_ID[match[1]]


def mounted_drives(mounts: Path = MOUNTS) -> list[Path]:
    """Mounted volumes that have an INFO_UF2.TXT."""
    drives = []
    for line in mounts.read_text().splitlines():
        # The kernel writes blanks in a mount point as octal escapes.
        folder = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), line.split()[1])
        if os.path.isfile(os.path.join(folder, INFO_FILE)):
            drives.append(Path(folder))
    return drives


def copy_to_drive(image: Path, drive: Path) -> None:
    """Writes the image; the board resets itself after the last block."""
    if shutil.disk_usage(drive).free < image.stat().st_size:
        raise ToolError(f"{drive} has too little room for {image.name}")
    try:
        with image.open("rb") as source, (drive / image.name).open("wb") as target:
            shutil.copyfileobj(source, target)
            target.flush()
            os.fsync(target.fileno())
    except OSError as error:
        line = f"{image.name} could not be written to {drive}: {error.strerror}"
        raise ToolError(line, EXIT_FAILED) from error
    print(f"{image.name} is on {drive}; the board starts it now")


def load_with_picotool(image: Path, chip: str) -> bool:
    """Loads the image if the system's picotool sees a board; False when it sees none."""
    picotool = shutil.which("picotool")
    if not picotool:
        return False
    info = subprocess.run([picotool, "info", "-d"], capture_output=True, text=True)
    seen = re.search(r"\b(RP2040|RP2350)\b", info.stdout)
    if info.returncode or not seen:
        return False
    if seen[1].lower() != chip:
        raise _wrong_chip(image, chip, f"the board that picotool sees is an {seen[1]}")
    if subprocess.run([picotool, "load", "--verify", "--execute", str(image)]).returncode:
        raise ToolError(f"picotool could not load {image}", EXIT_FAILED)
    print(f"picotool loaded {image.name}; the board runs it now")
    return True


def fitting_drive(image: Path, chip: str, drives: list[Path]) -> Path | None:
    """The one drive of a board with `chip`; None when there is no drive at all.

    Drives of other boards do not matter as long as the right one is there. Raises ToolError when
    there are only others, or several right ones.
    """
    refusals: list[ToolError] = []
    fitting = []
    for drive in drives:
        try:
            found = drive_chip(drive)
        except ToolError as error:
            refusals.append(error)
            continue
        if found == chip:
            fitting.append(drive)
        else:
            wrong = _wrong_chip(image, chip, f"the board at {drive} is an {found.upper()}")
            # Says more than that a drive belongs to some other kind of board.
            refusals.insert(0, wrong)
    if len(fitting) > 1:
        names = ", ".join(map(str, fitting))
        raise ToolError(f"several boards are in BOOTSEL mode; choose one with --drive: {names}")
    if refusals and not fitting:
        raise refusals[0]
    return fitting[0] if fitting else None


def built_image(board: boards.Board) -> Path:
    """Where `nox -s firmware` puts a board's image."""
    return paths.BUILD / board.name / "hsm.uf2"


def flash(board: boards.Board, image: Path, drive: Path | None, mounts: Path = MOUNTS) -> None:
    """Brings `image` to the one board in BOOTSEL mode (on `drive`, if given)."""
    if not image.exists():
        hint = "; to build it: nox -s firmware" if image == built_image(board) else ""
        raise ToolError(f"{image} is not there{hint}")
    chip = image_chip(image)
    if chip != board.chip:
        raise _wrong_chip(image, chip, f"board {board.name} has an {board.chip.upper()}")
    target = fitting_drive(image, chip, [drive] if drive else mounted_drives(mounts))
    if target is not None:
        copy_to_drive(image, target)
    elif not load_with_picotool(image, chip):
        raise ToolError(
            "no board in BOOTSEL mode: hold its BOOTSEL button while plugging it in, "
            "and mount the drive that appears"
        )


def _wrong_chip(image: Path, chip: str, found: str) -> ToolError:
    return ToolError(f"{image} is for the {chip.upper()}, but {found}; nothing was written")


def main() -> int:
    """Command line of `nox -s flash`."""
    parser = argparse.ArgumentParser(prog="python -m tools.flash", description=__doc__)
    parser.add_argument("--board", required=True, help=f"one of: {', '.join(boards.names())}")
    parser.add_argument("--drive", type=Path, help="the mounted BOOTSEL drive")
    parser.add_argument("--image", type=Path, help="default: build/<board>/hsm.uf2")
    arguments = parser.parse_args()
    try:
        board = boards.load(arguments.board)
    except boards.UnknownBoardError as error:
        raise ToolError(str(error)) from error
    flash(board, arguments.image or built_image(board), arguments.drive)
    return 0


if __name__ == "__main__":
    exit_with(main)
