# SPDX-License-Identifier: GPL-2.0-or-later
"""A register as the datasheet has it: name, offset, reset value, writable bits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

ALL_BITS = 0xFFFF_FFFF


@dataclass(frozen=True)
class Register:
    """One 32-bit register. `writable` bits store, `clear` bits are write-1-to-clear, others are
    fixed.
    """

    name: str
    offset: int
    reset: int = 0
    writable: int = ALL_BITS
    clear: int = 0


def read_only(name: str, offset: int, reset: int = 0) -> Register:
    """A register that ignores writes."""
    return Register(name, offset, reset, writable=0)


def array(name: str, first: int, count: int, stride: int = 4, **fields: int) -> Iterator[Register]:
    """Registers `name.format(0)` ... at `first`, `first + stride`, ...; `name` contains `{}`."""
    for index in range(count):
        yield Register(name.format(index), first + index * stride, **fields)
