# SPDX-License-Identifier: GPL-2.0-or-later
"""IO_BANK0: function select of the GPIOs; no edge interrupts.

Spec: [RP2040] 2.19; [RP2350] 9.11.
"""

from __future__ import annotations

from sim.bus.peripheral import Peripheral
from sim.bus.register import Register

FUNCSEL_NULL = 0x1F


def _pins(count: int) -> tuple[Register, ...]:
    return tuple(Register(f"GPIO{n}_CTRL", 8 * n + 4, FUNCSEL_NULL) for n in range(count))


class IoBank0Rp2040(Peripheral):
    """30 pins."""

    NAME = "IO_BANK0"
    REGISTERS = _pins(30)


class IoBank0Rp2350(Peripheral):
    """48 pins."""

    NAME = "IO_BANK0"
    REGISTERS = _pins(48)
