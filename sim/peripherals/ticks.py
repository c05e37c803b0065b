# SPDX-License-Identifier: GPL-2.0-or-later
"""TICKS: the tick generators of RP2350.

Spec: [RP2350] 8.5.
"""

from __future__ import annotations

from collections.abc import Callable

from sim.bus.peripheral import MachinePort, Peripheral
from sim.bus.register import Register

RUNNING, ENABLE = 2, 1
GENERATORS = ("PROC0", "PROC1", "TIMER0", "TIMER1", "WATCHDOG", "RISCV")


def _registers() -> tuple[Register, ...]:
    registers: list[Register] = []
    for index, name in enumerate(GENERATORS):
        registers.append(Register(f"{name}_CTRL", 12 * index, writable=ENABLE))
        registers.append(Register(f"{name}_CYCLES", 12 * index + 4, writable=0x1FF))
    return tuple(registers)


class Ticks(Peripheral):
    """A generator that runs gives 1 us, as the SDK sets it (CYCLES = clk_ref in MHz)."""

    NAME = "TICKS"
    REGISTERS = _registers()

    def __init__(self, machine: MachinePort, name: str | None = None) -> None:
        for generator in GENERATORS:
            setattr(self, f"write_{generator.lower()}_ctrl", self._writer(generator))
            setattr(self, f"read_{generator.lower()}_ctrl", self._reader(generator))
        super().__init__(machine, name)

    def running(self, generator: str) -> bool:
        """True while the generator ticks."""
        enabled = self.values[f"{generator}_CTRL"] & ENABLE
        return bool(enabled and self.values[f"{generator}_CYCLES"])

    def _reader(self, generator: str) -> Callable[[], int]:
        def read() -> int:
            return self.values[f"{generator}_CTRL"] | (RUNNING if self.running(generator) else 0)

        return read

    def _writer(self, generator: str) -> Callable[[int], None]:
        def write(value: int) -> None:
            self.store(f"{generator}_CTRL", value)
            self._notify(generator)

        return write

    def _notify(self, generator: str) -> None:
        if generator.startswith("TIMER"):
            self.machine.block(generator).set_tick(self.running(generator))

    def reset(self) -> None:
        super().reset()
        for generator in GENERATORS:
            self._notify(generator)
