# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls C functions of the image in a chip model that idles."""

from __future__ import annotations

from pathlib import Path

from sim.cpu.processor import Sleep
from sim.device import Device

BUILD = Path(__file__).parents[2] / "build"
SLEEP_FOR_EVER = b"\x30\xbf\xfd\xe7"  # WFI, back to it
# Space at the upper end of the heap, which an idle device does not reach.
SCRATCH_BYTES = 2048
SLICE_TICKS = 1000
TICKS_MAX = 500_000_000


class Chip:
    """One board with the image, booted and idle."""

    def __init__(self, board: str) -> None:
        self.device = Device.from_uf2(board, BUILD / board / "hsm.uf2")
        self.machine = self.device.machine
        self._starts = self.device.probe("main")
        self.device.power_on()
        self._idle = self.device.snapshot()
        self._starts_before = self._starts.count

    def rewind(self) -> None:
        """Be as after the boot."""
        self.device.restore(self._idle)
        self._starts_before = self._starts.count

    def address(self, name: str) -> int:
        """Address of a symbol (linker symbols included)."""
        assert self.device.symbols is not None
        return self.device.symbols[name].address

    @property
    def scratch(self) -> int:
        """Address of SCRATCH_BYTES free bytes; the first four hold the place to return to."""
        return self.address("__heap_end") - SCRATCH_BYTES

    def put(self, data: bytes, offset: int = 4) -> int:
        """Put bytes into the scratch space; their address."""
        self.machine.write_memory(self.scratch + offset, data)
        return self.scratch + offset

    def call(self, function: str, *arguments: int) -> int:
        """Call a function with up to four words; its result. Interrupts go on meanwhile."""
        core = self.machine.core
        self.put(SLEEP_FOR_EVER, offset=0)
        core.write("lr", self.scratch | 1)
        self.enter(function, *arguments)
        for _ in range(TICKS_MAX // SLICE_TICKS):
            self.machine.run(SLICE_TICKS)
            if 0 <= core.read("pc") - self.scratch < len(SLEEP_FOR_EVER):
                return core.read("r0")
        raise AssertionError(f"{function} does not return")

    def runs_into_reset(self, milliseconds: int) -> bool:
        """Let time pass until the chip has reset itself and reached main again."""
        before = self._starts.count
        for _ in range(milliseconds):
            self.machine.run(self.machine.clock.ticks_per_us * 1000)
            if self._starts.count != before:
                return True
        return False

    def enter(self, function: str, *arguments: int) -> None:
        """Start a function with up to four words."""
        for register, value in enumerate(arguments):
            self.machine.core.write(f"r{register}", value)
        self.go_to(self.address(function))

    def go_to(self, address: int) -> None:
        """Continue there, with interrupts on."""
        self.machine.core.write("primask", 0)
        self.machine.core.write("pc", address | 1)
        self.machine.processor.sleeping = Sleep.AWAKE

    @property
    def resets(self) -> int:
        """Resets since the boot that left the idle state."""
        return self._starts.count - self._starts_before

    def scratch_registers(self) -> tuple[int, int]:
        """Watchdog scratch 0 and 1, which a reset keeps."""
        values = self.machine.block("WATCHDOG").values
        return values["SCRATCH0"], values["SCRATCH1"]
