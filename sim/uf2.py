# SPDX-License-Identifier: GPL-2.0-or-later
"""UF2 files: the form in which an image goes to a board.

Spec: UF2 specification, [RP2350] 5.5.3.
"""

from __future__ import annotations

import struct
from pathlib import Path

from sim.flash.nor_flash import NorFlash

BLOCK_BYTES = 512
MAGIC_START_0, MAGIC_START_1, MAGIC_END = 0x0A32_4655, 0x9E5D_5157, 0x0AB1_6F30
FLAG_NOT_MAIN_FLASH, FLAG_FAMILY_ID = 0x0000_0001, 0x0000_2000
HEADER = struct.Struct("<8I")
FLASH_BASE = 0x1000_0000
DATA_BYTES_MAX = 476

FAMILIES = {"rp2040": 0xE48B_FF56, "rp2350": 0xE48B_FF59}
# Picotool puts one block of this family in front, to work around errata RP2350-E10.
FAMILY_ABSOLUTE = 0xE48B_FF57
_CHIP_NAMES = {family: chip.upper() for chip, family in FAMILIES.items()}


class Uf2Error(Exception):
    """The file is not an image for this board; one line for the user."""


def read_uf2(path: Path, chip: str) -> list[tuple[int, bytes]]:
    """Flash offsets and contents of the blocks for `chip` ("rp2040", "rp2350").

    Raises Uf2Error for anything but a complete image of that chip.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Uf2Error(f"{path}: {error.strerror}") from error
    if len(data) < BLOCK_BYTES or data[:8] != struct.pack("<2I", MAGIC_START_0, MAGIC_START_1):
        raise Uf2Error(f"{path}: not a UF2 file")
    if len(data) % BLOCK_BYTES:
        raise Uf2Error(f"{path}: truncated UF2 file ({len(data)} bytes)")
    blocks: dict[int, tuple[int, bytes]] = {}
    expected = None
    for position in range(0, len(data), BLOCK_BYTES):
        parsed = _parse_block(path, data[position : position + BLOCK_BYTES], chip)
        if parsed is not None:
            number, expected, offset, contents = parsed
            blocks[number] = (offset, contents)
    if expected is None:
        raise Uf2Error(f"{path}: no block for {chip.upper()}")
    if len(blocks) != expected:
        raise Uf2Error(f"{path}: truncated UF2 file ({len(blocks)} of {expected} blocks)")
    return [blocks[number] for number in sorted(blocks)]


def _parse_block(path: Path, block: bytes, chip: str) -> tuple[int, int, int, bytes] | None:
    start0, start1, flags, address, size, number, count, family = HEADER.unpack_from(block)
    magics = (start0, start1, int.from_bytes(block[-4:], "little"))
    if magics != (MAGIC_START_0, MAGIC_START_1, MAGIC_END) or size > DATA_BYTES_MAX:
        raise Uf2Error(f"{path}: damaged UF2 block")
    if flags & FLAG_NOT_MAIN_FLASH or family == FAMILY_ABSOLUTE:
        return None
    if not flags & FLAG_FAMILY_ID or family != FAMILIES[chip]:
        other = _CHIP_NAMES.get(family, f"family 0x{family:08x}")
        raise Uf2Error(f"{path}: image for {other}, the board has {chip.upper()}")
    if address < FLASH_BASE:
        raise Uf2Error(f"{path}: block for address 0x{address:08x}, which is not flash")
    return number, count, address - FLASH_BASE, block[HEADER.size : HEADER.size + size]


def load_uf2(path: Path, chip: str, flash: NorFlash) -> None:
    """Put an image into the flash, erasing nothing else.

    Checks everything before the first byte.
    """
    blocks = read_uf2(path, chip)
    for offset, contents in blocks:
        if offset + len(contents) > flash.size_bytes:
            raise Uf2Error(f"{path}: image runs past the flash ({flash.size_bytes} bytes)")
    for offset, contents in blocks:
        flash.poke(offset, contents)
