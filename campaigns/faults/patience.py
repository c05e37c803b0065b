# SPDX-License-Identifier: GPL-2.0-or-later
"""How long a struck device is waited for: beyond what the granted command takes.

A loop that a fault left without an end looks like one that computes a signature: neither changes
much of the RAM for a while. Only time tells them apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sim.apdu import Response, exchange
from sim.device import Device
from sim.usb.transfer import UsbError

# Of what the granted command takes. The rest is for what a fault puts in its way: a mount of the
# store, a step done twice.
MARGIN = 3
# What may follow a fault until all questions are answered.
QUESTIONS_US = 2_000_000


class OutOfPatience(UsbError):
    """The device did not answer in time."""


@contextmanager
def patience(device: Device, ticks: int) -> Iterator[None]:
    """Whatever waits for the device: OutOfPatience after so many ticks.

    No wait of the reader's is enough: each time extension begins it anew.
    """
    host, clock = device.host, device.machine.clock
    end = clock.now + ticks
    alarm = clock.call_at(end, device.machine.request_stop)

    def look() -> None:
        if clock.now >= end:
            raise OutOfPatience("no answer to what was asked")

    host.on_slice = look
    try:
        yield
    finally:
        host.on_slice = lambda: None
        clock.cancel(alarm)


def ticks_for_questions(device: Device) -> int:
    """For a start, and a few commands: a damaged device asks for time for ever."""
    return QUESTIONS_US * device.machine.clock.ticks_per_us


def answer_of(device: Device) -> Response:
    """The answer to the command that is on its way; GET RESPONSE, if it asks for it, follows."""
    first = iter((device.reader.finish_transmit(),))
    return exchange(lambda apdu: next(first, b"") or device.transmit(apdu), b"")
