# SPDX-License-Identifier: GPL-2.0-or-later
"""The unmodified image in the chip models of `sim`: every capability."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import boards
from robot_tests.backends.backend import (
    Backend,
    BackendError,
    Capability,
    FlashOperation,
    PowerLost,
)
from sim.cpu.processor import StopReason
from sim.device import Device, DeviceSnapshot, DeviceStopped
from sim.flash import SECTOR_BYTES
from sim.flash.endurance import BadSector, Endurance
from sim.flash.journal import Operation
from sim.flash.power_cut import PowerCutPlan
from sim.residue.memory import NoSymbolsError
from sim.residue.watch import watched
from sim.uf2 import Uf2Error

# Sectors that nobody has worn out outlast every test; a worn one is beyond all jitter.
CYCLES = 100_000
WORN = 2 * CYCLES
IMAGES = Path(__file__).parents[2] / "build"


def open_backend(board: str, image: Path | None) -> ChipModel:
    """The model of `board` with the built image, or with `image`, in its flash."""
    return ChipModel(board, image)


class ChipModel(Backend):
    """One board of `sim`."""

    name = "chip_model"
    capabilities = frozenset(Capability)

    def __init__(self, board: str, image: Path | None = None) -> None:
        if board not in boards.names():
            known = ", ".join(boards.names())
            raise BackendError(f"unknown board '{board}'; known boards: {known}")
        path = image or IMAGES / board / "hsm.uf2"
        if not path.exists():
            raise BackendError(f"no image {path}: build it with `nox -s firmware`")
        try:
            device = Device.from_uf2(board, path)
        except Uf2Error as error:
            raise BackendError(str(error)) from None
        try:
            # A secret that a command leaves behind fails the test.
            self.device = watched(device)
        except NoSymbolsError as error:
            raise BackendError(str(error)) from None
        self.board = board
        self._image = image

    # --- power and APDUs ------------------------------------------------------------------------

    def power_on(self) -> None:
        try:
            self.device.power_on()
        except DeviceStopped as stop:
            self._after_stop(stop)

    def power_off(self) -> None:
        self.device.power_off()

    def transmit(self, apdu: bytes) -> bytes:
        try:
            return self.device.transmit(apdu)
        except DeviceStopped as stop:
            self._after_stop(stop)
            raise

    def _after_stop(self, stop: DeviceStopped) -> None:
        if stop.reason is not StopReason.POWER_CUT:
            raise stop
        self.device.flash.cut = None
        self.device.power_off()
        raise PowerLost(str(stop))

    # --- capabilities ---------------------------------------------------------------------------

    def snapshot(self) -> DeviceSnapshot:
        return self.device.snapshot()

    def restore(self, snapshot: DeviceSnapshot) -> None:
        self.device.restore(snapshot)

    def flash_contents(self) -> bytes:
        return self.device.flash.contents()

    def replace_flash(self, contents: bytes) -> None:
        if self.device.machine.powered:
            raise BackendError("the flash can be replaced only while the power is off")
        flash = self.device.flash
        old = flash.contents()
        for start in range(0, len(old), SECTOR_BYTES):
            sector = contents[start : start + SECTOR_BYTES]
            if sector != old[start : start + SECTOR_BYTES]:
                flash.poke(start, sector)

    def data_region(self) -> range:
        layout = self.device.board.flash
        return range(layout.data_offset, layout.data_offset + layout.data_size_bytes)

    def flash_operations(self) -> Sequence[FlashOperation]:
        return [
            FlashOperation(
                entry.operation is Operation.ERASE, entry.offset, entry.before, entry.after
            )
            for entry in self.device.journal
        ]

    def cut_power_at(self, operation: int, tear: str) -> None:
        flash = self.device.flash
        flash.cut = PowerCutPlan(flash.operation_count + operation, tear)

    def wear_out(self, sectors: Sequence[int], behaviour: str) -> None:
        flash = self.device.flash
        flash.endurance = Endurance(CYCLES, BadSector(behaviour))
        for offset in sectors:
            flash.wear.erase_counts[offset // SECTOR_BYTES] = WORN

    def transmit_and_press(self, apdu: bytes) -> bytes:
        return self.device.transmit_and_press(apdu)

    def sibling(self) -> ChipModel:
        return type(self)(self.board, self._image)

    def press_button(self, pressed: bool = True) -> None:
        if pressed:
            self.device.press_button()
        else:
            self.device.release_button()
