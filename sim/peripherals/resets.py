# SPDX-License-Identifier: GPL-2.0-or-later
"""RESETS: the reset line of every block.

Spec: [RP2040] 2.14; [RP2350] 7.5.
"""

from __future__ import annotations

from typing import ClassVar

from sim.bus.peripheral import Peripheral
from sim.bus.register import Register, read_only


class Resets(Peripheral):
    """Holding a block in reset puts its registers back; `LINES` names the block of each bit."""

    NAME = "RESETS"
    LINES: ClassVar[tuple[str, ...]] = ()

    def write_reset(self, value: int) -> None:
        before = self.values["RESET"]
        self.store("RESET", value)
        asserted = self.values["RESET"] & ~before
        for bit, name in enumerate(self.LINES):
            if asserted >> bit & 1:
                self.machine.reset_block(name)

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
