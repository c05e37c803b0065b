# SPDX-License-Identifier: GPL-2.0-or-later
"""Wear: what is erased and how often, and sectors that fail.

Source: invariants WEAR-1, LIFE-1 of the store; [SCHSM] 24.
"""

from __future__ import annotations

from collections import Counter

from robot.api import logger
from robot.api.deco import keyword, library

from robot_tests.backends.backend import Capability
from robot_tests.keywords.bench import bench
from robot_tests.keywords.power import ERASED_SECTOR, SECTOR_BYTES, used_sectors

REMAINS = bytes(SECTOR_BYTES)


@library(scope="GLOBAL", auto_keywords=False)
class Wear:
    """Who counts: the flash itself, and the card, which tells its host."""

    def __init__(self) -> None:
        self._start = 0

    # --- erases ---------------------------------------------------------------------------------

    @keyword
    def count_erases_from_now(self) -> None:
        """What was erased before does not count."""
        self._start = len(bench().operations())

    @keyword
    def nothing_should_have_been_erased(self) -> None:
        """No sector was erased since counting began, although something was programmed."""
        operations = bench().operations()[self._start :]
        if not operations:
            raise AssertionError("nothing at all was done to the flash")
        erases = sum(operation.erases for operation in operations)
        logger.info(f"{len(operations)} programs")
        if erases:
            raise AssertionError(f"{erases} erases among {len(operations)} operations")

    @keyword
    def no_sector_should_have_been_erased_more_often_than(self, times: int) -> None:
        """Of the sectors that were erased since counting began, none was erased more often."""
        counts = Counter(
            operation.offset
            for operation in bench().operations()[self._start :]
            if operation.erases
        )
        logger.info(f"{counts.total()} erases of {len(counts)} sectors")
        if not counts or max(counts.values()) > times:
            raise AssertionError(f"erases by sector: {sorted(counts.values(), reverse=True)[:5]}")

    # --- what the card tells --------------------------------------------------------------------

    @keyword
    def card_should_tell_the_wear_that_its_flash_has(self) -> None:
        """Erases of the most worn sector and of all, as the flash counted them."""
        region = bench().backend.data_region()
        counts = Counter(
            operation.offset
            for operation in bench().operations()
            if operation.erases and operation.offset in region
        )
        told = bench().card.flash_state()
        logger.info(str(told))
        if (told.erases_max, told.erases_total) != (max(counts.values()), counts.total()):
            raise AssertionError(
                f"the card tells {told.erases_max} at most, {told.erases_total} in all; "
                f"the flash has had {max(counts.values())} and {counts.total()}"
            )
        if told.sectors != len(region) // SECTOR_BYTES:
            raise AssertionError(f"the card tells of {told.sectors} sectors")
        if told.erases_rated <= told.erases_max:
            raise AssertionError(f"the card tells a rating of {told.erases_rated} erases")

    @keyword
    def card_should_tell_of_retired_sectors(self) -> None:
        """At least one sector was left for good."""
        told = bench().card.flash_state()
        logger.info(str(told))
        if not told.sectors_retired:
            raise AssertionError("the card tells of no retired sector")

    # --- sectors that fail ----------------------------------------------------------------------

    @keyword
    def every_third_free_sector_wears_out(self, behaviour: str) -> None:
        """From now on these fail, e.g. by ``erase changes nothing``.

        The device is switched off and on for it, as by all keywords that wear sectors out: nobody
        is logged in afterwards.
        """
        self._wear_out(_free_sectors()[::3], behaviour)

    @keyword
    def all_free_sectors_wear_out(self, behaviour: str) -> None:
        """Only the sectors that hold something now still work."""
        self._wear_out(_free_sectors(), behaviour)

    @keyword
    def all_sectors_in_use_wear_out(self, behaviour: str) -> None:
        """What they hold can be read, but nothing can be changed in them as it should."""
        free = _free_sectors()
        self._wear_out([at for at in _sectors() if at not in free], behaviour)

    @staticmethod
    def _wear_out(sectors: list[int], behaviour: str) -> None:
        bench().need(Capability.WORN_SECTORS)
        backend = bench().backend
        backend.power_off()
        contents = bytearray(backend.flash_contents())
        for at in sectors:
            # Who has worn out a sector has left something in it: an erase has work to do.
            if contents[at : at + SECTOR_BYTES] == ERASED_SECTOR:
                contents[at : at + SECTOR_BYTES] = REMAINS
        backend.replace_flash(bytes(contents))
        backend.wear_out(sectors, behaviour)
        bench().power_on()


def _sectors() -> range:
    region = bench().backend.data_region()
    return range(region.start, region.stop, SECTOR_BYTES)


def _free_sectors() -> list[int]:
    bench().need(Capability.FLASH_CONTENTS)
    used = used_sectors(bench().backend.flash_contents(), bench().backend.data_region())
    return [at for at in _sectors() if at not in used]
