# SPDX-License-Identifier: GPL-2.0-or-later
"""PADS_BANK0: drive, pulls, isolation of the GPIO pads.

Spec: [RP2040] 2.19.6.3; [RP2350] 9.11.3.
"""

from __future__ import annotations

from sim.bus.peripheral import Peripheral
from sim.bus.register import Register, array


class PadsBank0Rp2040(Peripheral):
    """30 pads, SWCLK and SWD; stored without effect."""

    NAME = "PADS_BANK0"
    REGISTERS = (
        Register("VOLTAGE_SELECT", 0x0, writable=1),
        *array("GPIO{}", 0x4, 30, reset=0x56, writable=0xFF),
        Register("SWCLK", 0x7C, 0xDA, writable=0xFF),
        Register("SWD", 0x80, 0x5A, writable=0xFF),
    )


class PadsBank0Rp2350(Peripheral):
    """48 pads, isolated (ISO) at reset; stored without effect."""

    NAME = "PADS_BANK0"
    REGISTERS = (
        Register("VOLTAGE_SELECT", 0x0, writable=1),
        *array("GPIO{}", 0x4, 48, reset=0x116, writable=0x1FF),
        Register("SWCLK", 0xC4, 0x5A, writable=0x1FF),
        Register("SWD", 0xC8, 0x5A, writable=0x1FF),
    )
