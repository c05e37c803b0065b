# SPDX-License-Identifier: GPL-2.0-or-later
"""Files: public and private data objects, in pieces of any size.

Source: [SCHSM] 5.1, 8.
"""

from __future__ import annotations

import hashlib

from robot.api.deco import keyword, library

from robot_tests.keywords.bench import bench
from robot_tests.keywords.outcomes import expecting

PREFIXES = {"public": 0xCF00, "private": 0xCD00, "certificate": 0xCE00}
UNITS_BYTES = {"byte": 1, "bytes": 1, "KB": 1024}
# What one UPDATE or READ BINARY carries unless a test says otherwise.
CHUNK_BYTES = 2000


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
        found = bench().card.read_file(file_id(name), size_bytes(chunks))
        if found != bench().memory.files[file_id(name)]:
            raise AssertionError(f"file {name} has other contents ({len(found)} bytes)")

    @keyword
    def file_should_be_absent(self, name: str) -> None:
        """The card knows no such file."""
        with expecting("not found"):
            bench().card.read_file(file_id(name))
