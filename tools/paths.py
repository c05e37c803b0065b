# SPDX-License-Identifier: GPL-2.0-or-later
"""Where things are: the checkout, its build folder, the cache of all checkouts."""

from __future__ import annotations

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
BUILD = PROJECT / "build"
SOURCES = BUILD / "sources"


def cache() -> Path:
    """The cache folder: $PICO_HSM_CACHE, or pico-hsm in the user's cache folder."""
    chosen = os.environ.get("PICO_HSM_CACHE")
    if chosen:
        return Path(chosen).resolve()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "pico-hsm"
