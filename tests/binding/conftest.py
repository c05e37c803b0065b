# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixtures: a firmware that evaluates expressions, in both chip models."""

from __future__ import annotations

import pytest

import boards
from sim.device import Device, DeviceSnapshot
from tests.binding.remote import Remote
from tools import firmware


@pytest.fixture(scope="session", params=boards.names())
def booted(request: pytest.FixtureRequest) -> tuple[Device, DeviceSnapshot]:
    """A device with the image for tests of the bindings, booted, and its state."""
    (image,) = firmware.build([request.param], targets=(firmware.BINDING,))
    device = Device.from_uf2(request.param, image.file("uf2"))
    device.power_on()
    return device, device.snapshot()


@pytest.fixture
def chip(booted: tuple[Device, DeviceSnapshot]) -> Remote:
    """As after the boot."""
    device, snapshot = booted
    device.restore(snapshot)
    return Remote(device)
