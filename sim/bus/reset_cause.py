# SPDX-License-Identifier: GPL-2.0-or-later
"""Why the chip was reset: some blocks keep their state, some tell the cause.

Spec: [RP2040] 2.12.7, 4.7; [RP2350] 7.4, 12.9.
"""

from __future__ import annotations

from enum import Enum


class ResetCause(Enum):
    """Causes of a reset of processors and blocks. RAM is lost with the power only."""

    POWER_ON = "power-on"
    RUN_PIN = "RUN pin"
    WATCHDOG_TIMER = "watchdog ran out"
    WATCHDOG_FORCE = "watchdog trigger"
    SYSTEM_REQUEST = "SYSRESETREQ"
    GLITCH = "glitch detector"
    ROM_ENTRY = "jump to the boot ROM's entry"

    @property
    def whole_chip(self) -> bool:
        """True for the causes that no register survives."""
        return self in (ResetCause.POWER_ON, ResetCause.RUN_PIN)
