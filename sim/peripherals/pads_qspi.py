# SPDX-License-Identifier: GPL-2.0-or-later
"""PADS_QSPI: drive and pulls of the flash pads, stored without effect.

Spec: [RP2040] 2.19.6.4.
"""

from __future__ import annotations

from sim.bus.peripheral import Peripheral
from sim.bus.register import Register


class PadsQspi(Peripheral):
    """Both chips have the same offsets."""

    NAME = "PADS_QSPI"
    REGISTERS = (
        Register("VOLTAGE_SELECT", 0x00, writable=1),
        Register("GPIO_QSPI_SCLK", 0x04, 0x56, writable=0x1FF),
        Register("GPIO_QSPI_SD0", 0x08, 0x52, writable=0x1FF),
        Register("GPIO_QSPI_SD1", 0x0C, 0x52, writable=0x1FF),
        Register("GPIO_QSPI_SD2", 0x10, 0x52, writable=0x1FF),
        Register("GPIO_QSPI_SD3", 0x14, 0x52, writable=0x1FF),
        Register("GPIO_QSPI_SS", 0x18, 0x5A, writable=0x1FF),
    )
