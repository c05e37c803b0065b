# SPDX-License-Identifier: GPL-2.0-or-later
"""The store of the image at its limits: memory, mount, capacity, nothing lost."""

from __future__ import annotations

import pytest

from tests.image import full_store
from tests.image.conftest import image_path

INDEX_BYTES_MAX = 24 * 1024
MOUNT_INSTRUCTIONS_MAX = 60_000_000
FILE_BYTES_MIN = 1024 * 1024


def test_255_keys_and_200_files_fit_the_memory_of_the_smaller_chip():
    figures = full_store.measure_index("pico", image_path("pico"))
    assert figures["index_heap_bytes"] < INDEX_BYTES_MAX


@pytest.mark.parametrize("board", ["pico", "pico2"])
def test_a_mebibyte_of_files_fits_and_boots(board: str):
    figures = full_store.measure_capacity(board, image_path(board))
    assert figures["file_bytes"] >= FILE_BYTES_MIN
    assert figures["full_boot_instructions"] < MOUNT_INSTRUCTIONS_MAX
