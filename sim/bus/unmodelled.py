# SPDX-License-Identifier: GPL-2.0-or-later
"""What happens when the image touches something that the models do not have."""

from __future__ import annotations

from dataclasses import dataclass


class UnmodelledAccess(Exception):
    """The image used a block, register or feature that has no model; the run stops with its name.

    `block` is the datasheet's name (or "memory"), `offset` counts from the block's base, `pc` is
    the address of the access and is filled in by the processor.
    """

    def __init__(self, block: str, offset: int, what: str, pc: int | None = None) -> None:
        super().__init__(block, offset, what)
        self.block = block
        self.offset = offset
        self.what = what
        self.pc = pc

    def __str__(self) -> str:
        where = "" if self.pc is None else f" at pc 0x{self.pc:08x}"
        return f"unmodelled: {self.what} of {self.block} + 0x{self.offset:x}{where}"


@dataclass(frozen=True)
class Allowed:
    """One access that may happen without a model: reads give `value`, writes go nowhere."""

    block: str
    offset: int
    reason: str
    value: int = 0
