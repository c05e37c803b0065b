# SPDX-License-Identifier: GPL-2.0-or-later
"""Parts of the port that need no chip, built for the desktop with sanitizers."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import boards
from tests.port.codec import Codec
from tests.port.on_chip import Chip

PORT = Path(__file__).parents[2] / "port"
COMPILE = (
    *("cc", "-std=gnu11", "-g", "-O1", "-Wall", "-Wextra", "-Werror"),
    *("-fsanitize=address,undefined", "-fno-sanitize-recover=all", f"-I{PORT}"),
)


def compile_program(folder: Path, name: str, *sources: str) -> Path:
    """Build tests/port/<name>.c with sources of the port; returns the program."""
    program = folder / name
    files = [str(Path(__file__).parent / f"{name}.c"), *(str(PORT / source) for source in sources)]
    subprocess.run([*COMPILE, *files, "-o", str(program)], check=True)
    return program


@pytest.fixture(scope="session")
def codec_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_program(tmp_path_factory.mktemp("ccid"), "ccid_harness", "ccid.c")


@pytest.fixture(scope="session")
def health_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_program(tmp_path_factory.mktemp("health"), "health_harness", "health.c")


@pytest.fixture
def codec(codec_program: Path) -> Iterator[Codec]:
    with Codec(codec_program) as codec:
        yield codec


@pytest.fixture(scope="session", params=boards.names())
def booted_chip(request: pytest.FixtureRequest) -> Chip:
    return Chip(request.param)


@pytest.fixture
def chip(booted_chip: Chip) -> Chip:
    """An idle chip model with the image in it; every test gets it as it was after the boot."""
    booted_chip.rewind()
    return booted_chip
