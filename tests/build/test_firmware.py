# SPDX-License-Identifier: GPL-2.0-or-later
"""The build: nothing runs twice, the same bits everywhere, one line per error."""

import os
import shutil
import subprocess
import sys

import pytest

import boards
from tests.build.test_tidy import tracked_files
from tools import debian, firmware, progress
from tools.errors import EXIT_FAILED, ToolError
from tools.lock import sha256_of
from tools.paths import PROJECT


def run(*arguments: str, folder=PROJECT, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs the command line of the build."""
    command = [sys.executable, "-m", "tools.firmware", *arguments]
    return subprocess.run(
        command, cwd=folder, env={**os.environ, **environment}, text=True, capture_output=True
    )


def test_an_unknown_board_is_one_line():
    result = run("--board", "nano")
    assert result.returncode == 2
    assert result.stderr == "error: unknown board 'nano'; known boards: pico, pico2\n"


def test_a_missing_tool_is_one_line_to_copy(tmp_path):
    # A machine with a few programs, and no cross compiler or ninja among them.
    for name in ("g++", "make", "cmake", "dpkg-source", "xz"):
        program = shutil.which(name)
        assert program
        (tmp_path / name).symlink_to(program)
    result = run(PATH=str(tmp_path))
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert "gcc-arm-none-eabi libnewlib-arm-none-eabi" in line and "ninja-build" in line
    assert "sudo apt-get install" in line and "cmake" not in line


def test_a_path_with_blanks_is_refused(tmp_path):
    result = run("--build-dir", str(tmp_path / "my builds"))
    assert result.returncode == 2
    assert result.stderr.endswith(f"a path with blanks: {tmp_path}/my builds\n")


def test_nothing_runs_when_nothing_has_changed(images, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a command was run")

    before = {image.file("uf2"): image.file("uf2").stat().st_mtime_ns for image in images.values()}
    monkeypatch.setattr(progress, "run", refuse)
    firmware.build()
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_an_image_that_is_not_what_was_built_is_made_again(images):
    """The note of what was built is changed, not the image: other tests may be reading it."""
    image = images["pico", "hsm"]
    stamp = image.folder / ".hsm.json"
    noted = stamp.read_text()
    stamp.write_text(noted.replace(sha256_of(image.file("bin")), "0" * 64))
    before = image.file("bin").stat().st_ino
    firmware.build(["pico"])
    assert image.file("bin").stat().st_ino != before
    assert stamp.read_text() == noted


def test_a_failing_step_shows_its_end_and_how_to_repeat_it(capsys):
    script = "echo first; echo the reason; exit 3"
    with pytest.raises(ToolError, match="building it failed; to repeat it: make it") as caught:
        progress.run("building it", ["sh", "-c", script], repeat="make it")
    assert caught.value.status == EXIT_FAILED
    assert "the reason" in capsys.readouterr().out


def test_every_missing_package_has_a_name_once():
    absent = debian.Need("thing", lambda: False)
    present = debian.Need("other", lambda: True)
    assert debian.missing([absent, present, absent]) == ["thing"]


def test_two_clean_builds_in_different_folders_are_identical(images, tmp_path):
    """Builds a copy of the checkout from nothing; host tools and downloads come from the cache."""
    copy = tmp_path / "another-place" / "hsm"
    for path in tracked_files():
        target = copy / path.relative_to(PROJECT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    result = run("--quiet", "--build-dir", str(tmp_path / "out"), folder=copy)
    assert result.returncode == 0, result.stdout + result.stderr
    for name in boards.names():
        for target in firmware.TARGETS:
            expected = sha256_of(images[name, target].file("uf2"))
            assert sha256_of(tmp_path / "out" / name / f"{target}.uf2") == expected
