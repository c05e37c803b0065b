# SPDX-License-Identifier: GPL-2.0-or-later
"""Cells that lose a bit behind a seal: INITIALIZE still makes a card of it."""

import pytest
from device import SO_PIN, Device
from hsm.files.object_ids import EF_DEVICE_CERTIFICATE, FID_DEVICE_KEY, ID_SO_PIN, ID_USER_PIN
from hsm.store import READY

SEAL_BYTES = 16


def lose_a_bit(device: Device, id: int, position: int) -> None:
    """One bit of the sealed contents of object `id` changes."""
    start, _, _ = device.card.store.raw(id)
    device.flash.cells[start + SEAL_BYTES + position] ^= 0x10


@pytest.fixture
def device() -> Device:
    device = Device()
    device.select()
    device.initialize()
    return device


@pytest.mark.parametrize("position", [0, 9, 40])
@pytest.mark.parametrize("id", [ID_SO_PIN, FID_DEVICE_KEY, EF_DEVICE_CERTIFICATE])
def test_initialize_starts_anew_where_no_code_can_be_checked(
    device: Device, id: int, position: int
) -> None:
    lose_a_bit(device, id, position)
    device.power_on()
    device.select()
    device.initialize(user_pin=b"another")
    device.power_on()
    assert device.card.store.state == READY
    device.select()
    device.verify(b"another")
    assert len(device.read(EF_DEVICE_CERTIFICATE)) > 100
    device.initialize(so_pin=b"wrongpin", expect=0x63CE)
    device.initialize(so_pin=SO_PIN)


def test_a_user_pin_that_lost_a_bit_does_not_spare_the_code(device: Device) -> None:
    lose_a_bit(device, ID_USER_PIN, 3)
    device.power_on()
    device.select()
    device.initialize(so_pin=b"wrongpin", expect=0x63CE)
    device.initialize()
    device.verify()
