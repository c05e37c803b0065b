# SPDX-License-Identifier: GPL-2.0-or-later
"""What differs between boards, read from one `board.toml` per board.

A board is data: chip, clock, flash layout, USB identity, LED. The build turns it into a C header
and linker symbols, the simulator into a memory map. Nothing else in the project repeats these
numbers.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

BOARDS_DIRECTORY = Path(__file__).parent

FLASH_SECTOR_BYTES = 4096


class UnknownBoardError(ValueError):
    """The name is not a folder of `boards/`; the message lists those that are."""


@dataclass(frozen=True)
class FlashLayout:
    """Regions of the flash chip; offsets count from the start of the chip, in bytes."""

    size_bytes: int
    image_offset: int
    image_size_bytes: int
    data_offset: int
    data_size_bytes: int

    def __post_init__(self) -> None:
        for value in vars(self).values():
            if value % FLASH_SECTOR_BYTES:
                raise ValueError(f"flash layout: 0x{value:x} is not a multiple of a sector")
        if self.image_offset + self.image_size_bytes > self.data_offset:
            raise ValueError("flash layout: the image region runs into the data region")
        if self.data_offset + self.data_size_bytes > self.size_bytes:
            raise ValueError("flash layout: the data region runs past the end of the flash")


@dataclass(frozen=True)
class UsbIdentity:
    """What the device descriptor says (USB 2.0 section 9.6.1)."""

    vendor_id: int
    product_id: int
    manufacturer: str
    product: str


@dataclass(frozen=True)
class Board:
    """One board: `chip` is "rp2040" or "rp2350", `sdk_board` the pico-sdk's name for it."""

    name: str
    chip: str
    sdk_board: str
    clock_hz: int
    flash: FlashLayout
    usb: UsbIdentity
    led_gpio: int


def names() -> list[str]:
    """Names of all boards, sorted."""
    return sorted(path.parent.name for path in BOARDS_DIRECTORY.glob("*/board.toml"))


def load(name: str) -> Board:
    """The board called `name`; raises UnknownBoardError with the known names."""
    if name not in names():
        raise UnknownBoardError(f"unknown board '{name}'; known boards: {', '.join(names())}")
    data = tomllib.loads((BOARDS_DIRECTORY / name / "board.toml").read_text())
    return Board(
        name=name,
        chip=data["chip"],
        sdk_board=data["sdk_board"],
        clock_hz=data["clock_hz"],
        flash=FlashLayout(**data["flash"]),
        usb=UsbIdentity(**data["usb"]),
        led_gpio=data["indicator"]["led_gpio"],
    )
