# SPDX-License-Identifier: GPL-2.0-or-later
"""SHA256 of RP2350: the compression function behind a data port.

Spec: [RP2350] 12.13.

A block is done as soon as its 16th word is written. Padding is the image's business.
"""

from __future__ import annotations

import struct
from typing import Any

from sim.bus.peripheral import MachinePort, Peripheral
from sim.bus.register import Register, array

WORD = 0xFFFF_FFFF
START, ERR_WDATA_NOT_RDY = 1, 1 << 4
BSWAP = 1 << 12


def _primes(count: int) -> list[int]:
    found: list[int] = []
    candidate = 2
    while len(found) < count:
        if all(candidate % prime for prime in found):
            found.append(candidate)
        candidate += 1
    return found


def _root_fraction(value: int, degree: int) -> int:
    """First 32 bits of the fraction of the square (2) or cube (3) root, [FIPS180-4] 4.2.2."""
    scaled = value << (32 * degree)
    low, high = 0, 1 << 40
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**degree <= scaled else (low, middle - 1)
    return low & WORD


INITIAL = tuple(_root_fraction(prime, 2) for prime in _primes(8))
CONSTANTS = tuple(_root_fraction(prime, 3) for prime in _primes(64))


def _rotate(value: int, count: int) -> int:
    return (value >> count | value << (32 - count)) & WORD


def compress(state: tuple[int, ...], words: tuple[int, ...]) -> tuple[int, ...]:
    """One block, [FIPS180-4] 6.2.2."""
    schedule = list(words)
    for index in range(16, 64):
        x, y = schedule[index - 15], schedule[index - 2]
        small0 = _rotate(x, 7) ^ _rotate(x, 18) ^ x >> 3
        small1 = _rotate(y, 17) ^ _rotate(y, 19) ^ y >> 10
        schedule.append((schedule[index - 16] + small0 + schedule[index - 7] + small1) & WORD)
    a, b, c, d, e, f, g, h = state
    for constant, word in zip(CONSTANTS, schedule, strict=True):
        big1 = _rotate(e, 6) ^ _rotate(e, 11) ^ _rotate(e, 25)
        first = h + big1 + (e & f ^ ~e & g) + constant + word
        big0 = _rotate(a, 2) ^ _rotate(a, 13) ^ _rotate(a, 22)
        second = big0 + (a & b ^ a & c ^ b & c)
        a, b, c, d, e, f, g, h = (first + second) & WORD, a, b, c, (d + first) & WORD, e, f, g
    mixed = zip(state, (a, b, c, d, e, f, g, h), strict=True)
    return tuple((old + new) & WORD for old, new in mixed)


class Sha256(Peripheral):
    """Byte and halfword writes collect into words, first byte first."""

    NAME = "SHA256"
    REGISTERS = (
        Register("CSR", 0x00, 0x1206, writable=0x1300, clear=ERR_WDATA_NOT_RDY),
        Register("WDATA", 0x04),
        *array("SUM{}", 0x08, 8, writable=0),
    )

    def __init__(self, machine: MachinePort, name: str | None = None) -> None:
        self._pending = b""
        super().__init__(machine, name)

    def load_reset_values(self) -> None:
        super().load_reset_values()
        self._begin()

    def _begin(self) -> None:
        self._pending = b""
        for index, word in enumerate(INITIAL):
            self.values[f"SUM{index}"] = word

    def write_csr(self, value: int) -> None:
        self.store("CSR", value)
        if value & START:
            self._begin()

    def bus_write(self, offset: int, size: int, value: int) -> None:
        if offset & 0xFFC != 4:
            super().bus_write(offset, size, value)
            return
        self._pending += value.to_bytes(4, "little")[:size]
        if len(self._pending) == 64:
            order = "<" if not self.values["CSR"] & BSWAP else ">"
            words = struct.unpack(f"{order}16I", self._pending)
            state = tuple(self.values[f"SUM{index}"] for index in range(8))
            for index, word in enumerate(compress(state, words)):
                self.values[f"SUM{index}"] = word
            self._pending = b""

    def state(self) -> Any:
        return (super().state(), self._pending)

    def load_state(self, state: Any) -> None:
        values, self._pending = state
        super().load_state(values)
