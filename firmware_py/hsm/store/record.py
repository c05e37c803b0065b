# SPDX-License-Identifier: GPL-2.0-or-later
"""Layout of sectors and records; tells a whole header from a torn one.

Spec: docs/flash-format.md. The check of a header is a constant minus the sum of its fields: an
interrupted program leaves bits at 1, which can only raise both, so that it never passes.
"""

import struct

from micropython import const

FORMAT_VERSION = const(2)

PAGE_BYTES = const(256)
SECTOR_BYTES = const(4096)
SECTOR_SHIFT = const(12)
# The bitmap of retired sectors has a bit for each.
SECTORS_MAX = const(512)

# --- Sector header: use (zeroed when the sector is given back), wear, bitmap of good sectors -----
SECTOR_HEADER_BYTES = const(96)
SECTOR_MAGIC = const(0x5348)  # "HS"
SECTOR_USE_BYTES = const(16)
GOOD_OFFSET = const(32)
GOOD_BYTES = const(64)

# --- Record header -------------------------------------------------------------------------------
HEADER_BYTES = const(24)
ALIGNMENT_BYTES = const(8)
# A sealed chunk of a file, and the two longest of small objects; longer handles take several parts.
RECORD_BYTES_MAX = const(640)
PAYLOAD_BYTES_MAX = const(640 - 24)
# The largest file has fewer parts. A mount looks for each that a tombstone names.
PART_MAX = const(511)

STATE_OFFSET = const(0)
CHECK_OFFSET = const(4)
KIND_OFFSET = const(8)
FLAGS_OFFSET = const(9)
LENGTH_OFFSET = const(14)
STATE_WRITTEN = const(0xFF)  # one bit at 0, and the record is destroyed
STATE_DESTROYED = b"\0"

# Kinds below KIND_CONTROL are objects; their meaning is the caller's. 0 and FF are never a kind.
KIND_CONTROL = const(0x40)
KIND_TOMBSTONE = const(0x41)
KIND_CLEAR = const(0x42)
KIND_COMMIT = const(0x43)
KIND_CANCEL = const(0x44)

FLAG_LAST = const(0x01)  # last part of its object
FLAG_USER = const(0x02)  # sealed for the user class; else the device class
FLAG_PERSISTENT = const(0x04)  # survives clear()
FLAG_FIELD = const(0x08)  # a bit field stands behind the sealed bytes
FLAG_PLAIN = const(0x10)  # not sealed: the root record
FLAG_VITAL = const(0x20)  # destroyed in place, and first, by clear()

FIELD_BYTES = const(64)
TAG_BYTES = const(16)
COMMIT_BYTES = const(16)

# --- Bounds --------------------------------------------------------------------------------------
# Records are up to 640 bytes in steps of 8, so that 632 may stay unused at a sector's end; 40 are
# for the commit record of the move that filled it. So many live bytes a sector always takes.
FILL_BYTES = const(4096 - 96 - 632 - 40)
# Sectors that are free when a transaction begins: three for the largest one (a file write that
# touches eight chunks, or an RSA-4096 key with its request), one for what leaves a failing sector,
# one to fail.
FREE_SECTORS = const(5)
# Those, the head, and one so that among sectors in use there is always one with less than
# FILL_BYTES, whose compaction gains.
RESERVE_SECTORS = const(7)
# Live records for which the index has room, for each sector of the region: as many as there are
# chunks in a sector.
LIVE_RECORDS_PER_SECTOR = const(6)
# Records in the log when a transaction begins, dead ones included, for each sector of the region: a
# mount steps over each. Compaction brings them below; where every sector is so full of live records
# that it gains nothing, there is room for 28 others in each.
LOG_RECORDS_PER_SECTOR = const(10)
# More are in no log that this store wrote, and would take seconds to step over: four times that,
# and what a transaction and the head may have.
LOG_RECORDS_EXTRA = const(1000)
# Behind the last commit there are at most those of an open transaction, or of the move of a sector,
# and cancelled ones that a failing sector kept.
RECORDS_BEHIND_COMMIT_MAX = const(1000)
# Tombstones and the like that took effect and are not destroyed yet: a transaction has a few.
ACTIVE_CONTROLS_MAX = const(64)

_HEADER = "<IBBHHHII"
_SECTOR_HALF = "<HHIII"
_WEAR_MAGIC = const(0x5745)  # "EW"
_STATE_AND_RESERVED = b"\xff\xff\xff\xff"

# The largest small integer of MicroPython on 32 bits: sums up to it cost no memory.
CHECK_TOTAL = const(0x3FFFFFFF)
_MAC_CHECK_TOTAL = const(0xFFFFF)
# A header's check needs generation + transaction below its total. At a transaction per second it
# would take 17 years to get there, and the flash would be worn out long before.
TRANSACTION_MAX = const(0x1FFC0000)
# More sectors are never opened: 512 of them, 100,000 erases each. A forged header beyond would
# leave no number for the next one, whose records then were lost.
_SEQUENCE_MAX = const(0x0FFFFFFF)
_FORMAT_LABEL = b"HSM\x02"


def record_bytes(length):
    """Bytes that a record with `length` bytes of payload takes in its sector."""
    return (HEADER_BYTES + length + ALIGNMENT_BYTES - 1) & -ALIGNMENT_BYTES


def encode_header(kind, flags, id, part, length, generation, transaction):
    """The 24 bytes of a record header; its state says "written"."""
    fields = (kind, flags, id, part, length, generation, transaction)
    return _STATE_AND_RESERVED + struct.pack(_HEADER, CHECK_TOTAL - sum(fields), *fields)


def decode_header(view, offset):
    """(check, kind, flags, id, part, length, generation, transaction); None: torn or no header.

    Kind 0 is none: what is being zeroed may pass the check on its way.
    """
    fields = struct.unpack_from(_HEADER, view, offset + CHECK_OFFSET)
    return fields if sum(fields) == CHECK_TOTAL and fields[1] else None


def step(view, offset, end):
    """Bytes of the record at `offset`; 0: the walk of the sector that ends at `end` ends there.

    Of a destroyed record nothing counts but that it has a kind, and its length: it was whole when
    it was destroyed.
    """
    if end - offset < HEADER_BYTES:
        return 0
    if view[offset] == STATE_WRITTEN:
        header = decode_header(view, offset)
        if header is None or header[4] > PART_MAX:
            return 0
    elif not view[offset + KIND_OFFSET]:
        return 0
    size = record_bytes(length_of(view, offset))
    return size if size <= end - offset else 0


def id_of(view, offset):
    """Id in the record header at `offset`, which is known to be whole."""
    return view[offset + 10] | view[offset + 11] << 8


def part_of(view, offset):
    """Part in the record header at `offset`, which is known to be whole."""
    return view[offset + 12] | view[offset + 13] << 8


def length_of(view, offset):
    """Payload length in the record header at `offset`, which is known to be whole."""
    return view[offset + 14] | view[offset + 15] << 8


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
    return header[5] == COMMIT_BYTES and commit_check(mac) == header[6]


def encode_use(sequence):
    """The half of a sector header that makes the sector part of the log, 16 bytes."""
    return _encode_half(SECTOR_MAGIC, sequence)


def encode_wear(erase_count):
    """The half of a sector header that counts its erases, 16 bytes."""
    return _encode_half(_WEAR_MAGIC, erase_count)


def _encode_half(magic, number):
    fields = (magic, FORMAT_VERSION, number, 0)
    return struct.pack(_SECTOR_HALF, *fields, CHECK_TOTAL - sum(fields))


def decode_use(view, offset):
    """(version, sequence) of a sector in use, or None."""
    fields = struct.unpack_from(_SECTOR_HALF, view, offset)
    if fields[0] != SECTOR_MAGIC or sum(fields) != CHECK_TOTAL or fields[2] > _SEQUENCE_MAX:
        return None
    return fields[1], fields[2]


def decode_erase_count(view, offset):
    """The erase count in a sector's header, or None if it was lost."""
    fields = struct.unpack_from(_SECTOR_HALF, view, offset + SECTOR_USE_BYTES)
    if fields[0] != _WEAR_MAGIC or sum(fields) != CHECK_TOTAL:
        return None
    return fields[2]
