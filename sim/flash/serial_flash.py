# SPDX-License-Identifier: GPL-2.0-or-later
"""The flash chip's serial side: commands framed by chip select.

Spec: W25Q data sheet, section "Instructions". Block erases (52h, D8h, C7h) are refused: the image
erases sectors, and a silent wider erase would hide a fault.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sim.bus.unmodelled import UnmodelledAccess
from sim.flash import PAGE_BYTES
from sim.flash.nor_flash import PAGE_PROGRAM_US, SECTOR_ERASE_US, NorFlash

WRITE_STATUS, PAGE_PROGRAM, READ_DATA, WRITE_DISABLE, READ_STATUS_1 = 0x01, 0x02, 0x03, 0x04, 0x05
WRITE_ENABLE, FAST_READ, READ_STATUS_3, SECTOR_ERASE, WRITE_STATUS_2 = 0x06, 0x0B, 0x15, 0x20, 0x31
READ_STATUS_2, READ_UNIQUE_ID, ENABLE_RESET, RESET_DEVICE = 0x35, 0x4B, 0x66, 0x99
READ_JEDEC_ID, RELEASE_POWER_DOWN, FAST_READ_QUAD_IO, NOTHING = 0x9F, 0xAB, 0xEB, 0xFF

STATUS_1_BUSY, STATUS_1_WRITE_ENABLED, STATUS_2_QUAD = 1, 2, 2
SILENT = (
    *(WRITE_STATUS, WRITE_STATUS_2, PAGE_PROGRAM, SECTOR_ERASE, WRITE_ENABLE, WRITE_DISABLE),
    *(ENABLE_RESET, RESET_DEVICE, RELEASE_POWER_DOWN, FAST_READ_QUAD_IO, NOTHING, 0x00),
)


class SerialFlash:
    """One byte in, one byte out, while selected."""

    def __init__(self, flash: NorFlash, now_us: Callable[[], int]) -> None:
        self._flash = flash
        self._now_us = now_us
        self._frame = bytearray()
        self._write_enabled = False
        self._busy_until_us = 0

    def exchange(self, sent: int) -> int:
        """One byte on the wires; the first of a frame is the instruction."""
        self._frame.append(sent & 0xFF)
        return self._answer(self._frame[0], len(self._frame) - 1)

    def _address(self) -> int:
        return int.from_bytes(self._frame[1:4], "big")

    def _answer(self, instruction: int, position: int) -> int:
        """The byte on the data output at `position` (0 = during the instruction)."""
        if position == 0 or instruction in SILENT:
            return 0xFF
        if instruction == READ_STATUS_1:
            return self._status()
        if instruction == READ_STATUS_2:
            return STATUS_2_QUAD
        if instruction == READ_STATUS_3:
            return 0
        if instruction == READ_JEDEC_ID:
            return self._flash.jedec_id[(position - 1) % 3]
        if instruction == READ_UNIQUE_ID:
            return self._flash.unique_id[position - 5] if 5 <= position < 13 else 0xFF
        if instruction in (READ_DATA, FAST_READ):
            first = 4 if instruction == READ_DATA else 5
            offset = self._address() + position - first
            return self._flash.read(offset, 1)[0] if position >= first else 0xFF
        raise UnmodelledAccess("flash chip", instruction, "serial instruction")

    def _status(self) -> int:
        busy = STATUS_1_BUSY if self._now_us() < self._busy_until_us else 0
        return busy | (STATUS_1_WRITE_ENABLED if self._write_enabled else 0)

    def deselect(self) -> None:
        """Chip select goes high: the frame's command takes effect. May raise PowerCut."""
        frame, self._frame = bytes(self._frame), bytearray()
        if not frame or self._now_us() < self._busy_until_us:
            return
        if frame[0] in (WRITE_ENABLE, WRITE_DISABLE):
            self._write_enabled = frame[0] == WRITE_ENABLE
        elif frame[0] in (PAGE_PROGRAM, SECTOR_ERASE) and self._write_enabled and len(frame) >= 4:
            self._write_enabled = False
            self._commit(frame)

    def abandon(self) -> None:
        """The chip was reset in the middle of a frame: the frame has no effect."""
        self._frame = bytearray()
        self._write_enabled = False

    def _commit(self, frame: bytes) -> None:
        offset = int.from_bytes(frame[1:4], "big")
        if frame[0] == SECTOR_ERASE:
            self._busy_until_us = self._now_us() + SECTOR_ERASE_US
            self._flash.erase(offset)
            return
        self._busy_until_us = self._now_us() + PAGE_PROGRAM_US
        # More than a page wraps: the last 256 bytes count. Addresses wrap inside the page.
        data = frame[4:]
        page = bytearray(b"\xff" * PAGE_BYTES)
        for position, value in enumerate(data):
            page[(offset + position) % PAGE_BYTES] = value
        self._flash.program(offset & ~(PAGE_BYTES - 1), bytes(page))

    def state(self) -> Any:
        """Plain data for `load_state`."""
        return (bytes(self._frame), self._write_enabled, self._busy_until_us)

    def load_state(self, state: Any) -> None:
        """Put the frame and the busy time back."""
        frame, self._write_enabled, self._busy_until_us = state
        self._frame = bytearray(frame)
