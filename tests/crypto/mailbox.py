# SPDX-License-Identifier: GPL-2.0-or-later
"""The self-test image's mailbox in SRAM, for any emulator that can reach SRAM.

The layout is that of native_crypto/selftest/selftest.h.
"""

from __future__ import annotations

import struct
from typing import Any, Protocol

from sim.elf import SymbolTable

PARTS_OFFSET = 12


class EmulatorMemory(Protocol):
    """What the mailbox needs of an emulator; `run` executes some more, `wake` ends WFE."""

    def poke(self, address: int, data: bytes) -> None: ...
    def peek(self, address: int, length: int) -> bytes: ...
    def wake(self) -> None: ...
    def run(self) -> Any: ...


class Mailbox:
    """Frames to a self-test image and back (a Transport)."""

    def __init__(self, emulator: EmulatorMemory, symbols: SymbolTable) -> None:
        self._emulator = emulator
        self._request = symbols["selftest_request"].address
        self._response = symbols["selftest_response"].address
        self._doorbell = 0

    def exchange(self, number: int, parts: bytes) -> tuple[int, bytes]:
        """Send (operation, parts); runs the emulator until the answer is there."""
        emulator = self._emulator
        self._doorbell += 1
        emulator.poke(self._request + PARTS_OFFSET, parts + bytes(-len(parts) % 4))
        emulator.poke(self._request + 4, struct.pack("<II", number, len(parts)))
        emulator.poke(self._request, struct.pack("<I", self._doorbell))
        emulator.wake()
        while emulator.peek(self._response, 4) != struct.pack("<I", self._doorbell):
            emulator.run()
        result, length = struct.unpack("<II", emulator.peek(self._response + 4, 8))
        return result, emulator.peek(self._response + PARTS_OFFSET, length)
