# SPDX-License-Identifier: GPL-2.0-or-later
"""Exact instructions of commands on a chip model, and their estimated cycles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import boards
from bench.cycle_model import CycleModel
from bench.link_map import LinkMap
from sim.device import Device
from sim.life.card import Card
from sim.soc import CHIPS
from sim.thumb import FIRST_32_BIT

CRYPTO_LIBRARY = "libhsm_crypto_core.a"


@dataclass(frozen=True)
class Count:
    """Of a whole exchange, USB and interpreter included."""

    instructions: int
    outside_library: int
    """Those that are not of the crypto library."""
    cycles: int


class CountingDevice:
    """A device that counts the executions of its blocks of code, which never end halfway."""

    def __init__(self, board: str, image: Path, flash_file: Path) -> None:
        description = boards.load(board)
        self.board = board
        self.clock_mhz = description.clock_hz // 1_000_000
        self.device = Device.from_uf2(board, image, flash_file, coverage=True)
        self.device.power_on()
        self.card = Card(self.device.transmit)
        self.card.select()
        self._map = LinkMap(image.with_suffix(".map"))
        core = CHIPS[description.chip].cpu_model
        self._model = CycleModel(core, self.device.machine.read_memory)

    def count(self, run: Callable[[], object]) -> Count:
        """What the device spends while `run` uses it."""
        self.device.machine.clear_coverage()
        before = self.device.instructions
        run()
        counts = self._counts()
        assert sum(counts.values()) == self.device.instructions - before
        outside = sum(
            count
            for address, count in counts.items()
            if CRYPTO_LIBRARY not in self._map.origin(address)
        )
        return Count(sum(counts.values()), outside, self._model.cycles(counts))

    def _counts(self) -> dict[int, int]:
        """Executions of each instruction, by its address."""
        machine = self.device.machine
        counts: Counter[int] = Counter()
        for block, executions in machine.execution_counts().items():
            code = machine.read_memory(block, machine.core.block_bytes(block))
            offset = 0
            while offset < len(code):
                counts[block + offset] += executions
                first = int.from_bytes(code[offset : offset + 2], "little")
                offset += 4 if first >= FIRST_32_BIT else 2
        return counts

    def estimated_ms(self, count: Count) -> float:
        """Milliseconds on the chip, if code and tables come without wait states."""
        return count.cycles / self.clock_mhz / 1000
