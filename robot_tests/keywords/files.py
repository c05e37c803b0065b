# SPDX-License-Identifier: GPL-2.0-or-later
"""Files: public and private data objects, in pieces of any size.

Source: [SCHSM] 5.1, 8.
"""

from __future__ import annotations

import hashlib

from robot.api import logger
from robot.api.deco import keyword, library

from robot_tests.backends.backend import Capability
from robot_tests.keywords.bench import bench
from robot_tests.keywords.outcomes import expecting, in_words, status_word
from sim.apdu import SW_SUCCESS
from sim.life.card import CardError

PREFIXES = {"public": 0xCF00, "private": 0xCD00, "certificate": 0xCE00}
UNITS_BYTES = {"byte": 1, "bytes": 1, "KB": 1024}
# What one UPDATE or READ BINARY carries unless a test says otherwise.
CHUNK_BYTES = 2000
# ... and when a card is filled: as much as an APDU takes, in whole units of the card's own.
BLOCK_BYTES = 3600
# More files than fit any card.
FILES_MAX = 100
WINDOW_BYTES = 16


def file_id(name: str) -> int:
    """The file identifier of e.g. "public 1"."""
    kind, number = name.split()
    return PREFIXES[kind] | int(number)


def size_bytes(text: str) -> int:
    """The number of bytes in e.g. "20 bytes" or "120 KB"."""
    number, unit = text.split()
    return int(number) * UNITS_BYTES[unit]


def contents(seed: str, length: int) -> bytes:
    """Bytes that repeat in no file: the same for the same seed."""
    return hashlib.shake_128(seed.encode()).digest(length)


def _check_contents(fid: int, block_bytes: int) -> None:
    """Read a file in blocks to its end, which must be where the host's own contents end."""
    content = bench().memory.files[fid]
    at = 0
    while True:
        # The card may give less than it is asked for; nothing comes at the end only.
        found = bench().card.read_binary(fid, at, block_bytes)
        if found != content[at : at + len(found)] or (not found and at < len(content)):
            raise AssertionError(f"file {fid:04X} has other contents from byte {at} on")
        if not found:
            return
        at += len(found)


def _write_while_possible(fid: int, content: bytes, refusals: tuple[str, ...]) -> int:
    """Bytes written when the card refused, in one of these words, to take more."""
    for start in range(0, len(content), BLOCK_BYTES):
        sw = bench().card.update_binary(fid, start, content[start : start + BLOCK_BYTES])
        if sw in map(status_word, refusals):
            logger.info(f"refused: {in_words(sw)}")
            return start
        if sw != SW_SUCCESS:
            raise AssertionError(f"writing is refused with {in_words(sw)}")
    return len(content)


@library(scope="GLOBAL", auto_keywords=False)
class Files:
    """Files are called e.g. ``public 1`` and ``private 7``; the host remembers what it wrote."""

    def __init__(self) -> None:
        self._writes = 0

    def _new_contents(self, name: str, length: int) -> bytes:
        self._writes += 1
        return contents(f"{name}, write {self._writes}", length)

    @keyword
    def write_file(
        self, name: str, size: str, chunks: str = f"{CHUNK_BYTES} bytes", refused: str | None = None
    ) -> None:
        """Make or replace a file with new contents, in chunks of a size."""
        content = self._new_contents(name, size_bytes(size))
        with expecting(refused):
            bench().card.write_file(file_id(name), content, size_bytes(chunks))
            bench().memory.files[file_id(name)] = content

    @keyword
    def file_should_be_as_written(self, name: str, chunks: str = f"{CHUNK_BYTES} bytes") -> None:
        """The file has the contents that the host wrote, read in chunks of a size."""
        _check_contents(file_id(name), size_bytes(chunks))

    @keyword
    def change_file(self, name: str, at: int, size: str, refused: str | None = None) -> None:
        """Write new contents over a part of a file, or behind its end."""
        new = self._new_contents(name, size_bytes(size))
        with expecting(refused):
            for start in range(0, len(new), CHUNK_BYTES):
                part = new[start : start + CHUNK_BYTES]
                sw = bench().card.update_binary(file_id(name), at + start, part)
                if sw != SW_SUCCESS:
                    raise CardError("UPDATE BINARY", sw)
            old = bench().memory.files[file_id(name)]
            bench().memory.files[file_id(name)] = old[:at] + new + old[at + len(new) :]

    @keyword
    def read_file(self, name: str, refused: str | None = None) -> None:
        """Read a file and forget what it holds."""
        with expecting(refused):
            bench().card.read_file(file_id(name))

    @keyword
    def reading_should_give(
        self, name: str, at: int, expected: str = "0 bytes", refused: str | None = None
    ) -> None:
        """Ask for a lot from an offset on: what is left of the file comes, and nothing else."""
        with expecting(refused):
            found = bench().card.read_binary(file_id(name), at, CHUNK_BYTES)
            if found != bench().memory.files[file_id(name)][at : at + size_bytes(expected)]:
                raise AssertionError(f"{len(found)} bytes came, or others than were written")

    @keyword
    def delete_file(self, name: str, refused: str | None = None) -> None:
        """Delete a file."""
        with expecting(refused):
            bench().card.delete_file(file_id(name))
            bench().memory.files.pop(file_id(name), None)

    @keyword
    def file_should_be_absent(self, name: str) -> None:
        """The card knows no such file."""
        with expecting("not found"):
            bench().card.read_file(file_id(name))

    @keyword
    def all_files_should_be_as_written(self) -> None:
        """Every file that the host remembers has its contents."""
        for fid in bench().memory.files:
            _check_contents(fid, BLOCK_BYTES)

    # --- until the card is full -----------------------------------------------------------------

    @keyword
    def write_files_until_no_space_is_left(self, size: str) -> None:
        """Write more public files of a size until the card says that it is full.

        What was written of the last one stays and must stay readable, too.
        """
        self._write_until_refused(size, ("no space left",))

    @keyword
    def write_files_until_refused(self, size: str) -> None:
        """As until no space is left, but the flash may also be what fails."""
        self._write_until_refused(size, ("no space left", "memory failure"))

    def _write_until_refused(self, size: str, refusals: tuple[str, ...]) -> None:
        for number in range(1, FILES_MAX):
            name = f"public {number}"
            if file_id(name) in bench().memory.files:
                continue
            content = self._new_contents(name, size_bytes(size))
            written = _write_while_possible(file_id(name), content, refusals)
            if written:
                bench().memory.files[file_id(name)] = content[:written]
            if written < len(content):
                return
        raise AssertionError(f"{FILES_MAX} files do not fill the card")

    @keyword
    def files_should_hold_at_least(self, size: str) -> None:
        """All files that the host remembers, together."""
        found = sum(map(len, bench().memory.files.values()))
        logger.info(f"{found} bytes in {len(bench().memory.files)} files")
        if found < size_bytes(size):
            raise AssertionError(f"they hold {found} bytes")

    # --- what a thief of the flash sees ---------------------------------------------------------

    @keyword
    def flash_should_not_contain_file(self, name: str) -> None:
        """No 16 bytes of what was written stand in the raw flash."""
        bench().need(Capability.FLASH_CONTENTS)
        flash, content = bench().backend.flash_contents(), bench().memory.files[file_id(name)]
        for start in range(0, len(content) - WINDOW_BYTES + 1, WINDOW_BYTES):
            if content[start : start + WINDOW_BYTES] in flash:
                raise AssertionError(f"byte {start} and those behind it stand in the flash")
