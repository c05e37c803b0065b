# SPDX-License-Identifier: GPL-2.0-or-later
"""A board with the image, its starts, and what watches it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from fuzz.coverage import cards
from sim.device import Device
from sim.residue.watch import Watch
from sim.tracing import edge_coverage
from sim.tracing.python_code import PythonCode
from tools.paths import PROJECT
from tools.product import image_of

PYTHON_SOURCE = PROJECT / "firmware_py"
# The heap is full; the stack is at its limit, below which a reserve for C and interrupts lies. What
# is left of the stack afterwards tells nothing: the firmware wipes it after each command.
ALLOCATION_FAILED, TOO_DEEP = "m_malloc_fail", "mp_raise_recursion_depth"


@lru_cache
def python_code(elf: Path) -> PythonCode:
    """The frozen Python of an image."""
    return PythonCode.load(elf, PYTHON_SOURCE)


class Bench:
    """One device; every input begins at one of its starts.

    `watched`: after each command memory is searched for secrets, which makes it some times slower.
    """

    def __init__(self, board: str, *, watched: bool = False) -> None:
        image = image_of(board)
        self.board = board
        self.code = python_code(image.with_suffix(".elf"))
        self.device = Device.from_uf2(board, image, coverage=True)
        if watched:
            Watch(self.device)
        self._probes = [self.device.probe(name) for name in (ALLOCATION_FAILED, TOO_DEEP)]
        self.device.power_on()
        self.edges = edge_coverage.follow(self.device, self.code)
        self.device.power_on()
        self.starts = cards.starts(self.device)
        self.secrets = cards.secrets(self.device)
        self._forget_the_starts()

    def _forget_the_starts(self) -> None:
        """What the fuzzer reached is what its own inputs reached."""
        self.lines_of_starts = self.code.lines_read(self.edges.bytecode)
        self.device.machine.clear_coverage()
        self.edges.bytecode[:] = bytes(len(self.edges.bytecode))
        self.edges.begin()

    def begin(self, start: str) -> None:
        """Go to a start; what happens from now on is a new run."""
        self.device.restore(self.starts[start])
        self.edges.begin()
        self._counts = [probe.count for probe in self._probes]

    def exhausted(self) -> list[str]:
        """What ran out in this run: functions that tell so."""
        return [
            probe.symbol
            for probe, before in zip(self._probes, self._counts, strict=True)
            if probe.count != before
        ]

    def blocks_reached(self) -> int:
        """How many blocks of the engine were executed."""
        return len(self.device.machine.covered_addresses())

    def lines_reached(self) -> int:
        """How many lines of frozen Python."""
        return sum(map(len, self.code.lines_read(self.edges.bytecode).values()))
