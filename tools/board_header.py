# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes hsm_board.h: what C must know of a board, from its board.toml."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from boards import Board
from tools.errors import ToolError
from tools.paths import PROJECT

BUILD_INFO_CHARACTERS_MAX = 200


def firmware_version() -> tuple[int, int]:
    """Major and minor number of the version in pyproject.toml."""
    text = (PROJECT / "pyproject.toml").read_text()
    major, minor, *_ = tomllib.loads(text)["project"]["version"].split(".")
    return int(major), int(minor)


def header(board: Board, build_info: str) -> str:
    """The text of hsm_board.h; `build_info` names the sources built in."""
    if len(build_info) > BUILD_INFO_CHARACTERS_MAX or not build_info.isascii():
        raise ToolError(f"build info is not short ASCII text: {build_info}")
    major, minor = firmware_version()
    values = {
        "HSM_BOARD_NAME": board.name,
        "HSM_CLOCK_HZ": board.clock_hz,
        "HSM_FLASH_SIZE_BYTES": board.flash.size_bytes,
        "HSM_FLASH_IMAGE_OFFSET": board.flash.image_offset,
        "HSM_FLASH_IMAGE_SIZE_BYTES": board.flash.image_size_bytes,
        "HSM_FLASH_DATA_OFFSET": board.flash.data_offset,
        "HSM_FLASH_DATA_SIZE_BYTES": board.flash.data_size_bytes,
        "HSM_USB_VENDOR_ID": board.usb.vendor_id,
        "HSM_USB_PRODUCT_ID": board.usb.product_id,
        "HSM_USB_MANUFACTURER": board.usb.manufacturer,
        "HSM_USB_PRODUCT": board.usb.product,
        "HSM_LED_GPIO": board.led_gpio,
        "HSM_VERSION_MAJOR": major,
        "HSM_VERSION_MINOR": minor,
        "HSM_BUILD_INFO": build_info,
    }
    lines = [f"#define {name} {_literal(value)}" for name, value in values.items()]
    top = f"// Made from boards/{board.name}/board.toml; changes are lost with the next build."
    return "\n".join([top, "#pragma once", "", *lines, ""])


def _literal(value: str | int) -> str:
    if isinstance(value, str):
        return json.dumps(value)
    return str(value) if value < 1 << 16 or value % 1000 == 0 else hex(value)


def write(path: Path, text: str) -> None:
    """Writes `text`, unless the file says it already: an untouched header rebuilds nothing."""
    if not (path.is_file() and path.read_text() == text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
