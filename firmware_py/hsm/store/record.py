# SPDX-License-Identifier: GPL-2.0-or-later
"""Layout of sectors and records; tells a whole header from a torn one.

Spec: docs/flash-format.md. The check of a header is a constant minus the sum of its fields: an
interrupted program leaves bits at 1, which can only raise both, so that it never passes.
"""

import struct

from micropython import const

FORMAT_VERSION = const(1)

PAGE_BYTES = const(256)
SECTOR_BYTES = const(4096)
SECTOR_SHIFT = const(12)
# Live records for which the index has room, for each sector of the region.
LIVE_RECORDS_PER_SECTOR = const(6)

# Sectors that stay free between transactions: four for the largest transaction (a file write that
# touches six chunks, or an RSA-4096 key with its request), two for the copies of one sector.
RESERVE_SECTORS = const(6)

# --- Sector header: use (16 bytes, zeroed when the sector is given back), wear (16 bytes) --------
SECTOR_HEADER_BYTES = const(32)
SECTOR_MAGIC = const(0x5348)  # "HS"
SECTOR_USE_BYTES = const(16)

# --- Record header -------------------------------------------------------------------------------
HEADER_BYTES = const(24)
ALIGNMENT_BYTES = const(8)
RECORD_BYTES_MAX = const(4096 - 32)
PART_MAX = const(4095)

# Kinds below KIND_CONTROL are objects; their meaning is the caller's. 0 and FF are never a kind.
KIND_CONTROL = const(0x40)
KIND_TOMBSTONE = const(0x41)
KIND_CLEAR = const(0x42)
KIND_COMMIT = const(0x43)

FLAG_LAST = const(0x01)  # last part of its object
FLAG_USER = const(0x02)  # sealed for the user class; else the device class
FLAG_PERSISTENT = const(0x04)  # survives clear()
FLAG_FIELD = const(0x08)  # a bit field stands behind the sealed bytes
FLAG_PLAIN = const(0x10)  # not sealed: the root record

FIELD_BYTES = const(64)
TAG_BYTES = const(16)
COMMIT_BYTES = const(16)
# What the commit's MAC covers of each live record: its header, and the tag of its seal, which
# stands for its contents and all that they are bound to.
COVERED_BYTES = const(40)
COVERED_RECORDS = const(32)

STATE_OFFSET = const(20)
STATE_WRITTEN = b"\xff\xff\xff\xff"
STATE_DESTROYED = b"\0"

_HEADER = "<BBHHHIII"
_SECTOR_HALF = "<HHIII"
_WEAR_MAGIC = const(0x5745)  # "EW"

# The largest small integer of MicroPython on 32 bits: sums up to it cost no memory.
_CHECK_TOTAL = const(0x3FFFFFFF)
_MAC_CHECK_TOTAL = const(0xFFFFF)
# A header's check needs generation + transaction below its total. At a transaction per second it
# would take 17 years to get there, and the flash would be worn out long before.
TRANSACTION_MAX = const(0x1FFC0000)
_FORMAT_LABEL = b"HSM\x01"


def record_bytes(length):
    """Bytes that a record with `length` bytes of payload takes in its sector."""
    return (HEADER_BYTES + length + ALIGNMENT_BYTES - 1) & -ALIGNMENT_BYTES


def encode_header(kind, flags, id, part, length, generation, transaction):
    """The 20 checked bytes of a record header; the 4 bytes of state behind them stay erased."""
    fields = (kind, flags, id, part, length, generation, transaction)
    return struct.pack(_HEADER, *fields, _CHECK_TOTAL - sum(fields))


def decode_header(view, offset):
    """(kind, flags, id, part, length, generation, transaction, check); None: torn or no header."""
    fields = struct.unpack_from(_HEADER, view, offset)
    return fields if sum(fields) == _CHECK_TOTAL else None


def id_of(view, offset):
    """Id in the record header at `offset`, which is known to be whole."""
    return view[offset + 2] | view[offset + 3] << 8


def part_of(view, offset):
    """Part in the record header at `offset`, which is known to be whole."""
    return view[offset + 4] | view[offset + 5] << 8


def associated_data(kind, flags, id, part, length, generation):
    """What a seal binds beside the contents; `length` is that of the plaintext."""
    return _FORMAT_LABEL + struct.pack("<BBHHHI", kind, flags, id, part, length, generation)


def commit_check(mac):
    """The number in a commit record's generation field: its MAC torn never fits it."""
    return _MAC_CHECK_TOTAL - sum(struct.unpack("<8H", mac))


def commit_is_whole(view, offset):
    """True if the commit record at `offset`, whose header is whole, has all of its MAC."""
    header = decode_header(view, offset)
    start = offset + HEADER_BYTES
    mac = view[start : start + COMMIT_BYTES]
    return header[4] == COMMIT_BYTES and commit_check(mac) == header[5]


def encode_sector_header(sequence, erase_count):
    """Both halves of a sector header, 32 bytes."""
    use = (SECTOR_MAGIC, FORMAT_VERSION, sequence, 0)
    wear = (_WEAR_MAGIC, FORMAT_VERSION, erase_count, 0)
    return struct.pack(_SECTOR_HALF, *use, _CHECK_TOTAL - sum(use)) + struct.pack(
        _SECTOR_HALF, *wear, _CHECK_TOTAL - sum(wear)
    )


def decode_sector_use(view, offset):
    """(version, sequence) of a sector in use, or None."""
    fields = struct.unpack_from(_SECTOR_HALF, view, offset)
    if fields[0] != SECTOR_MAGIC or sum(fields) != _CHECK_TOTAL:
        return None
    return fields[1], fields[2]


def decode_erase_count(view, offset):
    """The erase count in a sector's header, or None if it was lost."""
    fields = struct.unpack_from(_SECTOR_HALF, view, offset + SECTOR_USE_BYTES)
    if fields[0] != _WEAR_MAGIC or sum(fields) != _CHECK_TOTAL:
        return None
    return fields[2]
