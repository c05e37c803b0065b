# SPDX-License-Identifier: GPL-2.0-or-later
"""Desktop tests of the firmware: twins of the C modules on the import path."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

_HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(_HERE / "twins"), str(_HERE.parents[1] / "firmware_py"), str(_HERE)]


@pytest.fixture(autouse=True)
def _empty_pool() -> Iterator[None]:
    """Handles that a test left behind do not outlive it."""
    import hsm_crypto

    yield
    hsm_crypto.live_handles.clear()
