# SPDX-License-Identifier: GPL-2.0-or-later
"""The image and the self-test image hold the same crypto code, byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest

import boards
from tests.crypto import objects
from tools import paths


def archive(board: str) -> Path:
    """The board's crypto library, which both of its images are linked with."""
    path = paths.BUILD / board / "cmake" / "native_crypto" / objects.ARCHIVE
    if not path.exists():
        pytest.fail(f"no crypto library for {board}: run `nox -s firmware`", pytrace=False)
    return path


@pytest.mark.parametrize("board", boards.names())
def test_everything_in_the_image_is_in_the_self_test(board: str):
    """What the known answers prove, they prove of all crypto code that ships."""
    folder = paths.BUILD / board
    shipped = objects.linked(folder / "hsm.map")
    tested = objects.linked(folder / "hsm_selftest.map")
    assert len(shipped) > 150
    assert set(shipped) <= set(tested), sorted(set(shipped) - set(tested))


@pytest.mark.parametrize("board", boards.names())
@pytest.mark.parametrize("image", ["hsm", "hsm_selftest"])
def test_images_hold_what_was_compiled(board: str, image: str):
    """Each linked section has the archive's bytes, but for the words that hold addresses."""
    compiled = objects.compiled(archive(board))
    folder = paths.BUILD / board
    memory = objects.Image(folder / f"{image}.elf")
    for key, (address, size) in objects.linked(folder / f"{image}.map").items():
        section = compiled[key]
        in_image = section.without_relocations(memory.read(address, len(section.contents)))
        assert size >= len(section.contents)
        assert in_image == section.contents, key
