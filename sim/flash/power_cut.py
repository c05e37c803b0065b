# SPDX-License-Identifier: GPL-2.0-or-later
"""Power that fails at a chosen flash operation: before, after, or in its middle."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class PowerCut(Exception):
    """The power failed; the cells hold what the plan says. Only `power_on` helps now."""


class CutPoint(Enum):
    """Where the power fails relative to the operation."""

    BEFORE = "before"
    AFTER = "after"
    TORN = "torn"


@dataclass(frozen=True)
class PowerCutPlan:
    """Fail at the operation with journal index `operation_index`.

    `torn_bytes` (for TORN): so many bytes from the start have their new value, the rest the old
    one.
    """

    operation_index: int
    point: CutPoint
    torn_bytes: int = 0
