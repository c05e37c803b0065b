# SPDX-License-Identifier: GPL-2.0-or-later
"""Figures of campaigns in JSON files, each with the image that it is of.

A file holds a row for each task, by its name `BOARD/PART`; `image` of a row is the image's name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import boards
from tools.errors import ToolError
from tools.product import image_name, require_images


def enter(path: Path, campaign: str, parts: Sequence[str], rows: Mapping[str, dict]) -> None:
    """Put `rows` into a file beside those of other tasks that are there; as `read`.

    So tasks can be run one after the other. What is of another image than the present one goes.
    """
    of_images = {name: {"image": image_name(_board(name)), **row} for name, row in rows.items()}
    found = read(path, campaign, parts) | of_images
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1) + "\n")


def read(path: Path, campaign: str, parts: Sequence[str]) -> dict[str, dict]:
    """Rows of the present images in a file, in the order of `parts`; none without the file.

    Raises ToolError: an image is not there, or the file is not one of `campaign`.
    """
    found = of_present_images(_parsed(path, campaign, parts))
    order = sorted(found, key=lambda name: (parts.index(name.partition("/")[2]), name))
    return {name: found[name] for name in order}


def of_present_images(rows: Mapping[str, dict]) -> dict[str, dict]:
    """Those of `rows` whose image is the one that the build left. ToolError: there is none."""
    chosen = {_board(name) for name in rows}
    require_images(chosen)
    images = {board: image_name(board) for board in chosen}
    return {name: row for name, row in rows.items() if row["image"] == images[_board(name)]}


def _board(name: str) -> str:
    return name.partition("/")[0]


def _parsed(path: Path, campaign: str, parts: Sequence[str]) -> dict[str, dict]:
    if not path.exists():
        return {}
    try:
        found = json.loads(path.read_text())
        known = {f"{board}/{part}" for board in boards.names() for part in parts}
        if found.keys() <= known and all(row["image"] for row in found.values()):
            return found
    except (OSError, ValueError, AttributeError, LookupError, TypeError):
        pass
    raise ToolError(f"{path} has no figures of {campaign}: remove it, or name another file")
