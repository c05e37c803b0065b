# SPDX-License-Identifier: GPL-2.0-or-later
"""The seam for fuses: an epoch that counts up refuses every older image of a life.

The desktop firmware runs over a seam that counts. Each change begins with a burnt fuse, so that its
commit is the first one of the new epoch.
"""

from __future__ import annotations

import pytest
from device import SO_PIN, USER_PIN, Device
from hsm.platform import otp
from hsm.store import DAMAGED, READY

NEW_PIN = b"112358"
P256 = bytes.fromhex("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff")
VERIFY_STATE = "00200081"


@pytest.fixture
def fuses(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Burnt fuses; the epoch is how many there are."""
    burnt: list[int] = []
    monkeypatch.setattr(otp, "epoch", lambda: len(burnt))
    return burnt


def lived(device: Device, fuses: list[int]) -> list[bytes]:
    """A life in which each change burns a fuse; the flash after each."""
    images = []
    for change in (
        lambda: device.initialize(),
        lambda: device.generate_ec(1, P256),
        lambda: device.write(0xCF01, 0, b"first"),
        lambda: device.write(0xCF01, 0, b"second"),
        lambda: device.delete(0xCC01),
        lambda: device.send(b"\x00\x24\x00\x81\x0c" + USER_PIN + NEW_PIN),
        lambda: device.initialize(NEW_PIN, SO_PIN),
    ):
        fuses.append(1)
        change()
        images.append(device.flash.image())
    return images


def booted(image: bytes) -> Device:
    """A device with `image` in its flash."""
    device = Device(len(image) // 4096)
    device.flash.cells[:] = image
    device.power_on()
    return device


def test_an_epoch_refuses_every_older_image(fuses):
    images = lived(Device(), fuses)
    assert booted(images[-1]).card.store.state == READY
    for older in images[:-1]:
        device = booted(older)
        assert device.card.store.state == DAMAGED
        device.send(VERIFY_STATE, expect=0x6581)


def test_without_an_epoch_older_images_are_accepted():
    """What docs/rollback.md says of both chips today."""
    images = lived(Device(), [])
    assert all(booted(image).card.store.state == READY for image in images)
