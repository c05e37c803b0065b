# SPDX-License-Identifier: GPL-2.0-or-later
"""What the suites ask of a way to run the image.

Power and APDUs every back end has. The rest are capabilities: one that a back end does not declare
makes the tests that need it skipped, with its name as the reason.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, NoReturn


class BackendError(Exception):
    """The back end cannot be used as asked; one line that says what to do."""


class PowerLost(Exception):
    """The power failed where `cut_power_at` wanted it; only `power_on` helps now."""


class Capability(Enum):
    """What not every back end can do; the value completes "this back end cannot ..."."""

    SNAPSHOTS = "go back to an earlier state of the whole device"
    FLASH_CONTENTS = "read and replace the contents of the flash"
    FLASH_OPERATIONS = "tell which flash operations were made"
    POWER_CUTS = "cut the power at a chosen flash operation"
    WORN_SECTORS = "wear out chosen sectors of the flash"
    BUTTON = "press the button"
    SECOND_DEVICE = "bring a second device of its kind"


@dataclass(frozen=True)
class FlashOperation:
    """One program or erase of the flash: where, and the bytes before and after it."""

    erases: bool
    offset: int
    before: bytes
    after: bytes


class Backend(ABC):
    """One device. Made without power; the flash outlives the power."""

    name: str
    board: str
    capabilities: frozenset[Capability] = frozenset()

    @abstractmethod
    def power_on(self) -> None:
        """Give it power, and make it ready for APDUs. PowerLost."""

    @abstractmethod
    def power_off(self) -> None:
        """Take the power away, whatever is under way."""

    @abstractmethod
    def transmit(self, apdu: bytes) -> bytes:
        """One command APDU; the response APDU with its status word. PowerLost."""

    def close(self) -> None:  # noqa: B027 - most back ends hold nothing
        """Give back what was opened; nothing is used after it."""

    # --- capabilities ---------------------------------------------------------------------------

    def snapshot(self) -> Any:
        """SNAPSHOTS: the state of the whole device, between two APDUs."""
        self._lacks(Capability.SNAPSHOTS)

    def restore(self, snapshot: Any) -> None:
        """SNAPSHOTS: undo everything since `snapshot`."""
        self._lacks(Capability.SNAPSHOTS)

    def flash_contents(self) -> bytes:
        """FLASH_CONTENTS: the whole flash, image included."""
        self._lacks(Capability.FLASH_CONTENTS)

    def replace_flash(self, contents: bytes) -> None:
        """FLASH_CONTENTS: put other contents into the flash; only without power."""
        self._lacks(Capability.FLASH_CONTENTS)

    def data_region(self) -> range:
        """FLASH_CONTENTS: offsets of the part of the flash that holds what users keep."""
        self._lacks(Capability.FLASH_CONTENTS)

    def flash_operations(self) -> Sequence[FlashOperation]:
        """FLASH_OPERATIONS: all of them, in order."""
        self._lacks(Capability.FLASH_OPERATIONS)

    def cut_power_at(self, operation: int, tear: str) -> None:
        """POWER_CUTS: fail at the flash operation that is `operation` operations from now.

        `tear`: what it leaves, by the names of `sim.flash.faults`: "none" before it, "full" after
        it, others in its middle.
        """
        self._lacks(Capability.POWER_CUTS)

    def wear_out(self, sectors: Sequence[int], behaviour: str) -> None:
        """WORN_SECTORS: the sectors at these offsets have had all the erases that they stand.

        `behaviour`: what they do from now on, by the texts of `sim.flash.endurance.BadSector`.
        """
        self._lacks(Capability.WORN_SECTORS)

    def press_button(self, pressed: bool = True) -> None:
        """BUTTON: hold it down, or let it go."""
        self._lacks(Capability.BUTTON)

    def transmit_and_press(self, apdu: bytes) -> bytes:
        """BUTTON: as `transmit`; while the command waits, the button is pressed for a moment."""
        self._lacks(Capability.BUTTON)

    def sibling(self) -> Backend:
        """SECOND_DEVICE: another device with the same image, without power."""
        self._lacks(Capability.SECOND_DEVICE)

    def _lacks(self, capability: Capability) -> NoReturn:
        raise BackendError(f"back end {self.name} cannot {capability.value}")
