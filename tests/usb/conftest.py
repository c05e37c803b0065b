# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixtures: a scripted device, a host on its bus, a reader on the host."""

import pytest

from sim.usb.ccid_reader import CcidReader
from sim.usb.usb_host import UsbHost
from tests.usb.scripted_device import ScriptedDevice


@pytest.fixture(params=["rp2040", "rp2350"])
def device(request: pytest.FixtureRequest) -> ScriptedDevice:
    """Not started: no pull-up yet."""
    return ScriptedDevice(request.param)


@pytest.fixture
def host(device: ScriptedDevice) -> UsbHost:
    """A host whose device is started but not yet enumerated."""
    host = UsbHost(device.machine, device.controller)
    device.start()
    return host


@pytest.fixture
def reader(host: UsbHost) -> CcidReader:
    """A reader that is enumerated."""
    reader = CcidReader(host)
    reader.attach()
    return reader
