# SPDX-License-Identifier: GPL-2.0-or-later
"""Which object file an address of the image comes from, read from GNU ld's map."""

from __future__ import annotations

import bisect
import re
from pathlib import Path

# A section's line, or its second half when the name was too long for one line.
PLACED = re.compile(r"^ (?:\.\S+)?\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (\S+)$", re.MULTILINE)


class LinkMap:
    """Address ranges and the archive members or objects that fill them."""

    def __init__(self, path: Path) -> None:
        text = path.read_text()
        memory = text[text.index("Linker script and memory map") :]
        ranges = []
        for address, size, origin in PLACED.findall(memory):
            if int(size, 16):
                ranges.append((int(address, 16), int(size, 16), origin))
        self._ranges = sorted(ranges)
        self._starts = [start for start, _, _ in self._ranges]

    def origin(self, address: int) -> str:
        """`libhsm_crypto_core.a(ecc.c.o)` or the like; empty where nothing was placed."""
        index = bisect.bisect_right(self._starts, address) - 1
        if index < 0:
            return ""
        start, size, origin = self._ranges[index]
        return origin if address < start + size else ""
