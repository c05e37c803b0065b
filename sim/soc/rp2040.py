# SPDX-License-Identifier: GPL-2.0-or-later
"""RP2040: blocks, addresses, interrupts.

Spec: [RP2040] 2.2, 2.3.2.
"""

from __future__ import annotations

from functools import partial

from sim.bootrom.rp2040 import BootRomRp2040
from sim.cpu.scb import M0Plus
from sim.peripherals.busctrl import Busctrl
from sim.peripherals.clocks import ClocksRp2040
from sim.peripherals.io_bank0 import IoBank0Rp2040
from sim.peripherals.io_qspi import IoQspiRp2040
from sim.peripherals.pads_bank0 import PadsBank0Rp2040
from sim.peripherals.pads_qspi import PadsQspi
from sim.peripherals.pll import Pll
from sim.peripherals.psm import PsmRp2040
from sim.peripherals.resets import ResetsRp2040
from sim.peripherals.rosc import RoscRp2040
from sim.peripherals.sio import SioRp2040
from sim.peripherals.ssi import Ssi
from sim.peripherals.syscfg import SyscfgRp2040
from sim.peripherals.sysinfo import SysinfoRp2040
from sim.peripherals.tbman import Tbman
from sim.peripherals.timer import TimerRp2040
from sim.peripherals.usb import UsbControllerRp2040, UsbDpram
from sim.peripherals.vreg_and_chip_reset import VregAndChipReset
from sim.peripherals.watchdog import WatchdogRp2040
from sim.peripherals.xip_ctrl import XipCtrlRp2040
from sim.peripherals.xosc import Xosc
from sim.soc.chip import Block, Chip

BLOCKS = (
    Block("SYSINFO", 0x4000_0000, SysinfoRp2040),
    Block("SYSCFG", 0x4000_4000, SyscfgRp2040),
    Block("CLOCKS", 0x4000_8000, ClocksRp2040),
    Block("RESETS", 0x4000_C000, ResetsRp2040),
    Block("PSM", 0x4001_0000, PsmRp2040),
    Block("IO_BANK0", 0x4001_4000, IoBank0Rp2040),
    Block("IO_QSPI", 0x4001_8000, IoQspiRp2040),
    Block("PADS_BANK0", 0x4001_C000, PadsBank0Rp2040),
    Block("PADS_QSPI", 0x4002_0000, PadsQspi),
    Block("XOSC", 0x4002_4000, Xosc),
    Block("PLL_SYS", 0x4002_8000, partial(Pll, name="PLL_SYS")),
    Block("PLL_USB", 0x4002_C000, partial(Pll, name="PLL_USB")),
    Block("BUSCTRL", 0x4003_0000, Busctrl),
    Block("UART0", 0x4003_4000, None),
    Block("UART1", 0x4003_8000, None),
    Block("SPI0", 0x4003_C000, None),
    Block("SPI1", 0x4004_0000, None),
    Block("I2C0", 0x4004_4000, None),
    Block("I2C1", 0x4004_8000, None),
    Block("ADC", 0x4004_C000, None),
    Block("PWM", 0x4005_0000, None),
    Block("TIMER", 0x4005_4000, partial(TimerRp2040, name="TIMER", first_irq=0)),
    Block("WATCHDOG", 0x4005_8000, WatchdogRp2040),
    Block("RTC", 0x4005_C000, None),
    Block("ROSC", 0x4006_0000, RoscRp2040),
    Block("VREG_AND_CHIP_RESET", 0x4006_4000, VregAndChipReset),
    Block("TBMAN", 0x4006_C000, Tbman),
    Block("DMA", 0x5000_0000, None),
    Block("USBCTRL_DPRAM", 0x5010_0000, UsbDpram, size=0x1000),
    Block("USBCTRL", 0x5011_0000, UsbControllerRp2040),
    Block("PIO0", 0x5020_0000, None),
    Block("PIO1", 0x5030_0000, None),
    Block("XIP_CTRL", 0x1400_0000, XipCtrlRp2040),
    Block("SSI", 0x1800_0000, Ssi, size=0x1000),
    Block("SIO", 0xD000_0000, SioRp2040, size=0x1000),
)

RP2040 = Chip(
    name="rp2040",
    cpu_model="cortex-m0plus",
    irq_count=32,
    priority_bits=2,
    control_space=M0Plus,
    boot_rom=BootRomRp2040,
    sram_base=0x2000_0000,
    sram_bytes=264 * 1024,
    xip_aliases=(0x1000_0000, 0x1100_0000, 0x1200_0000, 0x1300_0000),
    blocks=BLOCKS,
)
