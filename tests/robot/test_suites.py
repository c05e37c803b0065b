# SPDX-License-Identifier: GPL-2.0-or-later
"""Suites hold together, refuse wrong input in one line, and can fail."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from robot_tests.backends.backend import BackendError
from robot_tests.backends.chip_model import open_backend
from tests.robot.conftest import Run
from tools.paths import PROJECT
from tools.product import image_of

SUITES = PROJECT / "robot_tests" / "suites"

# Suite, one of its tests, and a fault that this test must find.
PLANTED = (
    (
        "initialise",
        "A Damaged Store Is Reported, Kept As It Is, And Starts Anew On Request",
        "formats what it cannot read",
    ),
    (
        "pins",
        "A Wrong PIN Costs A Try, And A Power Cycle Does Not Give It Back",
        "forgets at power-off",
    ),
    ("keys", "Any Hash Can Be Signed", "signs wrongly"),
    ("key_kinds", "AES Keys Of All Sizes Encrypt And Decrypt", "encrypts wrongly"),
    ("key_backup", "A Key Signs On The Other Device", "signs wrongly"),
    (
        "files",
        "120 KB In Odd Pieces: Written, Read, Changed In The Middle",
        "reads with short offsets",
    ),
    ("trust", "Two Of Three Custodians Open The Keys", "calls refusal success"),
    (
        "secure_messaging",
        "A Changed Command Ends Channel And Session",
        "calls a wrong MAC success",
    ),
    ("policy", "Under The Lock The PIN Opens Nothing", "calls refusal success"),
    ("wallet", "The Tree On P-256 Is The Published One", "shows another node"),
    ("rescue", "A Name Is Kept When The Button Was Pressed", "forgets at power-off"),
    ("power_loss", "A Wrong PIN Costs Its Try, Or Was Never Compared", "loses a sector when cut"),
    ("rollback", "A Deleted Key Does Not Come Back", "calls damage success"),
    ("wear", "Logging In Erases Nothing", "erases at each login"),
)


def names() -> list[str]:
    """All suites, without their numbers."""
    return [path.stem.split("_", 1)[1] for path in sorted(SUITES.glob("[0-9]*.robot"))]


def test_all_keywords_exist(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "robot", "--pythonpath", str(PROJECT), "--dryrun"]
    # Each by its name: without the output alone, a report would still be written.
    command += ["--output", "NONE", "--log", "NONE", "--report", "NONE"]
    command += ["--console", "quiet", str(SUITES)]
    result = subprocess.run(command, cwd=tmp_path, text=True, capture_output=True)
    assert result.returncode == 0, result.stdout + result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("--board", "nano"), "unknown board 'nano'; known boards: pico, pico2"),
        (("--backend", "oracle"), "unknown back end 'oracle'; known back ends: chip_model"),
        (("--backend", "no.such.module"), "unknown back end 'no.such.module'"),
        (("--suite", "poetry"), f"unknown suite 'poetry'; known suites: {', '.join(names())}"),
        (("--image", "x.uf2"), "--image needs exactly one --board"),
        (("--image", "x.uf2", "--board", "pico"), "no image x.uf2: "),
    ],
)
def test_wrong_input_is_refused_in_one_line(
    suites: Run, arguments: tuple[str, ...], line: str
) -> None:
    result = suites(*arguments)
    assert result.returncode == 2
    assert result.stderr.startswith(f"error: {line}")
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


@pytest.mark.usefixtures("image")
def test_a_test_that_is_not_there_is_told_in_one_line(suites: Run) -> None:
    result = suites("--board", "pico", "--test", "No Such Test")
    assert result.returncode == 2
    assert "contains no tests matching name 'No Such Test'" in result.stderr
    assert result.stderr.count("\n") == 1


def test_each_suite_has_a_planted_fault() -> None:
    assert [suite for suite, _, _ in PLANTED] == names()


@pytest.mark.usefixtures("image")
def test_the_tests_below_pass_without_a_fault(suites: Run) -> None:
    chosen = [word for _, test, _ in PLANTED for word in ("--test", test)]
    result = suites("--board", "pico", *chosen, fault="none")
    assert result.returncode == 0, result.stdout + result.stderr
    assert f" {len(PLANTED)} passed   0 failed   0 skipped" in result.stdout


@pytest.mark.usefixtures("image")
@pytest.mark.parametrize(("suite", "test", "fault"), PLANTED, ids=[row[0] for row in PLANTED])
def test_suites_can_fail(suites: Run, suite: str, test: str, fault: str) -> None:
    result = suites("--board", "pico", "--suite", suite, "--test", test, fault=fault)
    assert result.returncode == 1, result.stdout + result.stderr
    assert f"pico: FAIL: {test}: " in result.stdout
    assert "to repeat it: nox -s robot -- --board pico --suite " in result.stdout.splitlines()[-1]


@pytest.mark.usefixtures("image")
def test_what_a_back_end_cannot_do_is_skipped_with_its_reason(suites: Run, tmp_path: Path) -> None:
    result = suites("--board", "pico", "--suite", "pins", "--suite", "rollback", fault="poor")
    assert result.returncode == 0, result.stdout + result.stderr
    reason = "back end poor cannot read and replace the contents of the flash"
    assert f"pico: SKIP: A Deleted Key Does Not Come Back: {reason}" in result.stdout
    assert reason in (tmp_path / "output.xml").read_text()
    summary = next(line for line in result.stdout.splitlines() if " passed" in line)
    assert int(summary.split()[1]) > 15


def test_an_image_that_cannot_be_watched_is_refused(tmp_path: Path) -> None:
    """Without its symbols nobody could tell what a command leaves behind."""
    image = tmp_path / "hsm.uf2"
    shutil.copy(image_of("pico"), image)
    with pytest.raises(BackendError, match=r"^no ELF file beside the image: build it .*$"):
        open_backend("pico", image)
