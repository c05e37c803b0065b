# SPDX-License-Identifier: GPL-2.0-or-later
"""Old flash contents put back into a card by somebody with a programmer.

Source: docs/rollback.md, whose table says what comes of it on which board.
"""

from __future__ import annotations

from robot.api.deco import keyword, library

from robot_tests.backends.backend import Capability
from robot_tests.keywords.bench import bench
from robot_tests.keywords.outcomes import status_word
from robot_tests.keywords.power import SECTOR_BYTES
from sim.life.card import CardError

ERASED, DESTROYED = 0xFF, 0x00
SW_MEMORY_FAILURE = status_word("memory failure")


@library(scope="GLOBAL", auto_keywords=False)
class Rollback:
    """First ``Read Out The Flash``; then something happens; then some of the old goes back."""

    def __init__(self) -> None:
        self._old = b""
        self._tries = 0

    @keyword
    def read_out_the_flash(self) -> None:
        """Keep what is in the flash now, to put it back later."""
        bench().need(Capability.FLASH_CONTENTS)
        self._old = bench().backend.flash_contents()

    @keyword
    def put_back_the_whole_flash(self) -> None:
        """All of it is as it was read out; power on."""
        self._put_back(bench().backend.data_region())

    @keyword
    def put_back_the_only_sector_that_changed(self) -> None:
        """What has happened since was written to one sector: that one is as it was read out."""
        changed = self._changed()
        if len(changed) != 1:
            raise AssertionError(f"{len(changed)} sectors have changed")
        self._put_back_sectors(changed)

    @keyword
    def put_back_the_sectors_where_something_was_destroyed(self) -> None:
        """Sectors in which bytes went to zero since; those that only grew stay as they are."""
        self._put_back_some(grown=False)

    @keyword
    def put_back_the_sectors_that_have_grown(self) -> None:
        """Sectors in which something was written since; what was destroyed elsewhere stays so."""
        self._put_back_some(grown=True)

    def _put_back_some(self, grown: bool) -> None:
        now, changed = bench().backend.flash_contents(), self._changed()
        chosen = [at for at in changed if _has_grown(_part(self._old, at), _part(now, at)) == grown]
        if not chosen or len(chosen) == len(changed):
            raise AssertionError(f"{len(chosen)} of {len(changed)} changed sectors: no such choice")
        self._put_back_sectors(chosen)

    def _changed(self) -> list[int]:
        now, region = bench().backend.flash_contents(), bench().backend.data_region()
        sectors = range(region.start, region.stop, SECTOR_BYTES)
        return [at for at in sectors if _part(now, at) != _part(self._old, at)]

    def _put_back_sectors(self, sectors: list[int]) -> None:
        self._put_back(*(range(at, at + SECTOR_BYTES) for at in sectors))

    def _put_back(self, *ranges: range) -> None:
        backend = bench().backend
        bench().power_cycle()
        self._tries = bench().tries_left()
        contents = bytearray(backend.flash_contents())
        for part in ranges:
            contents[part.start : part.stop] = self._old[part.start : part.stop]
        backend.power_off()
        backend.replace_flash(bytes(contents))
        bench().power_on()

    @keyword
    def what_the_card_makes_of_it(self) -> str:
        """``refused``: a damaged store. ``accepted``: there are other tries left than before.

        ``harmless``: neither.
        """
        try:
            bench().card.list_objects()
        except CardError as error:
            if error.sw == SW_MEMORY_FAILURE:
                return "refused"
            raise
        return "harmless" if bench().tries_left() == self._tries else "accepted"


def _part(contents: bytes, at: int) -> bytes:
    return contents[at : at + SECTOR_BYTES]


def _has_grown(old: bytes, new: bytes) -> bool:
    """Whether something else than zeros was programmed into erased cells."""
    return any(
        before == ERASED and after not in (ERASED, DESTROYED)
        for before, after in zip(old, new, strict=True)
    )
