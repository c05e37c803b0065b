# SPDX-License-Identifier: GPL-2.0-or-later
"""Control requests that no sane host sends are stalled, and harm nothing."""

from __future__ import annotations

import random

import pytest

from sim.usb.transfer import UsbStall
from tests.port.on_chip import Chip

GET_STATUS, CLEAR_FEATURE, SET_FEATURE, SET_ADDRESS = 0, 1, 3, 5
GET_DESCRIPTOR, GET_CONFIGURATION, SET_CONFIGURATION, GET_INTERFACE = 6, 8, 9, 10
TO_DEVICE, TO_INTERFACE, TO_ENDPOINT = 0, 1, 2
IN = 0x80
CLASS = 0x20
DEVICE_DESCRIPTOR, STRING_3 = 0x0100, 0x0303
GET_CHALLENGE = bytes.fromhex("0084000008")


def request(
    chip: Chip, kind: int, number: int, value: int, index: int, length: int, fill: int = 0xA5
) -> bytes | None:
    """One control transfer; None if it was stalled."""
    data = b"" if kind & IN else bytes((fill,)) * length
    try:
        expected = length if kind & IN else 0
        return chip.device.host.control(kind, number, value, index, data, expected)
    except UsbStall:
        return None


def check_alive(chip: Chip) -> None:
    assert chip.resets == 0, "the chip has reset itself"
    chip.device.bus_reset()
    chip.device.icc_power_on()
    assert chip.device.transmit(GET_CHALLENGE)[-2:] == b"\x90\x00"


@pytest.mark.parametrize(
    ("recipient", "number", "value", "length"),
    [
        (TO_DEVICE, GET_DESCRIPTOR, DEVICE_DESCRIPTOR, 18),
        (TO_DEVICE, GET_DESCRIPTOR, STRING_3, 34),
        (TO_DEVICE, GET_CONFIGURATION, 0, 1),
        (TO_DEVICE, GET_STATUS, 0, 2),
        (TO_INTERFACE, GET_INTERFACE, 0, 1),
        (TO_ENDPOINT, GET_STATUS, 0, 2),
    ],
)
def test_nothing_is_read_by_writing(
    chip: Chip, recipient: int, number: int, value: int, length: int
) -> None:
    """TinyUSB would store the host's bytes where it takes the answer from."""
    before = chip.device.host.get_descriptor(3, 3, 64, 0x0409)
    assert request(chip, recipient, number, value, 0, length) is None
    assert chip.device.host.get_descriptor(3, 3, 64, 0x0409) == before
    check_alive(chip)


@pytest.mark.parametrize("number", [CLEAR_FEATURE, SET_FEATURE, SET_CONFIGURATION])
def test_nothing_is_written_with_data(chip: Chip, number: int) -> None:
    assert request(chip, TO_DEVICE, number, 0, 0, 8) is None
    check_alive(chip)


@pytest.mark.parametrize("endpoint", [0x00, 0x80, 0x02, 0x83, 0x0F, 0x8F, 0x0409])
def test_only_endpoints_that_are_there_halt(chip: Chip, endpoint: int) -> None:
    assert request(chip, TO_ENDPOINT, SET_FEATURE, 0, endpoint, 0) is None
    assert request(chip, TO_ENDPOINT, CLEAR_FEATURE, 0, endpoint, 0) is None
    check_alive(chip)


def test_class_requests_to_endpoints_are_refused(chip: Chip) -> None:
    for endpoint in (0x01, 0x81, 0x82):
        assert request(chip, CLASS | TO_ENDPOINT, 1, 0, endpoint, 0) is None
        assert request(chip, IN | CLASS | TO_ENDPOINT, 1, 0, endpoint, 8) is None
    check_alive(chip)


def test_any_request_is_answered_or_stalled(chip: Chip) -> None:
    source = random.Random(1)
    kinds = [kind | way for kind in (0, 1, 2, 0x20, 0x21, 0x22, 0x40, 0x41) for way in (0, IN)]
    indices = [0, 1, 2, 0x01, 0x81, 0x82, 0x0409]
    for _ in range(600):
        kind = source.choice([*kinds, source.randrange(256)])
        number = source.choice([*range(13), source.randrange(256)])
        if number == SET_ADDRESS:
            continue  # the host would have to follow
        value = source.choice([0, 1, 2, 0x100, 0x200, 0x301, 0x303, source.randrange(0x10000)])
        index = source.choice([*indices, source.randrange(0x10000)])
        request(chip, kind, number, value, index, source.choice([0, 0, 1, 2, 18, 64, 255]))
    check_alive(chip)
