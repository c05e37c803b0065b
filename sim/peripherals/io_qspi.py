# SPDX-License-Identifier: GPL-2.0-or-later
"""IO_QSPI: overrides of the flash pins; chip select and the BOOTSEL button.

Spec: [RP2040] 2.8.4, 2.19.

With the output of SS disabled, the pin floats high unless BOOTSEL pulls it low; the flash cannot be
read meanwhile, so that a fetch from it faults.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sim.bus.peripheral import MachinePort, Peripheral
from sim.bus.register import Register

# OUTOVER and OEOVER: 2 drives or disables, 3 drives or enables.
OVERRIDE_LOW, OVERRIDE_HIGH = 2, 3
FUNCSEL_XIP = 0


class IoQspi(Peripheral):
    """Six pins (and the USB PHY pins on RP2350); only SS has behaviour."""

    NAME = "IO_QSPI"
    OUTOVER_SHIFT: ClassVar[int] = 0
    OEOVER_SHIFT: ClassVar[int] = 0

    def __init__(self, machine: MachinePort, name: str | None = None) -> None:
        self.button_pressed = False
        super().__init__(machine, name)

    def load_reset_values(self) -> None:
        super().load_reset_values()
        self._apply_select()

    def _override(self, shift: int) -> int:
        return self.values["GPIO_QSPI_SS_CTRL"] >> shift & 3

    def select_level(self) -> int:
        """Level of the SS pin as SIO reads it: 1 = not selected, or button not pressed."""
        if self._override(self.OEOVER_SHIFT) == OVERRIDE_LOW:
            return 0 if self.button_pressed else 1
        return 0 if self._override(self.OUTOVER_SHIFT) == OVERRIDE_LOW else 1

    def write_gpio_qspi_ss_ctrl(self, value: int) -> None:
        self.store("GPIO_QSPI_SS_CTRL", value)
        self._apply_select()

    def _apply_select(self) -> None:
        floating = self._override(self.OEOVER_SHIFT) == OVERRIDE_LOW
        self.machine.flash_bus.set_floating(floating)
        forced = self._override(self.OUTOVER_SHIFT)
        self.machine.flash_bus.force_select({OVERRIDE_LOW: True, OVERRIDE_HIGH: False}.get(forced))

    def state(self) -> Any:
        return (super().state(), self.button_pressed)

    def load_state(self, state: Any) -> None:
        values, self.button_pressed = state
        super().load_state(values)


def _pins(names: tuple[str, ...], first: int) -> tuple[Register, ...]:
    return tuple(
        Register(f"GPIO_QSPI_{name}_CTRL", first + 8 * index + 4, FUNCSEL_XIP)
        for index, name in enumerate(names)
    )


_PINS = ("SCLK", "SS", "SD0", "SD1", "SD2", "SD3")


class IoQspiRp2040(IoQspi):
    """RP2040. Reset values are those that the boot ROM leaves (function 0 = XIP)."""

    OUTOVER_SHIFT = 8
    OEOVER_SHIFT = 12
    REGISTERS = _pins(_PINS, 0)


class IoQspiRp2350(IoQspi):
    """RP2350: the USB PHY's pins come first and are not modelled."""

    OUTOVER_SHIFT = 12
    OEOVER_SHIFT = 14
    REGISTERS = _pins(_PINS, 0x10)
