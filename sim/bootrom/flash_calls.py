# SPDX-License-Identifier: GPL-2.0-or-later
"""Flash functions of both boot ROMs, page by page and sector by sector.

Spec: [RP2040] 2.8.3.1.3.

From exit-XIP until XIP is set up again the window is off: a fetch or load from it faults. Each page
and sector takes the chip's typical time; interrupts that are not masked are taken between them.
"""

from __future__ import annotations

from typing import Any

from sim.bus.unmodelled import UnmodelledAccess
from sim.flash import PAGE_BYTES, SECTOR_BYTES
from sim.flash.nor_flash import PAGE_PROGRAM_US, SECTOR_ERASE_US

XIP_REASON = "controller"
XIP_SEGMENT = 0x1


class Again(Exception):
    """The call is not finished: come back to it after interrupts had their chance."""


class FlashCalls:
    """Each public method with a two-letter code is one ROM function."""

    def __init__(self, machine: Any) -> None:
        self._machine = machine
        # Pages or sectors that the current call has done.
        self.done = 0

    def connect_internal_flash(self) -> None:
        """IF: pins back to the flash controller."""
        self._machine.block("IO_QSPI").load_reset_values()

    def flash_exit_xip(self) -> None:
        """EX: the flash takes serial commands; the window is off."""
        self._machine.flash_bus.set_xip(False, XIP_REASON)

    def flash_flush_cache(self) -> None:
        """FC: nothing is cached; the override of SS is removed."""
        self._machine.block("IO_QSPI").load_reset_values()

    def flash_enter_cmd_xip(self) -> None:
        """CX, and the set-up functions: the window is back."""
        self._machine.flash_bus.set_xip(True, XIP_REASON)

    def flash_select_xip_read_mode(self, _mode: int, _divider: int) -> None:
        """XM (RP2350): every read mode shows the same bytes."""
        self.flash_enter_cmd_xip()

    def flash_range_erase(self, offset: int, count: int) -> None:
        """RE: sectors from `offset`; a partial last sector counts as one."""
        self._require_serial_mode("erase", offset)
        if self.done * SECTOR_BYTES < count:
            self._machine.flash.erase(offset + self.done * SECTOR_BYTES)
            self._step(SECTOR_ERASE_US)
        self.done = 0

    def flash_range_program(self, offset: int, source: int, count: int) -> None:
        """RP: whole pages from memory; the source cannot be in the flash, which is off."""
        self._require_serial_mode("program", offset)
        if source >> 28 == XIP_SEGMENT:
            raise UnmodelledAccess("boot ROM", 0, "flash program from a source in flash")
        position = self.done * PAGE_BYTES
        if position < count:
            data = self._machine.read_memory(source + position, PAGE_BYTES)
            self._machine.flash.program(offset + position, data)
            self._step(PAGE_PROGRAM_US)
        self.done = 0

    def _require_serial_mode(self, what: str, offset: int) -> None:
        if self._machine.flash_bus.xip_available:
            raise UnmodelledAccess("boot ROM", 0, f"flash {what} without flash_exit_xip")
        if offset % PAGE_BYTES:
            raise UnmodelledAccess("boot ROM", 0, f"flash {what} at unaligned 0x{offset:x}")

    def _step(self, duration_us: int) -> None:
        """The cells have changed; now the time passes, then interrupts, then the next step."""
        self.done += 1
        clock = self._machine.clock
        clock.jump_to(clock.now + duration_us * clock.ticks_per_us)
        raise Again
