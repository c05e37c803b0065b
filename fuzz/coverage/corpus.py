# SPDX-License-Identifier: GPL-2.0-or-later
"""Inputs that touched something new, in one file per board and target."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from fuzz.coverage.inputs import Input, UnknownInputError
from tools.errors import ToolError
from tools.product import image_of

_HEAD = "image "


def image_digest(board: str) -> str:
    """SHA-256 of the image, hexadecimal."""
    return hashlib.sha256(image_of(board).read_bytes()).hexdigest()


def path_of(folder: Path, board: str, target: str) -> Path:
    """Where the corpus of a board and target is."""
    return folder / f"{board}-{target}.txt"


def save(folder: Path, board: str, target: str, inputs: Sequence[Input]) -> None:
    """Write a corpus, with the image that it was found on."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [_HEAD + image_digest(board), *(one.text for one in inputs)]
    path_of(folder, board, target).write_text("\n".join(lines) + "\n")


def load(folder: Path, board: str, target: str, *, adopt: bool) -> list[Input]:
    """A corpus; empty if there is none. ToolError for one of another image, unless `adopt`."""
    if folder.exists() and not folder.is_dir():
        raise ToolError(f"{folder} is no folder: a corpus has a file for each board and target")
    path = path_of(folder, board, target)
    if not path.exists():
        return []
    head, *lines = path.read_text(errors="replace").splitlines() or [""]
    if not head.startswith(_HEAD):
        raise ToolError(f"{path} is no corpus: its first line does not name an image")
    if head != _HEAD + image_digest(board) and not adopt:
        raise ToolError(f"{path} is of another image: --adopt measures its inputs on this one")
    try:
        return [Input.parse(line) for line in lines]
    except UnknownInputError as error:
        raise ToolError(f"{path}: {error}") from None
