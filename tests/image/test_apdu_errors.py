# SPDX-License-Identifier: GPL-2.0-or-later
"""Bad APDUs get a status word, never silence, and the next command works."""

import pytest

from sim.apdu import command
from sim.device import Device

GOOD = command(0x00, 0x84, ne=8)

# INS bytes that no command has (protocol: "not implemented"), and 6X/9X, which T=0 reserves.
UNKNOWN_INS = (0x00, 0x70, 0x88, 0xCA, 0xD6, 0xE0, 0xFE)
UNKNOWN_CLA = (0x20, 0x40, 0x60, 0xA0, 0xE0, 0xFF)


def status(device: Device, apdu: bytes) -> str:
    """The status word, after checking that the device is well afterwards."""
    answer = device.transmit(apdu)
    assert device.transmit(GOOD)[-2:] == b"\x90\x00"
    return answer[-2:].hex().upper()


@pytest.mark.parametrize(
    "apdu",
    [
        "00A4040005A000",
        "00A4040002A0000000",
        "00A404000000",
        "00A40400000003A000",
        "00A40400000002A00000000000",
        "0020008106313233",
    ],
)
def test_a_wrong_lc_is_6700(device: Device, apdu: str) -> None:
    assert status(device, bytes.fromhex(apdu)) == "6700"


def test_a_command_without_lc_is_the_commands_affair(device: Device) -> None:
    assert status(device, bytes.fromhex("00200081")) == "6A88"
    assert status(device, bytes.fromhex("00B0000000")) == "6A82"


@pytest.mark.parametrize("ins", UNKNOWN_INS)
def test_an_unknown_instruction_is_6d00(device: Device, ins: int) -> None:
    assert status(device, command(0x00, ins)) == "6D00"
    assert status(device, command(0x80, ins, 1, 2, b"data", 256)) == "6D00"


@pytest.mark.parametrize("cla", UNKNOWN_CLA)
def test_an_unknown_class_is_6e00(device: Device, cla: int) -> None:
    assert status(device, command(cla, 0xA4, 4, 0, b"\xa0", 256)) == "6E00"


def test_an_absent_applet_is_6a82_and_the_right_one_is_selected(device: Device) -> None:
    assert status(device, bytes.fromhex("00A4040007627601FF000000")) == "6A82"
    aid = bytes.fromhex("E82B0601040181C31F0201")
    answer = device.transmit(command(0x00, 0xA4, 4, 0, aid, 256))
    assert answer[:1] == b"\x62" and answer[-2:] == b"\x90\x00"


def test_the_longest_command_gets_an_answer(device: Device) -> None:
    longest = command(0x00, 0xA4, 4, 0, bytes(4096), 256)
    assert status(device, longest) == "6A82"
