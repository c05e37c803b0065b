# SPDX-License-Identifier: GPL-2.0-or-later
"""Puts the firmware and its twins on the import path; import this first."""

from __future__ import annotations

import sys

from tools.paths import PROJECT

_FIRMWARE_TESTS = PROJECT / "tests" / "firmware"
FOLDERS = [_FIRMWARE_TESTS / "twins", PROJECT / "firmware_py", _FIRMWARE_TESTS]

for folder in reversed(FOLDERS):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
