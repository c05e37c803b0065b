# SPDX-License-Identifier: GPL-2.0-or-later
"""The APDU parser: all cases, short and extended, and every wrong length."""

import pytest
from hsm.apdu.command_apdu import CommandApdu
from hsm.apdu.status_word import CommandError
from hypothesis import given
from hypothesis import strategies as st

HEADER = bytes.fromhex("00B12F02")


def parse(apdu: bytes) -> CommandApdu:
    return CommandApdu(memoryview(apdu))


def encode(data: bytes, ne: int, extended: bool) -> bytes:
    """[7816-4] 5.1, written anew from the standard."""
    if extended:
        out = HEADER + b"\x00"
        if data:
            out += len(data).to_bytes(2, "big") + data
        if ne:
            out += (ne % 65536).to_bytes(2, "big")
        return out
    out = HEADER
    if data:
        out += bytes([len(data)]) + data
    if ne:
        out += bytes([ne % 256])
    return out


@given(
    data=st.binary(max_size=4096),
    ne=st.integers(0, 65536),
    extended=st.booleans(),
)
def test_every_case_is_understood(data: bytes, ne: int, extended: bool) -> None:
    if not extended:
        data, ne = data[:255], min(ne, 256)
    if extended and not data and not ne:
        return
    command = parse(encode(data, ne, extended))
    assert (command.cla, command.ins, command.p1, command.p2) == tuple(HEADER)
    assert bytes(command.data) == data
    assert command.ne == ne


@given(st.binary(max_size=600))
def test_any_bytes_are_parsed_or_refused_with_6700(apdu: bytes) -> None:
    try:
        command = parse(apdu)
    except CommandError as error:
        assert error.status_word == 0x6700
        return
    forms = [encode(bytes(command.data), command.ne, extended) for extended in (False, True)]
    assert apdu[4:] in [form[4:] for form in forms]


@pytest.mark.parametrize(
    "body",
    ["05010203", "0501020304050607", "0000", "00000201", "0000020102FF", "00000001FF0000"],
)
def test_wrong_lengths(body: str) -> None:
    apdu = HEADER + bytes.fromhex(body)
    with pytest.raises(CommandError) as error:
        parse(apdu)
    assert error.value.status_word == 0x6700


def test_data_is_a_view_not_a_copy() -> None:
    buffer = bytearray(HEADER + bytes.fromhex("03414243"))
    command = CommandApdu(memoryview(buffer))
    buffer[5] = 0x5A
    assert bytes(command.data) == b"ZBC"
