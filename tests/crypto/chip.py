# SPDX-License-Identifier: GPL-2.0-or-later
"""The self-test image in a chip model as a transport: frames through SRAM."""

from __future__ import annotations

from pathlib import Path

import boards
from sim.cpu.processor import StopReason
from sim.elf import SymbolTable
from sim.flash.nor_flash import NorFlash
from sim.machine import Machine
from sim.uf2 import load_uf2
from tests.crypto.mailbox import Mailbox

# Virtual ticks between two looks at the mailbox, while the image computes.
LOOK_TICKS = 20_000_000


class Chip:
    """A board that runs hsm_selftest; `image` is its UF2, with the ELF file beside it."""

    def __init__(self, board: str, image: Path) -> None:
        description = boards.load(board)
        flash = NorFlash(description.flash.size_bytes)
        load_uf2(image, description.chip, flash)
        symbols = SymbolTable.load(image.with_suffix(".elf"))
        self.machine = Machine(description, flash, symbols=symbols)
        self._mailbox = Mailbox(self, symbols)
        self.instructions = 0
        """Executed by the last exchange, from the doorbell to the answer's."""

    def start(self) -> None:
        """Power on and let the image reach its mailbox."""
        self.machine.power_on()
        self.run()

    def exchange(self, number: int, parts: bytes) -> tuple[int, bytes]:
        """See Transport."""
        before = self.machine.instructions
        answer = self._mailbox.exchange(number, parts)
        self.instructions = self.machine.instructions - before
        return answer

    # --- what the mailbox needs ---------------------------------------------------------------

    def poke(self, address: int, data: bytes) -> None:
        """Write SRAM behind the image's back."""
        self.machine.write_memory(address, data)

    def peek(self, address: int, length: int) -> bytes:
        """Read SRAM."""
        return self.machine.read_memory(address, length)

    def wake(self) -> None:
        """End WFE, as an event would."""
        self.machine.processor.reset_sleep()

    def run(self) -> None:
        """Until the image sleeps, or for LOOK_TICKS."""
        reason = self.machine.run(LOOK_TICKS)
        if reason not in (StopReason.IDLE, StopReason.DEADLINE):
            raise RuntimeError(f"{self.machine.board.name}: {reason.value}")
