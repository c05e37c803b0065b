# SPDX-License-Identifier: GPL-2.0-or-later
"""Flashing: the right board gets the image, a wrong one nothing."""

import struct

import pytest

import boards
from tools import flash
from tools.errors import ToolError

PICO, PICO2 = boards.load("pico"), boards.load("pico2")
FAMILIES = {"rp2040": 0xE48B_FF56, "rp2350": 0xE48B_FF59, "absolute": 0xE48B_FF57}
BOARD_IDS = {"rp2040": "RPI-RP2", "rp2350": "RP2350"}


def uf2(*families: str) -> bytes:
    """A UF2 file with one block per family named; each family's blocks are counted apart."""
    blocks = []
    for position, family in enumerate(families):
        number, count = families[:position].count(family), families.count(family)
        header = (*flash.UF2_MAGIC, 0x2000, 0x1000_0000, 256, number, count)
        block = struct.pack("<8I", *header, FAMILIES[family]).ljust(508, b"\0")
        blocks.append(block + struct.pack("<I", flash.UF2_END_MAGIC))
    return b"".join(blocks)


@pytest.fixture
def image(tmp_path):
    """Makes an image for a chip."""

    def make(*families: str):
        path = tmp_path / "hsm.uf2"
        path.write_bytes(uf2(*families))
        return path

    return make


@pytest.fixture
def drive(tmp_path):
    """Makes a BOOTSEL drive of a chip, with a blank in its name as desktops like it."""

    def make(chip: str, name: str = "a drive"):
        folder = tmp_path / name
        folder.mkdir()
        text = f"UF2 Bootloader v3.0\r\nModel: Raspberry Pi\r\nBoard-ID: {BOARD_IDS[chip]}\r\n"
        (folder / flash.INFO_FILE).write_text(text)
        return folder

    return make


@pytest.fixture
def mounts(tmp_path, monkeypatch):
    """Writes the kernel's list of mounts; no picotool is installed."""
    monkeypatch.setenv("PATH", str(tmp_path / "no-programs"))

    def make(*folders):
        path = tmp_path / "mounts"
        escaped = [str(folder).replace(" ", "\\040") for folder in folders]
        path.write_text("".join(f"/dev/sdb1 {name} vfat rw 0 0\n" for name in ["/", *escaped]))
        return path

    return make


@pytest.mark.parametrize("board", [PICO, PICO2], ids=lambda board: board.name)
def test_image_is_copied_to_the_drive_that_fits(board, image, drive, mounts, capsys):
    other = "rp2350" if board.chip == "rp2040" else "rp2040"
    right, wrong = drive(board.chip), drive(other, "other")
    path = image(board.chip)
    flash.flash(board, path, None, mounts(wrong, right))
    assert (right / "hsm.uf2").read_bytes() == path.read_bytes()
    assert not (wrong / "hsm.uf2").exists()
    assert "starts it now" in capsys.readouterr().out


def test_drive_may_be_named(image, drive):
    folder = drive("rp2350")
    # Block 0 of another family: what picotool puts there against an erratum.
    flash.flash(PICO2, image("absolute", "rp2350"), folder)
    assert (folder / "hsm.uf2").exists()


def test_wrong_chip_on_the_drive_is_refused(image, drive, mounts):
    folder = drive("rp2350")
    with pytest.raises(ToolError, match="for the RP2040, but the board at .* is an RP2350"):
        flash.flash(PICO, image("rp2040"), None, mounts(folder))
    with pytest.raises(ToolError, match="nothing was written"):
        flash.flash(PICO, image("rp2040"), folder)
    assert not (folder / "hsm.uf2").exists()


def test_image_for_another_board_is_refused(image, drive):
    folder = drive("rp2040")
    with pytest.raises(ToolError, match="for the RP2350, but board pico has an RP2040"):
        flash.flash(PICO, image("rp2350"), folder)


def test_two_boards_need_a_choice(image, drive, mounts):
    listed = mounts(drive("rp2040", "one"), drive("rp2040", "two"))
    with pytest.raises(ToolError, match="choose one with --drive: .*one, .*two"):
        flash.flash(PICO, image("rp2040"), None, listed)


def test_no_board_is_said_plainly(image, mounts):
    with pytest.raises(ToolError, match="no board in BOOTSEL mode") as caught:
        flash.flash(PICO, image("rp2040"), None, mounts())
    assert caught.value.status == 2


def test_a_folder_that_is_no_drive_is_refused(image, tmp_path):
    with pytest.raises(ToolError, match="is not the drive of a board"):
        flash.flash(PICO, image("rp2040"), tmp_path)
    (tmp_path / flash.INFO_FILE).write_text("Board-ID: SAMD51\n")
    with pytest.raises(ToolError, match="another kind of board"):
        flash.flash(PICO, image("rp2040"), tmp_path)


@pytest.mark.parametrize("cut", [slice(0, 512), slice(512, None), slice(0, 0, 1)])
def test_image_cut_at_a_block_is_refused(cut, tmp_path, drive):
    path = tmp_path / "hsm.uf2"
    path.write_bytes(uf2("rp2040", "rp2040", "rp2040")[cut])
    folder = drive("rp2040")
    with pytest.raises(ToolError, match="truncated UF2|not a whole UF2") as caught:
        flash.flash(PICO, path, folder)
    assert caught.value.status == 2
    assert not (folder / "hsm.uf2").exists()


def test_foreign_drives_do_not_matter_beside_the_right_one(image, drive, mounts, tmp_path):
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / flash.INFO_FILE).write_text("Board-ID: SAMD21G18A-Feather-v0\n")
    right = drive("rp2040")
    flash.flash(PICO, image("rp2040"), None, mounts(foreign, right))
    assert (right / "hsm.uf2").exists()
    with pytest.raises(ToolError, match="another kind of board"):
        flash.flash(PICO, image("rp2040"), None, mounts(foreign))
    assert not (foreign / "hsm.uf2").exists()


def test_a_drive_that_cannot_be_written_is_told_in_one_line(image, drive):
    folder = drive("rp2040")
    # Not writable even for root.
    (folder / "hsm.uf2").symlink_to("/proc/version")
    path = image("rp2040")
    with pytest.raises(ToolError, match="could not be written to") as caught:
        flash.flash(PICO, path, folder)
    assert caught.value.status == 1 and "\n" not in str(caught.value)


@pytest.mark.parametrize("damage", [b"", uf2("rp2040")[:-1], b"\0" * 512, uf2("absolute")])
def test_damaged_image_is_refused(damage, tmp_path, drive):
    path = tmp_path / "hsm.uf2"
    path.write_bytes(damage)
    with pytest.raises(ToolError):
        flash.flash(PICO, path, drive("rp2040"))


def test_missing_image_names_the_command(tmp_path, monkeypatch):
    with pytest.raises(ToolError, match="hsm.uf2 is not there$"):
        flash.flash(PICO, tmp_path / "hsm.uf2", None)
    monkeypatch.setattr(flash.paths, "BUILD", tmp_path)
    with pytest.raises(ToolError, match="nox -s firmware"):
        flash.flash(PICO, flash.built_image(PICO), None)


def test_a_folder_is_no_image(tmp_path):
    with pytest.raises(ToolError, match="directory"):
        flash.flash(PICO, tmp_path, None)


@pytest.mark.parametrize("chip", ["rp2040", "rp2350", None])
def test_picotool_is_used_when_it_sees_a_board(chip, image, mounts, tmp_path, monkeypatch):
    listed = mounts()
    picotool = tmp_path / "picotool"
    seen = f"echo 'type: {chip.upper()}'" if chip else "echo 'No accessible devices'; exit 249"
    picotool.write_text(
        f'#!/bin/sh\nif [ "$1" = info ]; then {seen}; else echo "$@" > {tmp_path}/loaded; fi\n'
    )
    picotool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    path = image("rp2040")
    if chip == "rp2040":
        flash.flash(PICO, path, None, listed)
        assert str(path) in (tmp_path / "loaded").read_text()
    else:
        with pytest.raises(ToolError, match="nothing was written" if chip else "no board"):
            flash.flash(PICO, path, None, listed)
        assert not (tmp_path / "loaded").exists()
