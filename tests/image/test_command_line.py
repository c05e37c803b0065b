# SPDX-License-Identifier: GPL-2.0-or-later
"""Wrong input to `python -m sim`: one clear line, exit status 2."""

from pathlib import Path

import pytest

import boards
from sim.__main__ import main
from tests.image.conftest import image_path


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line that a refused command prints."""
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    return captured.err


def test_help_names_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    output = capsys.readouterr().out
    assert all(name in output for name in ("life", "serve", "apdu", "run"))


def test_an_unknown_board_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    for command in (("run",), ("serve",), ("apdu", "00")):
        line = complaint(capsys, *command, "--board", "pico9")
        assert "unknown board 'pico9'" in line and "pico, pico2" in line


@pytest.mark.parametrize("board", boards.names())
def test_an_image_for_the_other_chip_is_refused(
    capsys: pytest.CaptureFixture[str], board: str
) -> None:
    (other,) = [name for name in boards.names() if name != board]
    line = complaint(capsys, "run", "--board", board, "--image", str(image_path(other)))
    assert boards.load(other).chip.upper() in line and boards.load(board).chip.upper() in line


@pytest.mark.parametrize("keep", [0, 100, 512, 512 * 40, -512, -1])
def test_a_truncated_image_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, keep: int
) -> None:
    image = tmp_path / "cut.uf2"
    image.write_bytes(image_path("pico").read_bytes()[:keep])
    line = complaint(capsys, "run", "--board", "pico", "--image", str(image))
    assert str(image) in line


def test_an_absent_image_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    line = complaint(capsys, "run", "--board", "pico", "--image", str(tmp_path / "absent.uf2"))
    assert "absent.uf2" in line


@pytest.mark.parametrize("size_bytes", [0, 1, 2 * 1024 * 1024 - 1, 2 * 1024 * 1024 + 1])
def test_a_flash_file_of_the_wrong_size_is_left_alone(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, size_bytes: int
) -> None:
    flash = tmp_path / "flash"
    flash.write_bytes(b"\x5a" * size_bytes)
    for command in (("run",), ("serve",), ("apdu", "00840000 08")):
        line = complaint(capsys, *command, "--board", "pico", "--flash", str(flash))
        assert str(flash) in line
    assert flash.read_bytes() == b"\x5a" * size_bytes


def test_an_apdu_must_be_hexadecimal(capsys: pytest.CaptureFixture[str]) -> None:
    assert "hexadecimal" in complaint(capsys, "apdu", "--board", "pico", "xyz")


def test_apdus_are_sent_and_the_flash_is_kept(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    flash = tmp_path / "flash"
    assert main(["apdu", "--board", "pico", "--flash", str(flash), "0084000008", "00FE0000"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].endswith("9000") and lines[3] == "<< 6d00"
    assert flash.stat().st_size == boards.load("pico").flash.size_bytes


@pytest.mark.parametrize("board", boards.names())
def test_run_tells_what_the_device_is(capsys: pytest.CaptureFixture[str], board: str) -> None:
    assert main(["run", "--board", board]) == 0
    told = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert told["board"].startswith(board)
    # What the models let through without a model: a number that should not grow unseen.
    assert told["allowed"] == "0 registers without a model"
