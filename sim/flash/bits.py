# SPDX-License-Identifier: GPL-2.0-or-later
"""Cells as one number: masks over a page or a whole sector at once."""

from __future__ import annotations

from sim import entropy


def number(data: bytes) -> int:
    """Bytes as a number: bit k is bit k % 8 of byte k // 8."""
    return int.from_bytes(data, "little")


def noise(seed: int, label: str, length: int) -> int:
    """`8 * length` bits that depend on (seed, label) only."""
    return number(entropy.noise(seed, f"flash {label}", length))


def cleared(before: bytes, data: bytes) -> bytes:
    """What a program of `data` makes of `before`: bits only go from 1 to 0."""
    return (number(before) & number(data)).to_bytes(len(before), "little")
