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


def test_missing_file_names_the_package(tmp_path):
    with pytest.raises(ToolError, match="apt-get install libccid"):
        reader_identity.write(tmp_path / "absent", {})
