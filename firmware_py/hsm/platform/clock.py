# SPDX-License-Identifier: GPL-2.0-or-later
"""The time of day, once a host has told it, until the power goes.

Nothing in the card trusts it: anybody may set it.
"""

from hsm_port import uptime_s

_WORD = 0xFFFFFFFF


class Clock:
    """Seconds since 1970-01-01 UTC, as a number of 32 bits."""

    def __init__(self):
        self._started_at_s = None

    def set(self, now_s):
        """It is `now_s`."""
        self._started_at_s = now_s - uptime_s()

    def now_s(self):
        """The time, or None if nobody has set it."""
        if self._started_at_s is None:
            return None
        return (self._started_at_s + uptime_s()) & _WORD
