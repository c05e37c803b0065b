# SPDX-License-Identifier: GPL-2.0-or-later
"""A board whose data region holds any image: boots it, records commands.

What runs before the firmware first looks at its data does not depend on them. It runs once; each
boot goes on from there, with its own image in the flash.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sim.device import Device, DeviceSnapshot, DeviceStopped, Probe
from sim.flash import SECTOR_BYTES
from sim.flash.cells import ERASED_SECTOR
from sim.flash.journal import Entry
from sim.scenario.images import PAGES_PER_SECTOR, Image, Sector
from sim.scenario.subject import Recording
from sim.usb.ccid_reader import CcidError
from sim.usb.descriptors import DescriptorError
from sim.usb.transfer import UsbError

# How close to the first look at the data a boot is stopped.
STEP_TICKS = 2000
FAILURES = (DeviceStopped, UsbError, CcidError, DescriptorError)


class BenchError(Exception):
    """The image cannot be worked with so; one line."""


@dataclass(frozen=True)
class Booted:
    """What a boot did: its flash operations, the image it left, instructions, why it failed."""

    entries: tuple[Entry, ...]
    end: Image
    instructions: int
    failure: str = ""


class ImageBench:
    """One board. `first_look`: functions of the image of which one is called before it reads data.

    `compare`: the function that is called when reference data are compared.
    """

    def __init__(
        self, device: Device, first_look: tuple[str, ...], compare: str, seed: int
    ) -> None:
        self.device = device
        self._seed = seed
        layout = device.board.flash
        self._offset = layout.data_offset
        self.sectors = layout.data_size_bytes // SECTOR_BYTES
        self.erased = Image(tuple(Sector(ERASED_SECTOR) for _ in range(self.sectors)))
        self._first_looks = [device.probe(symbol) for symbol in first_look]
        self._compare = device.probe(compare)
        self._instructions_before = device.instructions
        self._before_first_look = self._boot_to_first_look()

    # --- booting --------------------------------------------------------------------------------

    def _boot_to_first_look(self) -> DeviceSnapshot:
        """Power on and stop shortly before the data are looked at."""
        device = self.device
        off = device.snapshot()
        steps = self._steps_to_first_look()
        device.restore(off)
        device.power_on(self._seed, attach=False)
        for _ in range(steps - 1):
            device.machine.run(STEP_TICKS)
        self._instructions_before = device.instructions - self._instructions_before
        return device.snapshot()

    def _steps_to_first_look(self) -> int:
        device = self.device
        before = self._looks()
        device.power_on(self._seed, attach=False)
        for step in range(1, 1_000_000):
            device.machine.run(STEP_TICKS)
            if self._looks() != before:
                return step
        raise BenchError("the image never looks at its data")

    def _looks(self) -> int:
        return sum(probe.count for probe in self._first_looks)

    def boot(self, image: Image) -> Booted:
        """Boot `image` to its ATR. The board keeps running."""
        device = self.device
        device.restore(self._before_first_look)
        self._load(image)
        done, instructions = len(device.journal), device.instructions
        failure = ""
        try:
            device.attach()
        except FAILURES as error:
            failure = f"no ATR: {type(error).__name__}: {error}"
        entries = self._entries(done)
        spent = self._instructions_before + device.instructions - instructions
        return Booted(entries, image.replay(entries), spent, failure)

    def boot_cold(self, image: Image) -> Booted:
        """The same from power-on, nothing taken from a snapshot but the board without power."""
        device = self.device
        device.restore(self._before_first_look)
        device.power_off()
        self._load(image)
        done, instructions = len(device.journal), device.instructions
        device.power_on(self._seed)
        entries = self._entries(done)
        return Booted(entries, image.replay(entries), device.instructions - instructions)

    def _load(self, image: Image) -> None:
        flash = self.device.flash
        first = self._offset // SECTOR_BYTES
        for number, sector in enumerate(image.sectors):
            if sector.cells != ERASED_SECTOR:
                flash.poke(self._offset + number * SECTOR_BYTES, sector.cells)
        flash.weak = {first + number for number in image.weak_sectors}

    # --- recording ------------------------------------------------------------------------------

    def image(self) -> Image:
        """The data region now, with its wear."""
        flash, wear = self.device.flash, self.device.flash.wear
        first, end = self._offset // SECTOR_BYTES, self._offset // SECTOR_BYTES + self.sectors
        image = Image.of(flash.read(self._offset, self.sectors * SECTOR_BYTES))
        programs = wear.program_counts[first * PAGES_PER_SECTOR : end * PAGES_PER_SECTOR]
        return image.with_wear(wear.erase_counts[first:end], programs)

    def record(
        self, command: Callable[[], Any], at_first_operation: Callable[[], None] = lambda: None
    ) -> Recording:
        """Run `command` from where the board is; `at_first_operation` may look into its memory."""
        start = self.image()
        watch = _Watch(self.device, self._compare, at_first_operation)
        command()
        entries = self._entries(watch.done)
        compared_at = watch.close(len(entries))
        return Recording(start, entries, compared_at)

    def _entries(self, done: int) -> tuple[Entry, ...]:
        """The journal from entry `done` on, with offsets in the data region."""
        return tuple(
            replace(entry, offset=entry.offset - self._offset)
            for entry in self.device.journal[done:]
        )


class _Watch:
    """Looks at each flash operation while a command runs."""

    def __init__(self, device: Device, compare: Probe, at_first: Callable[[], None]) -> None:
        self._device = device
        self._compare = compare
        self._at_first = at_first
        self.done = len(device.journal)
        self._compared_before = compare.count
        self._compared_at: int | None = None
        self._inner = device.flash.on_change
        device.flash.on_change = self._changed

    def _changed(self, offset: int, length: int) -> None:
        self._inner(offset, length)
        operation = len(self._device.journal) - self.done - 1
        if operation == 0:
            self._at_first()
        self._look(operation)

    def _look(self, operation: int) -> None:
        if self._compared_at is None and self._compare.count > self._compared_before:
            self._compared_at = operation

    def close(self, operations: int) -> int | None:
        """Stop looking; operations done before the first comparison, or None."""
        self._device.flash.on_change = self._inner
        self._look(operations)
        return self._compared_at
