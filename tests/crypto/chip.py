# SPDX-License-Identifier: GPL-2.0-or-later
"""The self-test image in a chip model as a transport: frames through SRAM."""

from __future__ import annotations

import struct
from pathlib import Path

import boards
from sim.cpu.processor import StopReason
from sim.elf import SymbolTable
from sim.flash.nor_flash import NorFlash
from sim.machine import Machine
from sim.uf2 import load_uf2

# Virtual ticks between two looks at the mailbox, while the image computes.
LOOK_TICKS = 20_000_000
HEADER = struct.Struct("<III")


class Chip:
    """A board that runs hsm_selftest; `image` is its UF2, with the ELF file beside it."""

    def __init__(self, board: str, image: Path) -> None:
        description = boards.load(board)
        flash = NorFlash(description.flash.size_bytes)
        load_uf2(image, description.chip, flash)
        symbols = SymbolTable.load(image.with_suffix(".elf"))
        self.machine = Machine(description, flash, symbols=symbols)
        self._request = symbols["selftest_request"].address
        self._response = symbols["selftest_response"].address
        self._doorbell = 0
        self.instructions = 0
        """Executed by the last exchange, from the doorbell to the answer's."""

    def start(self) -> None:
        """Power on and let the image reach its mailbox."""
        self.machine.power_on()
        self._run_until_idle()

    def exchange(self, number: int, parts: bytes) -> tuple[int, bytes]:
        """See Transport."""
        machine = self.machine
        self._doorbell += 1
        machine.write_memory(self._request + 4, struct.pack("<II", number, len(parts)) + parts)
        machine.write_memory(self._request, struct.pack("<I", self._doorbell))
        machine.processor.reset_sleep()
        before = machine.instructions
        while self._header()[0] != self._doorbell:
            self._run_until_idle()
        self.instructions = machine.instructions - before
        _, result, length = self._header()
        return result, machine.read_memory(self._response + HEADER.size, length)

    def _header(self) -> tuple[int, int, int]:
        return HEADER.unpack(self.machine.read_memory(self._response, HEADER.size))

    def _run_until_idle(self) -> None:
        reason = self.machine.run(LOOK_TICKS)
        if reason not in (StopReason.IDLE, StopReason.DEADLINE):
            raise RuntimeError(f"{self.machine.board.name}: {reason.value}")
