# SPDX-License-Identifier: GPL-2.0-or-later
"""Sectors and records, written anew from the format's page, to forge them.

Spec: docs/flash-format.md. Nothing of the firmware is used: what it writes must be found here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sim.flash import ERASED, SECTOR_BYTES

FORMAT_VERSION = 2
MAGIC_USE, MAGIC_WEAR = 0x5348, 0x5745
SECTOR_HEADER_BYTES = 96
HEADER_BYTES = 24
CHECK_TOTAL = 0x3FFF_FFFF
TRANSACTION_MAX = 0x1FFC_0000
PART_MAX = 511
PAYLOAD_BYTES_MAX = 616
KINDS = (*range(0x01, 0x08), 0x3F, 0x41, 0x42, 0x43, 0x44)
KIND_TOMBSTONE, KIND_CLEAR, KIND_COMMIT = 0x41, 0x42, 0x43

_HALF = "<HHIII"
_FIELDS = "<BBHHHII"


def half(magic: int, number: int, version: int = FORMAT_VERSION) -> bytes:
    """Half of a sector header (16 bytes): sequence (MAGIC_USE) or erase count (MAGIC_WEAR)."""
    check = (CHECK_TOTAL - magic - version - number) & 0xFFFF_FFFF
    return struct.pack(_HALF, magic, version, number, 0, check)


def sector_header(sequence: int, version: int = FORMAT_VERSION, erase_count: int = 1) -> bytes:
    """A whole sector header: use, wear, no sector retired."""
    wear = half(MAGIC_WEAR, erase_count, version)
    good = bytes((ERASED,)) * (SECTOR_HEADER_BYTES - 32)
    return half(MAGIC_USE, sequence, version) + wear + good


def sequence_of(region: bytes | bytearray, sector: int) -> int | None:
    """The sequence of a sector that belongs to the log; None for another."""
    fields = struct.unpack_from(_HALF, region, sector * SECTOR_BYTES)
    return fields[2] if fields[0] == MAGIC_USE and sum(fields) == CHECK_TOTAL else None


def log_sectors(region: bytes | bytearray) -> list[int]:
    """Sectors of the log, oldest first."""
    found = []
    for sector in range(len(region) // SECTOR_BYTES):
        sequence = sequence_of(region, sector)
        if sequence is not None:
            found.append((sequence, sector))
    return [sector for _, sector in sorted(found)]


@dataclass(frozen=True)
class Header:
    """The checked fields of a record."""

    kind: int
    flags: int
    id: int
    part: int
    length: int
    generation: int
    transaction: int

    @property
    def size_bytes(self) -> int:
        """Bytes that the record takes in its sector."""
        return (HEADER_BYTES + self.length + 7) & -8

    def encode(self, state: bytes = b"\xff\xff\xff\xff") -> bytes:
        """24 bytes whose check is right, whatever the fields are."""
        fields = tuple(vars(self).values())
        check = (CHECK_TOTAL - sum(fields)) & 0xFFFF_FFFF
        return state + struct.pack("<I", check) + struct.pack(_FIELDS, *fields)


def header_at(region: bytes | bytearray, offset: int) -> Header | None:
    """The record header at `offset`; None if its check is wrong."""
    (check,) = struct.unpack_from("<I", region, offset + 4)
    header = Header(*struct.unpack_from(_FIELDS, region, offset + 8))
    return header if check + sum(vars(header).values()) == CHECK_TOTAL else None


def records(region: bytes | bytearray, sector: int) -> Iterator[tuple[int, Header]]:
    """(offset, header) of the records in a sector, destroyed ones included."""
    offset = sector * SECTOR_BYTES + SECTOR_HEADER_BYTES
    end = (sector + 1) * SECTOR_BYTES
    while end - offset >= HEADER_BYTES:
        header = header_at(region, offset)
        if header is None or header.size_bytes > end - offset:
            return
        yield offset, header
        offset += header.size_bytes


def change(region: bytearray, offset: int, **fields: int) -> None:
    """Rewrite fields of the record at `offset`, and its check."""
    header = header_at(region, offset)
    assert header is not None
    state = bytes(region[offset : offset + 4])
    region[offset : offset + HEADER_BYTES] = replace(header, **fields).encode(state)


def renumber(region: bytearray, sector: int, sequence: int) -> None:
    """Give a sector of the log another sequence."""
    base = sector * SECTOR_BYTES
    region[base : base + 16] = half(MAGIC_USE, sequence)
