# SPDX-License-Identifier: GPL-2.0-or-later
"""The product image of a board, as the build left it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from tools.errors import ToolError
from tools.paths import BUILD

NAME_DIGITS = 8


def image_of(board: str) -> Path:
    """Where the build leaves the image of `board`."""
    return BUILD / board / "hsm.uf2"


def image_name(board: str) -> str:
    """What tells the image of `board` from every other: figures are of one image."""
    return hashlib.sha256(image_of(board).read_bytes()).hexdigest()[:NAME_DIGITS]


def require_images(boards: Iterable[str]) -> None:
    """ToolError when the image of one of `boards` is not there."""
    for board in boards:
        if not image_of(board).exists():
            raise ToolError(f"{image_of(board)} is not there: run `nox -s firmware`")
