# SPDX-License-Identifier: GPL-2.0-or-later
"""A board with a prepared card, twice: its run is traced, or it is struck."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from campaigns.faults import scenarios
from sim.device import Device, DeviceSnapshot
from sim.life.card import Card
from sim.tracing.python_code import PythonCode
from tools import paths
from tools.product import image_name as image_name
from tools.product import image_of

Plant = Callable[[Device, PythonCode], None]


class PreparedDevice:
    """A device and its two states: nobody logged in, and the user logged in."""

    def __init__(self, board: str, code: PythonCode, plant: Plant | None, *, trace: bool) -> None:
        self.device = Device.from_uf2(board, image_of(board), exact=True, trace=trace)
        if plant is not None:
            plant(self.device, code)
        self.device.power_on()
        card = Card(self.device.transmit)
        scenarios.prepare(card)
        closed = self.device.snapshot()
        card.verify(scenarios.PIN)
        self._states: dict[bool, DeviceSnapshot] = {False: closed, True: self.device.snapshot()}

    def begin(self, apdu: bytes, *, logged_in: bool) -> Device:
        """The device, at the moment when the command is on its way to it."""
        self.device.restore(self._states[logged_in])
        self.device.reader.start_transmit(apdu)
        return self.device


class Station:
    """What all scenarios of a board share; `plant` weakens the image before its first boot."""

    def __init__(self, board: str, plant: Plant | None = None) -> None:
        self.board = board
        elf = image_of(board).with_suffix(".elf")
        self.code = PythonCode.load(elf, paths.PROJECT / "firmware_py")
        self.traced = PreparedDevice(board, self.code, plant, trace=True)
        self.struck = PreparedDevice(board, self.code, plant, trace=False)


@lru_cache
def station(board: str) -> Station:
    """The one of this process."""
    return Station(board)
