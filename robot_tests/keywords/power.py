# SPDX-License-Identifier: GPL-2.0-or-later
"""The device on the bench: what a test starts with, power, its flash as a whole."""

from __future__ import annotations

import struct

from robot.api.deco import keyword, library

from robot_tests.backends.backend import Capability
from robot_tests.keywords.bench import bench, close_bench
from robot_tests.keywords.outcomes import expecting
from sim.life.card import SO_PIN_REFERENCE, USER_PIN_REFERENCE

SECTOR_BYTES = 4096
ERASED_SECTOR = b"\xff" * SECTOR_BYTES
# Longer than what the store writes beside sealed contents, so that only those are compared.
WINDOW_BYTES = 48
WINDOW_STEP_BYTES = 8
# A destroyed record is zero; of random bytes nearly all differ.
DISTINCT_BYTES_MIN = 24
# The state of the store in the answer to INITIALIZE without data.
STATE_OFFSET = 4
STATES = ("usable", "damaged", "of another format")
# A sector's two headers (docs/flash-format.md): magic, version, number, reserved, check.
HEADER = "<HHIII"
HEADER_BYTES = struct.calcsize(HEADER)
HEADER_CHECK = 0x3FFFFFFF


@library(scope="GLOBAL", auto_keywords=False)
class Power:
    """Power, sessions, and the flash contents as anybody with a programmer sees them."""

    def __init__(self) -> None:
        self._remembered = b""
        self._new: list[bytes] = []

    @keyword
    def open_the_bench(self) -> None:
        """Set up the back end that BACKEND, BOARD and IMAGE name; ends the run if that fails."""
        bench()

    @keyword
    def close_the_bench(self) -> None:
        """Give the device back."""
        close_bench()

    @keyword
    def start_with_a_blank_device(self) -> None:
        """A device fresh from the shop: the image in its flash, power on, never initialised."""
        bench().start_blank()

    @keyword
    def device_must_be_one_that_can_be_put_back(self) -> None:
        """Skips the test where its end would be the device's, too."""
        bench().need(Capability.SNAPSHOTS)

    @keyword
    def power_cycle(self) -> None:
        """Off, on, and the applet selected: nobody is logged in."""
        bench().power_cycle()

    @keyword
    def log_out(self) -> None:
        """Select the applet again, which ends every session."""
        bench().card.select()

    @keyword
    def flash_should_not_have_changed_since_power_on(self) -> None:
        """No program and no erase since the power came."""
        bench().need(Capability.FLASH_OPERATIONS)
        operations = bench().operations()[bench().memory.operations_at_power_on :]
        if operations:
            raise AssertionError(f"{len(operations)} flash operations since power-on")

    @keyword
    def remember_the_flash(self) -> None:
        """Keep the contents of the flash for a comparison in this test."""
        bench().need(Capability.FLASH_CONTENTS)
        self._remembered = bench().backend.flash_contents()

    @keyword
    def flash_should_hold_something_new(self) -> None:
        """There is something that was not there when the flash was remembered; keep that."""
        self._new = self._windows(bench().backend.flash_contents())
        if not self._new:
            raise AssertionError("the flash holds nothing new")

    @keyword
    def flash_should_hold_nothing_of_what_was_new(self) -> None:
        """Nothing of it is left, wherever it may have been moved to."""
        flash = bench().backend.flash_contents()
        left = [window for window in self._new if window in flash]
        if left:
            raise AssertionError(f"{len(left)} of {len(self._new)} pieces are still in the flash")

    def _windows(self, flash: bytes) -> list[bytes]:
        """Pieces of WINDOW_BYTES where the flash was programmed since it was remembered."""
        pieces = []
        region = bench().backend.data_region()
        for at in range(region.start, region.stop - WINDOW_BYTES, WINDOW_STEP_BYTES):
            piece = flash[at : at + WINDOW_BYTES]
            if piece != self._remembered[at : at + WINDOW_BYTES] and _is_contents(piece):
                pieces.append(piece)
        return pieces

    @keyword
    def lose_a_sector_of_the_stored_data(self) -> None:
        """While the power is off, a sector in the middle of what is stored gets erased."""
        bench().need(Capability.FLASH_CONTENTS)
        backend = bench().backend
        backend.power_off()
        image = bytearray(backend.flash_contents())
        used = used_sectors(image, backend.data_region())
        lost = used[len(used) // 2]
        image[lost : lost + SECTOR_BYTES] = ERASED_SECTOR
        backend.replace_flash(bytes(image))
        bench().power_on()

    @keyword
    def mark_the_stored_data_as_of_a_newer_format(self) -> None:
        """While the power is off, each sector's headers get the next version (flash-format.md)."""
        bench().need(Capability.FLASH_CONTENTS)
        backend = bench().backend
        backend.power_off()
        image = bytearray(backend.flash_contents())
        for sector in used_sectors(image, backend.data_region()):
            for at in (sector, sector + HEADER_BYTES):
                magic, version, number, reserved, _ = struct.unpack_from(HEADER, image, at)
                newer = (magic, version + 1, number, reserved)
                struct.pack_into(HEADER, image, at, *newer, HEADER_CHECK - sum(newer))
        backend.replace_flash(bytes(image))
        bench().power_on()

    @keyword
    def card_should_say_that_its_store_is(self, state: str) -> None:
        """``usable``, ``damaged`` or ``of another format``; then nothing of it is told."""
        card = bench().card
        found = card.version()[STATE_OFFSET]
        if found != STATES.index(state):
            raise AssertionError(f"the card says that its store is {STATES[found]}")
        if state == "usable":
            return
        for reference in (USER_PIN_REFERENCE, SO_PIN_REFERENCE):
            with expecting("memory failure"):
                card.verify(b"", reference)
        with expecting("memory failure"):
            card.list_objects()


def used_sectors(image: bytes | bytearray, region: range) -> list[int]:
    """Offsets of the sectors of `region` that are not erased."""
    sectors = range(region.start, region.stop, SECTOR_BYTES)
    return [at for at in sectors if image[at : at + SECTOR_BYTES] != ERASED_SECTOR]


def _is_contents(piece: bytes) -> bool:
    """Whether a piece of flash is sealed contents: neither erased, nor destroyed, nor a header."""
    return 0xFF not in piece and len(set(piece)) > DISTINCT_BYTES_MIN
