# SPDX-License-Identifier: GPL-2.0-or-later
"""Building command APDUs and following 61xx."""

import pytest

from sim.apdu import Response, command, exchange


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, "00a40400"),
        ({"ne": 256}, "00a4040000"),
        ({"ne": 8}, "00a4040008"),
        ({"data": b"\x01\x02"}, "00a40400020102"),
        ({"data": b"\x01", "ne": 1}, "00a40400010101"),
        ({"ne": 257}, "00a40400000101"),
        ({"ne": 65536}, "00a40400000000"),
        ({"data": b"\x01", "ne": 65536}, "00a40400000001010000"),
        ({"data": b"\x01", "extended": True}, "00a4040000000101"),
    ],
)
def test_all_cases(arguments: dict[str, object], expected: str) -> None:
    assert command(0, 0xA4, 4, 0, **arguments).hex() == expected  # type: ignore[arg-type]


def test_long_data_makes_it_extended() -> None:
    assert command(0, 0xA4, 4, 0, bytes(256))[:7].hex() == "00a40400000100"


@pytest.mark.parametrize(
    "arguments", [{"ne": 0}, {"ne": 65537}, {"data": bytes(65536)}, {"ne": 300, "extended": False}]
)
def test_impossible_lengths_are_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        command(0, 0xA4, 4, 0, **arguments)  # type: ignore[arg-type]


def test_get_response_follows_61xx() -> None:
    answers = [b"ab\x61\x02", b"cd\x61\x00", b"e\x90\x00"]
    sent = []

    def transmit(apdu: bytes) -> bytes:
        sent.append(apdu.hex())
        return answers.pop(0)

    assert exchange(transmit, b"\0\0\0\0") == Response(b"abcde", 0x9000)
    assert sent == ["00000000", "00c0000002", "00c0000000"]
