# SPDX-License-Identifier: GPL-2.0-or-later
"""RP2350's image metadata: block loop, IMAGE_DEF, where to start.

Spec: [RP2350] 5.9.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

START_MARKER, END_MARKER = 0xFFFF_DED3, 0xAB12_3579
SEARCH_BYTES = 4096
BLOCK_WORDS_MAX = 0x280 // 4
BLOCKS_MAX = 16

ITEM_IMAGE_TYPE, ITEM_VECTOR_TABLE, ITEM_ENTRY_POINT = 0x42, 0x03, 0x44
ITEM_ROLLING_WINDOW_DELTA, ITEM_LOAD_MAP, ITEM_HASH_DEF, ITEM_HASH_VALUE = 0x05, 0x06, 0x47, 0x4B
ITEM_LAST = 0xFF

TYPE_EXECUTABLE, SECURITY_SECURE, CPU_ARM, CHIP_RP2350 = 1, 2, 0, 1
FLASH_BASE = 0x1000_0000


class ImageError(Exception):
    """No image that this chip would start; one line."""


@dataclass(frozen=True)
class Block:
    """One block: its items as (type, words), the offset of the next block, its own place."""

    offset: int
    items: list[tuple[int, list[int]]] = field(default_factory=list)
    item_offsets: list[int] = field(default_factory=list)
    next_offset: int = 0

    def item(self, kind: int) -> list[int] | None:
        """Words of the first item of that type (its header word included)."""
        for item_kind, words in self.items:
            if item_kind == kind:
                return words
        return None


@dataclass(frozen=True)
class Entry:
    """Where the image starts."""

    vector_table: int
    stack_pointer: int
    program_counter: int


def _words(image: bytes, offset: int, count: int) -> list[int]:
    data = image[offset : offset + 4 * count]
    return [int.from_bytes(data[n : n + 4], "little") for n in range(0, len(data), 4)]


def parse_block(image: bytes, offset: int) -> Block:
    """Decode the block at `offset`; ImageError if it is malformed."""
    words = _words(image, offset, BLOCK_WORDS_MAX)
    if not words or words[0] != START_MARKER:
        raise ImageError(f"no block at 0x{offset:x}")
    items: list[tuple[int, list[int]]] = []
    offsets: list[int] = []
    position = 1
    while position < len(words):
        header = words[position]
        kind = header & 0xFF
        size = header >> 8 & (0xFFFF if kind & 0x80 else 0xFF)
        if kind == ITEM_LAST:
            if size != position - 1 or words[position + 2 : position + 3] != [END_MARKER]:
                break
            next_offset = words[position + 1]
            next_offset -= (next_offset & 1 << 31) << 1
            return Block(offset, items, offsets, offset + next_offset)
        if size == 0:
            break
        items.append((kind, words[position : position + size]))
        offsets.append(offset + 4 * position)
        position += size
    raise ImageError(f"malformed block at 0x{offset:x}")


def block_loop(image: bytes) -> list[Block]:
    """All blocks, from the first one in the first 4 KiB around the loop."""
    for offset in range(0, SEARCH_BYTES, 4):
        if _words(image, offset, 1) == [START_MARKER]:
            break
    else:
        raise ImageError("no block in the first 4 KiB of the flash")
    blocks = [parse_block(image, offset)]
    while blocks[-1].next_offset != blocks[0].offset:
        if len(blocks) == BLOCKS_MAX:
            raise ImageError("the block loop does not close")
        blocks.append(parse_block(image, blocks[-1].next_offset))
    return blocks


def _is_arm_executable(block: Block) -> bool:
    item = block.item(ITEM_IMAGE_TYPE)
    if item is None:
        return False
    flags = item[0] >> 16
    return (flags & 0xF, flags >> 8 & 7, flags >> 12 & 7) == (
        TYPE_EXECUTABLE,
        CPU_ARM,
        CHIP_RP2350,
    ) and flags >> 4 & 3 in (0, SECURITY_SECURE)


def _check_hash(image: bytes, block: Block) -> None:
    """A hash in the block must be right; a block without one is accepted (no secure boot)."""
    load_map, definition = block.item(ITEM_LOAD_MAP), block.item(ITEM_HASH_DEF)
    value = block.item(ITEM_HASH_VALUE)
    if load_map is None or definition is None or value is None:
        return
    load_map_offset = block.item_offsets[[kind for kind, _ in block.items].index(ITEM_LOAD_MAP)]
    digest = hashlib.sha256()
    absolute = load_map[0] >> 31
    for entry in range((load_map[0] >> 24) & 0x7F):
        storage, runtime, size = load_map[1 + 3 * entry : 4 + 3 * entry]
        if storage == 0:
            digest.update(size.to_bytes(4, "little"))
            continue
        start = storage - FLASH_BASE if absolute else load_map_offset + storage
        length = size - runtime if absolute else size
        start &= 0xFFFF_FFFF
        digest.update(image[start : start + length])
    hashed_words = definition[1] & 0xFFFF
    digest.update(image[block.offset : block.offset + 4 * hashed_words])
    stored = b"".join(word.to_bytes(4, "little") for word in value[1:])
    if not digest.digest().startswith(stored):
        raise ImageError("the image's hash is wrong")


def find_entry(image: bytes) -> Entry:
    """Where the boot ROM would enter the flash image `image`; ImageError if it would not."""
    candidates = [block for block in block_loop(image) if _is_arm_executable(block)]
    if not candidates:
        raise ImageError("no IMAGE_DEF of an Arm executable for RP2350")
    block = candidates[-1]
    if block.item(ITEM_ROLLING_WINDOW_DELTA) is not None:
        raise ImageError("the image wants a rolling window, which is not modelled")
    _check_hash(image, block)
    table_item, entry_item = block.item(ITEM_VECTOR_TABLE), block.item(ITEM_ENTRY_POINT)
    table = FLASH_BASE if table_item is None else table_item[1]
    if entry_item is not None:
        return Entry(table, stack_pointer=entry_item[2], program_counter=entry_item[1])
    stack_pointer, program_counter = _words(image, table - FLASH_BASE, 2)
    return Entry(table, stack_pointer, program_counter)
