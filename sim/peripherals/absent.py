# SPDX-License-Identifier: GPL-2.0-or-later
"""A block of the chip without a model: an access stops the run with its name."""

from __future__ import annotations

from sim.bus.peripheral import Peripheral


class Absent(Peripheral):
    """No registers at all."""
