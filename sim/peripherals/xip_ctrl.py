# SPDX-License-Identifier: GPL-2.0-or-later
"""XIP_CTRL: control of a cache that is not modelled: reads always see the flash.

Spec: [RP2040] 2.6.3; [RP2350] 4.4.
"""

from __future__ import annotations

from sim.bus.peripheral import Peripheral
from sim.bus.register import Register, read_only

FLUSH_READY, FIFO_EMPTY = 1, 2


class XipCtrlRp2040(Peripheral):
    """A flush is done at once. No streaming, no use of the cache as memory."""

    NAME = "XIP_CTRL"
    REGISTERS = (
        Register("CTRL", 0x00, 3, writable=3),
        Register("FLUSH", 0x04, writable=0),
        read_only("STAT", 0x08, FLUSH_READY | FIFO_EMPTY),
        Register("CTR_HIT", 0x0C, writable=0),
        Register("CTR_ACC", 0x10, writable=0),
    )


class XipCtrlRp2350(Peripheral):
    """CTRL is stored. No streaming."""

    NAME = "XIP_CTRL"
    REGISTERS = (
        Register("CTRL", 0x00, 0x83, writable=0xFFB),
        read_only("STAT", 0x08, FIFO_EMPTY),
        Register("CTR_HIT", 0x0C, writable=0),
        Register("CTR_ACC", 0x10, writable=0),
    )


class XipMaintenance(Peripheral):
    """Window of cache maintenance by address ([RP2350] 4.4.1.2): writes, each naming one line."""

    NAME = "XIP_MAINTENANCE"
    SIZE = 0x400_0000
    ATOMIC_ALIASES = False
    IGNORES_STORES = True

    def bus_write(self, offset: int, size: int, value: int) -> None:
        """Clean or invalidate: nothing to do without a cache."""
