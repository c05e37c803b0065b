# SPDX-License-Identifier: GPL-2.0-or-later
"""RESETS: the reset line of every block.

Spec: [RP2040] 2.14; [RP2350] 7.5.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sim.bus.peripheral import Peripheral
from sim.bus.register import Register, read_only


class Resets(Peripheral):
    """Holding a block in reset puts its registers back and makes writes to it go nowhere.

    `LINES` names the block of each bit.
    """

    NAME = "RESETS"
    LINES: ClassVar[tuple[str, ...]] = ()

    def reset(self) -> None:
        super().reset()
        self._drive(0)

    def release(self, *names: str) -> None:
        """What the boot ROM does before it enters the image."""
        lines = sum(1 << self.LINES.index(name) for name in names)
        self.write_reset(self.values["RESET"] & ~lines)

    def write_reset(self, value: int) -> None:
        before = self.values["RESET"]
        self.store("RESET", value)
        self._drive(before)

    def _drive(self, before: int) -> None:
        """Tell the blocks whose line changed."""
        now = self.values["RESET"]
        for bit, name in enumerate(self.LINES):
            if (now ^ before) >> bit & 1:
                self.machine.hold_block(name, bool(now >> bit & 1))

    def load_state(self, state: Any) -> None:
        before = self.values["RESET"]
        super().load_state(state)
        for bit, name in enumerate(self.LINES):
            if (self.values["RESET"] ^ before) >> bit & 1:
                self.machine.block_held(name, bool(self.values["RESET"] >> bit & 1))

    def read_reset_done(self) -> int:
        return ~self.values["RESET"] & ((1 << len(self.LINES)) - 1)


class ResetsRp2040(Resets):
    """RP2040's lines, [RP2040] 2.14.3."""

    LINES = (
        *("ADC", "BUSCTRL", "DMA", "I2C0", "I2C1", "IO_BANK0", "IO_QSPI", "JTAG"),
        *("PADS_BANK0", "PADS_QSPI", "PIO0", "PIO1", "PLL_SYS", "PLL_USB", "PWM", "RTC"),
        *("SPI0", "SPI1", "SYSCFG", "SYSINFO", "TBMAN", "TIMER", "UART0", "UART1", "USBCTRL"),
    )
    REGISTERS = (
        Register("RESET", 0x0, 0x01FF_FFFF, writable=0x01FF_FFFF),
        Register("WDSEL", 0x4, writable=0x01FF_FFFF),
        read_only("RESET_DONE", 0x8),
    )


class ResetsRp2350(Resets):
    """RP2350's lines, [RP2350] 7.5.3."""

    LINES = (
        *("ADC", "BUSCTRL", "DMA", "HSTX", "I2C0", "I2C1", "IO_BANK0", "IO_QSPI"),
        *("JTAG", "PADS_BANK0", "PADS_QSPI", "PIO0", "PIO1", "PIO2", "PLL_SYS", "PLL_USB"),
        *("PWM", "SHA256", "SPI0", "SPI1", "SYSCFG", "SYSINFO", "TBMAN", "TIMER0"),
        *("TIMER1", "TRNG", "UART0", "UART1", "USBCTRL"),
    )
    REGISTERS = (
        Register("RESET", 0x0, 0x1FFF_FFFF, writable=0x1FFF_FFFF),
        Register("WDSEL", 0x4, writable=0x1FFF_FFFF),
        read_only("RESET_DONE", 0x8),
    )
