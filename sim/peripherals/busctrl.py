# SPDX-License-Identifier: GPL-2.0-or-later
"""BUSCTRL: bus priorities, stored without effect; no performance counters.

Spec: [RP2040] 2.1.5.
"""

from __future__ import annotations

from sim.bus.peripheral import Peripheral
from sim.bus.register import Register, read_only


class Busctrl(Peripheral):
    """Both chips have these two registers at these offsets."""

    NAME = "BUSCTRL"
    REGISTERS = (
        Register("BUS_PRIORITY", 0x0, writable=0x1111),
        read_only("BUS_PRIORITY_ACK", 0x4, 1),
    )
