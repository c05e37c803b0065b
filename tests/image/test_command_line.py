# SPDX-License-Identifier: GPL-2.0-or-later
"""Wrong input to `python -m sim`: one clear line, exit status 2."""

import errno
import os
from pathlib import Path

import pytest

import boards
from sim.__main__ import main
from sim.flash import flash_file
from sim.flash.nor_flash import NorFlash
from sim.life import main as life
from tests.image.conftest import image_path

APDU = "0084000008"


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
    for command in (("run",), ("serve",), ("apdu", APDU)):
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
    assert list(tmp_path.iterdir()) == [flash]


def test_a_flash_file_that_cannot_be_kept_is_refused_first(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for path, reason in (
        (tmp_path / "absent" / "x.flash", "folder"),
        (tmp_path, "directory"),
        # Not writable even for root.
        (Path("/proc/self/x.flash"), "not writable"),
    ):
        for command in (("serve",), ("apdu", APDU)):
            line = complaint(capsys, *command, "--board", "pico", "--flash", str(path))
            assert str(path) in line and reason in line


def test_a_flash_file_in_use_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "x.flash"
    link = tmp_path / "y.flash"
    link.symlink_to(path)
    with flash_file.held(path):
        for name in (path, link):
            for command in (("serve",), ("apdu", APDU)):
                line = complaint(capsys, *command, "--board", "pico", "--flash", str(name))
                assert "another process uses it" in line
    assert list(tmp_path.iterdir()) == [link]
    with flash_file.held(path):
        pass


def test_a_flash_file_that_cannot_be_written_fails_in_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.flash"
    path.write_bytes(NorFlash(boards.load("pico").flash.size_bytes).contents())
    before = path.read_bytes()

    def full(self: Path, data: bytes) -> None:
        with self.open("wb") as file:
            file.write(data[:1000])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    assert main(["apdu", "--board", "pico", "--flash", str(path), APDU]) == 1
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1 and "No space left" in captured.err
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_run_reads_a_flash_file_and_makes_none(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    line = complaint(capsys, "run", "--board", "pico", "--flash", str(tmp_path / "x.flash"))
    assert "not there" in line
    assert list(tmp_path.iterdir()) == []


def test_help_names_the_boards(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("life", "serve", "apdu", "run"):
        with pytest.raises(SystemExit):
            main([command, "--help"])
        assert "pico, pico2" in " ".join(capsys.readouterr().out.split())


def test_an_apdu_must_be_hexadecimal(capsys: pytest.CaptureFixture[str]) -> None:
    assert "hexadecimal" in complaint(capsys, "apdu", "--board", "pico", "xyz")
    for short in ("", "00", "00a404"):
        assert "CLA INS P1 P2" in complaint(capsys, "apdu", "--board", "pico", short)


def test_ctrl_c_says_stopped(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(life, "live", interrupted)
    assert main(["life", "--board", "pico"]) == 130
    assert capsys.readouterr().err == "stopped\n"


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
