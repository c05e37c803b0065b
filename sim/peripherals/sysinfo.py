# SPDX-License-Identifier: GPL-2.0-or-later
"""SYSINFO: chip and platform identification.

Spec: [RP2040] 2.20; [RP2350] 12.15.1.
"""

from __future__ import annotations

from sim.bus.peripheral import Peripheral
from sim.bus.register import read_only


class SysinfoRp2040(Peripheral):
    """RP2040 B2, an ASIC."""

    NAME = "SYSINFO"
    REGISTERS = (
        read_only("CHIP_ID", 0x00, 0x2000_2927),
        read_only("PLATFORM", 0x04, 2),
        read_only("GITREF_RP2040", 0x10, 0xE0C9_12E8),
    )


class SysinfoRp2350(Peripheral):
    """RP2350A, stepping A2 (QFN-60: PACKAGE_SEL 1), an ASIC."""

    NAME = "SYSINFO"
    REGISTERS = (
        read_only("CHIP_ID", 0x00, 0x2000_4927),
        read_only("PACKAGE_SEL", 0x04, 1),
        read_only("PLATFORM", 0x08, 2),
    )
