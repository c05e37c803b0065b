# SPDX-License-Identifier: GPL-2.0-or-later
"""A card on flash that wears out: the firmware on the desktop, or a chip's image."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from campaigns import twins
from sim.cpu.processor import StopReason
from sim.device import Device as Chip
from sim.device import DeviceStopped
from sim.entropy import Entropy
from sim.flash import SECTOR_BYTES, faults
from sim.flash.cells import ERASED_SECTOR, Cells
from sim.flash.endurance import Endurance, OperationFault
from sim.flash.faults import Torn
from sim.flash.journal import Entry
from sim.flash.power_cut import PowerCutPlan

# ruff: isort: split
import hsm_crypto
from device import Device as Twin
from nor_flash import PowerCut

assert twins.FOLDERS
# Tears that every operation has; which one the power fails in is not known before.
TEARS = ("none", "full", "prefixHalf", "suffixHalf", "evenBits", "oddBits", "subset0", "subset1")
# What a single operation that fails leaves (sim.flash.endurance).
EFFECTS = ("none", "half")


class PowerFailed(Exception):
    """The power failed while a command ran."""


class Subject(Protocol):
    """A card, its power, and what is known of its flash from outside."""

    def transmit(self, apdu: bytes) -> bytes:
        """Raises PowerFailed when a planned cut happens."""
        ...

    def power_cycle(self) -> None:
        """Off, and on again."""
        ...

    def wear_out(self, endurance: Endurance, used: Sequence[int]) -> None:
        """From now on sectors fail as `endurance` has it; they were erased `used` times."""
        ...

    def plan_cut(self, operations: int, tear: int) -> None:
        """Let the power fail in the operation after the next `operations`; once."""
        ...

    def plan_failure(self, operations: int, effect: int) -> None:
        """Let the operation after the next `operations` fail once, the power staying on."""
        ...

    def forget_plans(self) -> None:
        """What was planned and has not happened will not happen."""
        ...

    @property
    def first_sector(self) -> int:
        """Number of the data region's first sector in its flash."""
        ...

    @property
    def erase_counts(self) -> Sequence[int]:
        """Erases of each sector of the data region."""
        ...


def _failure(cells: Cells, operations: int, effect: int) -> OperationFault:
    return OperationFault(cells.operation_count + operations, EFFECTS[effect])


class DesktopCard:
    """The firmware over the twins of its C modules."""

    def __init__(self, sectors: int, seed: int) -> None:
        # The twin's chance comes from the seed: the same life can be run again.
        hsm_crypto.draw = Entropy(seed, "desktop card").data
        self._seed = seed
        self._twin = Twin(sectors)
        self.flash = self._twin.flash
        self.flash.array.seed = seed

    def wear_out(self, endurance: Endurance, used: Sequence[int]) -> None:
        self.flash.erase_counts[:] = used
        self.flash.array.endurance = endurance

    def transmit(self, apdu: bytes) -> bytes:
        try:
            return self._twin.transmit(apdu)
        except PowerCut:
            raise PowerFailed from None

    def power_cycle(self) -> None:
        hsm_crypto.live_handles.clear()
        self._twin.power_on()

    def plan_cut(self, operations: int, tear: int) -> None:
        def torn(entry: Entry) -> Torn:
            # Every tear that this operation can have.
            found = faults.interrupted(
                entry.operation, entry.before, entry.after, offset=entry.offset, seed=self._seed
            )
            return found[tear % len(found)]

        self.flash.arm(operations, torn)

    def plan_failure(self, operations: int, effect: int) -> None:
        array = self.flash.array
        array.faults = [_failure(array, operations, effect)]

    def forget_plans(self) -> None:
        self.flash.disarm()
        self.flash.array.faults = []

    @property
    def first_sector(self) -> int:
        return 0

    @property
    def erase_counts(self) -> Sequence[int]:
        return self.flash.erase_counts


class ChipCard:
    """The image in a chip model."""

    def __init__(self, board: str, image: Path, seed: int) -> None:
        self.device = Chip.from_uf2(board, image, seed=seed)
        self._seed = seed
        layout = self.device.board.flash
        self._sectors = slice(
            layout.data_offset // SECTOR_BYTES,
            (layout.data_offset + layout.data_size_bytes) // SECTOR_BYTES,
        )
        self.device.power_on(seed=seed)

    def wear_out(self, endurance: Endurance, used: Sequence[int]) -> None:
        flash = self.device.flash
        flash.wear.erase_counts[self._sectors] = used
        flash.endurance = endurance
        # What was used is not blank: an erase that changes nothing has to show.
        for sector in range(*self._sectors.indices(len(flash.wear.erase_counts))):
            if flash.read(sector * SECTOR_BYTES, SECTOR_BYTES) == ERASED_SECTOR:
                flash.poke(sector * SECTOR_BYTES, bytes(SECTOR_BYTES))
            elif flash.wear.erase_counts[sector] >= endurance.limit(sector):
                raise ValueError(f"sector {sector} holds data, and cannot be worn out already")

    def transmit(self, apdu: bytes) -> bytes:
        # The journal of a whole life would fill the memory.
        self.device.journal.clear()
        try:
            return self.device.transmit(apdu)
        except DeviceStopped as stop:
            if stop.reason is not StopReason.POWER_CUT:
                raise
            raise PowerFailed from None

    def power_cycle(self) -> None:
        self.device.power_on()

    def plan_cut(self, operations: int, tear: int) -> None:
        flash = self.device.flash
        name = TEARS[tear % len(TEARS)]
        flash.cut = PowerCutPlan(flash.operation_count + operations, name, self._seed)

    def plan_failure(self, operations: int, effect: int) -> None:
        flash = self.device.flash
        flash.faults = [_failure(flash, operations, effect)]

    def forget_plans(self) -> None:
        self.device.flash.cut = None
        self.device.flash.faults = []

    @property
    def first_sector(self) -> int:
        return self._sectors.start

    @property
    def erase_counts(self) -> Sequence[int]:
        return self.device.flash.wear.erase_counts[self._sectors]
