# SPDX-License-Identifier: GPL-2.0-or-later
"""Desktop tests of the firmware: twins of the C modules on the import path."""

import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(_HERE / "twins"), str(_HERE.parents[1] / "firmware_py"), str(_HERE)]
