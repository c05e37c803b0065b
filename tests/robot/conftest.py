# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs suites as `nox -s robot` does, without building an image first."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.paths import BUILD, PROJECT

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def suites(tmp_path: Path) -> Run:
    """`python -m robot_tests` with arguments; `fault` chooses a back end of faulty_backends."""

    def run(*arguments: str, fault: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "robot_tests", "--output", str(tmp_path), *arguments]
        if fault:
            command += ["--backend", "tests.robot.faulty_backends"]
        environment = {**os.environ, "HSM_FAULT": fault}
        return subprocess.run(command, cwd=PROJECT, text=True, capture_output=True, env=environment)

    return run


@pytest.fixture
def image() -> None:
    """The test needs the built image of board pico."""
    if not (BUILD / "pico" / "hsm.uf2").exists():
        pytest.fail("no image for board pico: run `nox -s firmware`", pytrace=False)
