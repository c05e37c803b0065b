# SPDX-License-Identifier: GPL-2.0-or-later
"""The libccid entry: written once, at one index of three arrays, comments kept."""

import plistlib

import pytest

import boards
from tools import reader_identity
from tools.errors import ToolError

INFO_PLIST = """<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0">
<dict>
\t<!-- Supported readers -->
\t<key>ifdVendorID</key>
\t<array>
\t\t<string>0x072F</string>
\t</array>
\t<key>ifdProductID</key>
\t<array>
\t\t<string>0x90CC</string>
\t</array>
\t<key>ifdFriendlyName</key>
\t<array>
\t\t<string>ACS ACR 38U-CCID</string>
\t</array>
</dict>
</plist>
"""


def test_entry_is_added_once_and_comments_stay(tmp_path, capsys):
    file = tmp_path / "Info.plist"
    file.write_text(INFO_PLIST)
    wanted = reader_identity.entry(boards.load("pico"))
    reader_identity.write(file, wanted)
    reader_identity.write(file, wanted)
    data = plistlib.loads(file.read_bytes())
    assert data["ifdVendorID"] == ["0x1209", "0x072F"]
    assert data["ifdProductID"] == ["0x0001", "0x90CC"]
    assert data["ifdFriendlyName"] == ["Pico HSM", "ACS ACR 38U-CCID"]
    assert "<!-- Supported readers -->" in file.read_text()
    assert (tmp_path / "Info.plist.before-pico-hsm").read_text() == INFO_PLIST
    assert "already" in capsys.readouterr().out


def test_another_file_is_left_alone(tmp_path):
    file = tmp_path / "Info.plist"
    other = INFO_PLIST.replace("ifdFriendlyName", "somethingElse")
    file.write_text(other)
    with pytest.raises(ToolError, match="not an Info.plist of libccid"):
        reader_identity.write(file, reader_identity.entry(boards.load("pico")))
    assert file.read_text() == other


@pytest.mark.parametrize(
    "contents",
    [b"", b"no plist", b"\xff\xfe", b"<plist><string>x</string></plist>", b"<plist>"],
)
def test_what_is_no_plist_is_refused_and_left_alone(contents, tmp_path):
    file = tmp_path / "Info.plist"
    file.write_bytes(contents)
    with pytest.raises(ToolError, match="not an Info.plist of libccid") as caught:
        reader_identity.write(file, reader_identity.entry(boards.load("pico")))
    assert caught.value.status == 2
    assert file.read_bytes() == contents


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(ToolError, match="directory"):
        reader_identity.write(tmp_path, reader_identity.entry(boards.load("pico")))


def test_without_write_it_tells_whether_anything_is_to_do(tmp_path, capsys, monkeypatch):
    file = tmp_path / "Info.plist"
    file.write_text(INFO_PLIST)
    monkeypatch.setattr("sys.argv", ["reader-identity", "--file", str(file)])
    assert reader_identity.main() == 0
    assert "<string>0x1209</string>" in capsys.readouterr().out
    reader_identity.write(file, reader_identity.entry(boards.load("pico")))
    capsys.readouterr()
    assert reader_identity.main() == 0
    assert capsys.readouterr().out == f"{file} lists 1209:0001 already\n"


def test_missing_file_names_the_package(tmp_path):
    with pytest.raises(ToolError, match="apt-get install libccid"):
        reader_identity.write(tmp_path / "absent", {})
