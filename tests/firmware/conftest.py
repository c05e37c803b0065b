# SPDX-License-Identifier: GPL-2.0-or-later
"""Desktop tests of the firmware: twins of the C modules on the import path."""

import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

_HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(_HERE / "twins"), str(_HERE.parents[1] / "firmware_py"), str(_HERE)]


@pytest.fixture(autouse=True)
def _every_test_alike() -> Iterator[None]:
    """The same random numbers in each run; handles that a test left behind do not outlive it."""
    import hsm_crypto

    hsm_crypto.draw = Random(0).randbytes
    yield
    hsm_crypto.live_handles.clear()
