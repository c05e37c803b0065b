# SPDX-License-Identifier: GPL-2.0-or-later
"""The built images, made once per run (and not again when nothing has changed)."""

import pytest

import boards
from tools import firmware


@pytest.fixture(scope="session")
def images():
    """Images by (board name, target)."""
    return {(image.board, image.target): image for image in firmware.build()}


@pytest.fixture(params=boards.names())
def board(request):
    """Each board in turn."""
    return boards.load(request.param)


@pytest.fixture(params=firmware.TARGETS)
def image(request, board, images):
    """Each image of each board in turn."""
    return images[board.name, request.param]
