# SPDX-License-Identifier: GPL-2.0-or-later
"""Power that fails at a chosen flash operation, and what its cells hold then."""

from __future__ import annotations

from dataclasses import dataclass


class PowerCut(Exception):
    """The power failed; the cells hold what the plan says. Only `power_on` helps now."""


@dataclass(frozen=True)
class PowerCutPlan:
    """Fail at the operation with journal index `operation_index`.

    `tear`: by name (sim.flash.faults): `none` is just before the operation, `full` just after.
    """

    operation_index: int
    tear: str
    seed: int = 0
