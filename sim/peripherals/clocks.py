# SPDX-License-Identifier: GPL-2.0-or-later
"""CLOCKS: clock generators; a glitchless mux follows its SRC field.

Spec: [RP2040] 2.15; [RP2350] 8.1.

Virtual time does not follow these registers: one instruction is one tick at the board's clock.
"""

from __future__ import annotations

from collections.abc import Callable

from sim.bus.peripheral import MachinePort, Peripheral
from sim.bus.register import Register, read_only


def _generator(name: str, first: int, divider: int) -> tuple[Register, ...]:
    return (
        Register(f"{name}_CTRL", first),
        Register(f"{name}_DIV", first + 4, divider),
        read_only(f"{name}_SELECTED", first + 8, 1),
    )


def _generators(names: tuple[str, ...], divider: int) -> tuple[Register, ...]:
    registers: list[Register] = []
    for index, name in enumerate(names):
        registers += _generator(name, 12 * index, divider)
    return tuple(registers)


def _tail(first: int) -> tuple[Register, ...]:
    """RESUS, frequency counter and gates; on RP2350 the three DFTCLK registers come before."""
    return (
        Register("CLK_SYS_RESUS_CTRL", first, 0xFF, writable=0x1_11FF),
        read_only("CLK_SYS_RESUS_STATUS", first + 0x4),
        Register("FC0_REF_KHZ", first + 0x8, writable=0xF_FFFF),
        Register("FC0_MIN_KHZ", first + 0xC, writable=0x1FF_FFFF),
        Register("FC0_MAX_KHZ", first + 0x10, 0x1FF_FFFF, writable=0x1FF_FFFF),
        Register("FC0_DELAY", first + 0x14, 1, writable=7),
        Register("FC0_INTERVAL", first + 0x18, 8, writable=0xF),
        Register("WAKE_EN0", first + 0x28, 0xFFFF_FFFF),
        Register("WAKE_EN1", first + 0x2C, 0x7FFF_FFFF),
        Register("SLEEP_EN0", first + 0x30, 0xFFFF_FFFF),
        Register("SLEEP_EN1", first + 0x34, 0x7FFF_FFFF),
        read_only("ENABLED0", first + 0x38, 0xFFFF_FFFF),
        read_only("ENABLED1", first + 0x3C, 0x7FFF_FFFF),
    )


class Clocks(Peripheral):
    """CLK_REF and CLK_SYS report the selected source one-hot; the others have no glitchless mux."""

    NAME = "CLOCKS"

    def __init__(self, machine: MachinePort, name: str | None = None) -> None:
        for generator, mask in (("CLK_REF", 3), ("CLK_SYS", 1)):
            setattr(self, f"read_{generator.lower()}_selected", self._selected(generator, mask))
        super().__init__(machine, name)

    def _selected(self, generator: str, mask: int) -> Callable[[], int]:
        return lambda: 1 << (self.values[f"{generator}_CTRL"] & mask)


class ClocksRp2040(Clocks):
    """RP2040's generators."""

    REGISTERS = (
        *_generators(
            (
                *("CLK_GPOUT0", "CLK_GPOUT1", "CLK_GPOUT2", "CLK_GPOUT3"),
                *("CLK_REF", "CLK_SYS", "CLK_PERI", "CLK_USB", "CLK_ADC", "CLK_RTC"),
            ),
            0x100,
        ),
        *_tail(0x78),
    )


class ClocksRp2350(Clocks):
    """RP2350's generators."""

    REGISTERS = (
        *_generators(
            (
                *("CLK_GPOUT0", "CLK_GPOUT1", "CLK_GPOUT2", "CLK_GPOUT3"),
                *("CLK_REF", "CLK_SYS", "CLK_PERI", "CLK_HSTX", "CLK_USB", "CLK_ADC"),
            ),
            0x1_0000,
        ),
        *_tail(0x84),
    )
