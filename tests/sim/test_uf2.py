# SPDX-License-Identifier: GPL-2.0-or-later
"""UF2 files: what is loaded, what is refused and with which words."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from sim.flash.nor_flash import NorFlash
from sim.uf2 import Uf2Error, load_uf2

RP2040, RP2350, ABSOLUTE = 0xE48B_FF56, 0xE48B_FF59, 0xE48B_FF57


def block(number: int, count: int, family: int = RP2040, address: int | None = None) -> bytes:
    """One block of 256 bytes, filled with its number."""
    if address is None:
        address = 0x1000_0000 + 256 * number
    header = struct.pack("<8I", 0x0A324655, 0x9E5D5157, 0x2000, address, 256, number, count, family)
    return header + bytes((number,)) * 256 + bytes(476 - 256) + struct.pack("<I", 0x0AB16F30)


def write(directory: Path, *blocks: bytes) -> Path:
    """A file of these blocks."""
    path = directory / "image.uf2"
    path.write_bytes(b"".join(blocks))
    return path


def test_blocks_go_to_their_addresses(tmp_path: Path) -> None:
    flash = NorFlash(1 << 16)
    load_uf2(write(tmp_path, block(0, 2), block(1, 2)), "rp2040", flash)
    assert flash.read(0, 512) == bytes(256) + b"\x01" * 256
    assert flash.read(512, 1) == b"\xff"
    assert flash.journal == []


def test_the_block_for_errata_e10_is_ignored(tmp_path: Path) -> None:
    flash = NorFlash(1 << 16)
    path = write(
        tmp_path, block(0, 2, ABSOLUTE, 0x10FF_FF00), block(0, 1, RP2350), block(0, 1, RP2350)
    )
    load_uf2(path, "rp2350", flash)
    assert flash.read(0, 1) == b"\x00"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a UF2 file"),
        (b"hello" * 200, "not a UF2 file"),
        (block(0, 1)[:-1] + b"x", "damaged UF2 block"),
        (block(0, 1) + b"x", r"truncated UF2 file \(513 bytes\)"),
        (block(0, 2), r"truncated UF2 file \(1 of 2 blocks\)"),
        (block(0, 1, RP2350), "image for RP2350, the board has RP2040"),
        (block(0, 1, 0x12345678), "image for family 0x12345678, the board has RP2040"),
        (block(0, 1, ABSOLUTE), "no block for RP2040"),
        (block(0, 1, address=0x2000_0000), "runs past the flash"),
        (block(0, 1, address=0x0800_0000), "which is not flash"),
    ],
)
def test_bad_files_are_refused_in_one_line(content: bytes, message: str, tmp_path: Path) -> None:
    flash = NorFlash(1 << 16)
    with pytest.raises(Uf2Error, match=message) as caught:
        load_uf2(write(tmp_path, content), "rp2040", flash)
    assert "\n" not in str(caught.value)
    assert flash.contents() == b"\xff" * (1 << 16)


def test_a_missing_file_is_one_line_too(tmp_path: Path) -> None:
    with pytest.raises(Uf2Error, match="No such file"):
        load_uf2(tmp_path / "missing.uf2", "rp2040", NorFlash(1 << 16))
