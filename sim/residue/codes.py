# SPDX-License-Identifier: GPL-2.0-or-later
"""PINs and codes in the commands that hosts send ([SCHSM] 9, 10)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

VERIFY, CHANGE, RESET_RETRY, INITIALIZE = 0x20, 0x24, 0x2C, 0x50
PIN, SO_PIN = "PIN", "SO-PIN"
SO_PIN_BYTES = 8
SO_PIN_REFERENCE = 0x88
INITIALIZE_TAGS = {0x81: PIN, 0x82: SO_PIN}
# RESET RETRY COUNTER, P1: with the SO-PIN, before a new PIN or alone.
WITH_SO_PIN = (0x00, 0x01)

Codes = Iterator[tuple[str, bytes]]


def codes(apdu: bytes, known: Iterable[tuple[str, bytes]]) -> Codes:
    """Names and values of the codes in a command of any kind.

    `known`: those of earlier commands; the old one tells where the new one begins in CHANGE.
    """
    if len(apdu) < 5:
        return
    ins, p1, p2, data = apdu[1], apdu[2], apdu[3], data_field(apdu)
    name = SO_PIN if p2 == SO_PIN_REFERENCE else PIN
    if ins == VERIFY:
        yield name, data
    elif ins == CHANGE:
        old_ones = [value for known_name, value in known if known_name == name]
        yield from _changed(name, data, old_ones)
    elif ins == RESET_RETRY:
        so_pin_bytes = SO_PIN_BYTES if p1 in WITH_SO_PIN else 0
        yield SO_PIN, data[:so_pin_bytes]
        yield PIN, data[so_pin_bytes:]
    elif ins == INITIALIZE:
        for tag, value in _objects(data):
            if tag in INITIALIZE_TAGS:
                yield INITIALIZE_TAGS[tag], value


def data_field(apdu: bytes) -> bytes:
    """The data of a command of any case ([7816-4] 5.1)."""
    if len(apdu) <= 5:
        return b""
    if apdu[4]:
        return apdu[5 : 5 + apdu[4]]
    return apdu[7 : 7 + int.from_bytes(apdu[5:7], "big")] if len(apdu) > 7 else b""


def _changed(name: str, data: bytes, old_ones: list[bytes]) -> Codes:
    # Old and new one, with nothing in between.
    lengths = {len(old) for old in old_ones if data.startswith(old)}
    if name == SO_PIN:
        lengths.add(SO_PIN_BYTES)
    for length in sorted(lengths):
        yield name, data[:length]
        yield name, data[length:]
    if not lengths:
        # The card refuses it, too; where the halves meet nobody knows.
        yield name, data


def _objects(data: bytes) -> Iterator[tuple[int, bytes]]:
    # The short TLVs of INITIALIZE; a hostile command may end anywhere.
    while len(data) >= 2:
        yield data[0], data[2 : 2 + data[1]]
        data = data[2 + data[1] :]
