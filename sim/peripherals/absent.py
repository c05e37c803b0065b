# SPDX-License-Identifier: GPL-2.0-or-later
"""A block of the chip without a model: an access stops the run with its name."""

from __future__ import annotations

from sim.bus.peripheral import Peripheral
from sim.bus.unmodelled import UnmodelledAccess


class Absent(Peripheral):
    """No registers at all, held in reset or not."""

    def bus_read(self, offset: int, size: int) -> int:
        """Refused."""
        raise UnmodelledAccess(self.name, offset, "read")

    def bus_write(self, offset: int, size: int, value: int) -> None:
        """Refused."""
        raise UnmodelledAccess(self.name, offset, "write")
