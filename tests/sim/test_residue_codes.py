# SPDX-License-Identifier: GPL-2.0-or-later
"""PINs and codes are read out of the commands that carry them."""

from __future__ import annotations

import pytest

from sim.apdu import command
from sim.residue.codes import codes

USER, OFFICER = 0x81, 0x88
KNOWN = [("PIN", b"648219"), ("PIN", b"64821900"), ("PIN", b"111111"), ("SO-PIN", b"57621880")]
CASES = {
    "VERIFY": (command(0, 0x20, 0, USER, b"648219"), {("PIN", b"648219")}),
    "VERIFY SO-PIN": (command(0, 0x20, 0, OFFICER, b"57621880"), {("SO-PIN", b"57621880")}),
    "VERIFY, extended": (
        command(0, 0x20, 0, USER, b"648219", extended=True),
        {("PIN", b"648219")},
    ),
    "VERIFY query": (command(0, 0x20, 0, USER), set()),
    "CHANGE": (
        command(0, 0x24, 0, USER, b"648219" + b"735182"),
        {("PIN", b"648219"), ("PIN", b"735182")},
    ),
    "CHANGE, two known ones fit": (
        command(0, 0x24, 0, USER, b"64821900" + b"735182"),
        {("PIN", b"648219"), ("PIN", b"00735182"), ("PIN", b"64821900"), ("PIN", b"735182")},
    ),
    "CHANGE, nobody knows the old one": (
        command(0, 0x24, 0, USER, b"999999735182"),
        {("PIN", b"999999735182")},
    ),
    "CHANGE SO-PIN": (
        command(0, 0x24, 0, OFFICER, b"99999999" + b"12348765"),
        {("SO-PIN", b"99999999"), ("SO-PIN", b"12348765")},
    ),
    "RESET RETRY COUNTER": (
        command(0, 0x2C, 0, USER, b"57621880" + b"735182"),
        {("SO-PIN", b"57621880"), ("PIN", b"735182")},
    ),
    "RESET RETRY COUNTER in a session": (
        command(0, 0x2C, 2, USER, b"73518200"),
        {("PIN", b"73518200")},
    ),
    "INITIALIZE": (
        command(0x80, 0x50, 0, 0, b"\x80\2\0\1\x81\x06648219\x82\x0857621880\x91\1\3"),
        {("PIN", b"648219"), ("SO-PIN", b"57621880")},
    ),
    "another command": (command(0x80, 0x68, 1, 0x73, b"648219"), set()),
    "no command": (b"\0\x20", set()),
}


@pytest.mark.parametrize("name", CASES)
def test_codes_of_a_command(name: str) -> None:
    apdu, expected = CASES[name]
    assert {(kind, value) for kind, value in codes(apdu, KNOWN) if value} == expected
