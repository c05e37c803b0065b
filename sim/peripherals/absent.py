# SPDX-License-Identifier: GPL-2.0-or-later
"""A block of the chip without a model: every access stops the run with the block's name."""

from __future__ import annotations

from sim.bus.peripheral import Peripheral


class Absent(Peripheral):
    """No registers at all."""
