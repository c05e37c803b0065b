# SPDX-License-Identifier: GPL-2.0-or-later
"""What the owner makes the device ask for: button, counters, a lock's mask.

Source: [SCHSM] 13.4, 23.
"""

from __future__ import annotations

import hashlib

from robot.api.deco import keyword, library

from robot_tests.backends.backend import Capability
from robot_tests.keywords.bench import bench
from robot_tests.keywords.outcomes import expecting
from sim.life import services
from sim.life.secure_lock import SecureLock

# The high byte of the device options.
OPTIONS = {"none": 0x00, "press to confirm": 0x01, "counters on all keys": 0x02}


def _lock(host: str) -> SecureLock:
    return SecureLock(bench().card, hashlib.sha256(host.encode()).digest())


@library(scope="GLOBAL", auto_keywords=False)
class Policy:
    """Options can change while the user is logged in; the lock needs the mask that a host keeps."""

    @keyword
    def set_option(self, option: str, refused: str | None = None) -> None:
        """``press to confirm``, ``counters on all keys``, or ``none``."""
        with expecting(refused):
            services.set_options(bench().card, OPTIONS[option])

    @keyword
    def press_the_button_when_asked(self) -> None:
        """Somebody presses it while the next command waits."""
        bench().need(Capability.BUTTON)
        bench().press_next = True

    @keyword
    def lock_the_device_with_the_mask_of(self, host: str, refused: str | None = None) -> None:
        """From now on the PIN alone opens nothing."""
        with expecting(refused):
            _lock(host).enable()

    @keyword
    def unlock_the_device_with_the_mask_of(self, host: str, refused: str | None = None) -> None:
        """For this session."""
        with expecting(refused):
            _lock(host).unlock()

    @keyword
    def take_the_lock_away_with_the_mask_of(self, host: str, refused: str | None = None) -> None:
        """For good."""
        with expecting(refused):
            _lock(host).disable()
