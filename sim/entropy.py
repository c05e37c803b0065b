# SPDX-License-Identifier: GPL-2.0-or-later
"""Seeded entropy: the only randomness in the chip models."""

from __future__ import annotations

import hashlib
from typing import Any


class Entropy:
    """A stream of bits that depends on (seed, label) only: SHA-256 in counter mode."""

    def __init__(self, seed: int, label: str) -> None:
        self._label = label
        self.reseed(seed)

    def reseed(self, seed: int) -> None:
        """Start the stream of another seed."""
        self._key = hashlib.sha256(f"{self._label}:{seed}".encode()).digest()
        self._block = 0
        self._pool = 0
        self._pool_bits = 0

    def bits(self, count: int) -> int:
        """The next `count` bits as an integer."""
        while self._pool_bits < count:
            block = hashlib.sha256(self._key + self._block.to_bytes(8, "little")).digest()
            self._block += 1
            self._pool |= int.from_bytes(block, "little") << self._pool_bits
            self._pool_bits += 256
        value = self._pool & ((1 << count) - 1)
        self._pool >>= count
        self._pool_bits -= count
        return value

    def data(self, length: int) -> bytes:
        """The next `length` bytes."""
        return self.bits(8 * length).to_bytes(length, "little")

    def state(self) -> Any:
        """Plain data for `load_state`."""
        return (self._key, self._block, self._pool, self._pool_bits)

    def load_state(self, state: Any) -> None:
        """Continue the stream from where `state()` was taken."""
        self._key, self._block, self._pool, self._pool_bits = state


def noise(seed: int, label: str, length: int) -> bytes:
    """`length` bytes at once, for filling memory at power-on."""
    return hashlib.shake_128(f"{label}:{seed}".encode()).digest(length)
