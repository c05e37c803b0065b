# SPDX-License-Identifier: GPL-2.0-or-later
"""RP2350, Arm cores: blocks, addresses, interrupts.

Spec: [RP2350] 2.2, 3.2.
"""

from __future__ import annotations

from functools import partial

from sim.bootrom.rp2350 import BootRomRp2350
from sim.cpu.scb import M33
from sim.peripherals.accessctrl import Accessctrl
from sim.peripherals.bootram import Bootram
from sim.peripherals.busctrl import Busctrl
from sim.peripherals.clocks import ClocksRp2350
from sim.peripherals.glitch_detector import GlitchDetector
from sim.peripherals.io_bank0 import IoBank0Rp2350
from sim.peripherals.io_qspi import IoQspiRp2350
from sim.peripherals.otp import Otp, OtpData
from sim.peripherals.pads_bank0 import PadsBank0Rp2350
from sim.peripherals.pads_qspi import PadsQspi
from sim.peripherals.pll import Pll
from sim.peripherals.powman import Powman
from sim.peripherals.psm import PsmRp2350
from sim.peripherals.qmi import Qmi
from sim.peripherals.resets import ResetsRp2350
from sim.peripherals.rosc import RoscRp2350
from sim.peripherals.sha256 import Sha256
from sim.peripherals.sio import SioRp2350
from sim.peripherals.syscfg import SyscfgRp2350
from sim.peripherals.sysinfo import SysinfoRp2350
from sim.peripherals.tbman import Tbman
from sim.peripherals.ticks import Ticks
from sim.peripherals.timer import TimerRp2350
from sim.peripherals.trng import Trng
from sim.peripherals.usb import UsbControllerRp2350, UsbDpram
from sim.peripherals.watchdog import WatchdogRp2350
from sim.peripherals.xip_ctrl import XipCtrlRp2350, XipMaintenance
from sim.peripherals.xosc import Xosc
from sim.soc.chip import Block, Chip

BLOCKS = (
    Block("SYSINFO", 0x4000_0000, SysinfoRp2350),
    Block("SYSCFG", 0x4000_8000, SyscfgRp2350),
    Block("CLOCKS", 0x4001_0000, ClocksRp2350),
    Block("PSM", 0x4001_8000, PsmRp2350),
    Block("RESETS", 0x4002_0000, ResetsRp2350),
    Block("IO_BANK0", 0x4002_8000, IoBank0Rp2350),
    Block("IO_QSPI", 0x4003_0000, IoQspiRp2350),
    Block("PADS_BANK0", 0x4003_8000, PadsBank0Rp2350),
    Block("PADS_QSPI", 0x4004_0000, PadsQspi),
    Block("XOSC", 0x4004_8000, Xosc),
    Block("PLL_SYS", 0x4005_0000, partial(Pll, name="PLL_SYS")),
    Block("PLL_USB", 0x4005_8000, partial(Pll, name="PLL_USB")),
    Block("ACCESSCTRL", 0x4006_0000, Accessctrl),
    Block("BUSCTRL", 0x4006_8000, Busctrl),
    Block("UART0", 0x4007_0000, None),
    Block("UART1", 0x4007_8000, None),
    Block("SPI0", 0x4008_0000, None),
    Block("SPI1", 0x4008_8000, None),
    Block("I2C0", 0x4009_0000, None),
    Block("I2C1", 0x4009_8000, None),
    Block("ADC", 0x400A_0000, None),
    Block("PWM", 0x400A_8000, None),
    Block("TIMER0", 0x400B_0000, partial(TimerRp2350, name="TIMER0", first_irq=0)),
    Block("TIMER1", 0x400B_8000, partial(TimerRp2350, name="TIMER1", first_irq=4)),
    Block("HSTX_CTRL", 0x400C_0000, None),
    Block("XIP_CTRL", 0x400C_8000, XipCtrlRp2350),
    Block("QMI", 0x400D_0000, Qmi),
    Block("WATCHDOG", 0x400D_8000, WatchdogRp2350),
    Block("BOOTRAM", 0x400E_0000, Bootram),
    Block("ROSC", 0x400E_8000, RoscRp2350),
    Block("TRNG", 0x400F_0000, partial(Trng, irq=39)),
    Block("SHA256", 0x400F_8000, Sha256),
    Block("POWMAN", 0x4010_0000, Powman),
    Block("TICKS", 0x4010_8000, Ticks),
    Block("OTP", 0x4012_0000, Otp),
    Block("OTP_DATA", 0x4013_0000, OtpData, size=0x1_0000),
    Block("GLITCH_DETECTOR", 0x4015_8000, GlitchDetector),
    Block("TBMAN", 0x4016_0000, Tbman),
    Block("DMA", 0x5000_0000, None),
    Block("USBCTRL_DPRAM", 0x5010_0000, UsbDpram, size=0x1000),
    Block("USBCTRL", 0x5011_0000, UsbControllerRp2350),
    Block("PIO0", 0x5020_0000, None),
    Block("PIO1", 0x5030_0000, None),
    Block("PIO2", 0x5040_0000, None),
    Block("XIP_MAINTENANCE", 0x1800_0000, XipMaintenance, size=0x400_0000),
    Block("SIO", 0xD000_0000, SioRp2350, size=0x1000),
)

RP2350 = Chip(
    name="rp2350",
    cpu_model="cortex-m33",
    irq_count=52,
    priority_bits=4,
    control_space=M33,
    boot_rom=BootRomRp2350,
    sram_base=0x2000_0000,
    sram_bytes=520 * 1024,
    xip_aliases=(0x1000_0000, 0x1400_0000, 0x1C00_0000),
    blocks=BLOCKS,
)
