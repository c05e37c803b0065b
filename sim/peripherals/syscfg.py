# SPDX-License-Identifier: GPL-2.0-or-later
"""SYSCFG: processor and memory configuration.

Spec: [RP2040] 2.21; [RP2350] 12.15.2.
"""

from __future__ import annotations

from sim.bus.peripheral import Peripheral
from sim.bus.register import Register


class SyscfgRp2040(Peripheral):
    """NMI masks and memory power-down are refused: they would need a model."""

    NAME = "SYSCFG"
    REGISTERS = (
        Register("PROC_IN_SYNC_BYPASS", 0x0C, writable=0x3FFF_FFFF),
        Register("PROC_IN_SYNC_BYPASS_HI", 0x10, writable=0x3F),
        Register("DBGFORCE", 0x14, 0x66, writable=0xEE),
    )


class SyscfgRp2350(Peripheral):
    """Debug attach is stored; there is no debugger to attach."""

    NAME = "SYSCFG"
    REGISTERS = (
        Register("PROC_IN_SYNC_BYPASS", 0x04),
        Register("PROC_IN_SYNC_BYPASS_HI", 0x08),
        Register("DBGFORCE", 0x0C, 6, writable=0xE),
        Register("AUXCTRL", 0x14, writable=0xFF),
    )
