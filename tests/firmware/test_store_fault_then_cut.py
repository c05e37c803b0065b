# SPDX-License-Identifier: GPL-2.0-or-later
"""A flash operation fails, then the power: the way out of a sector is cut.

ATOM-1 and BOOT-2 hold for each pair of an operation that fails and a later one that is cut.
"""

from collections.abc import Callable

import pytest
from hsm.store import Store
from hsm.store import store as store_module
from nor_flash import NorFlash, PowerCut, tear_but_one_bit, tear_full, tear_none, tear_prefix
from store_twin import SCRATCH, mounted, objects
from test_store_cuts import CHANGES, SECTORS, prepared

from sim.flash.endurance import OperationFault

TEARS = (tear_none, tear_prefix, tear_but_one_bit, tear_full)
EFFECTS = ("none", "butBitLast")


def failing(image: bytes, operation: int, effect: str) -> tuple[NorFlash, Store]:
    """A mounted store whose `operation`-th operation from now on fails once."""
    flash = NorFlash(SECTORS, image)
    store = mounted(flash)
    flash.array.faults = [OperationFault(flash.array.operation_count + operation, effect)]
    return flash, store


@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("change", CHANGES)
def test_every_cut_after_every_failure(change: Callable[[Store], None], effect: str) -> None:
    image = prepared().image()
    before = objects(mounted(NorFlash(SECTORS, image)))
    flash = NorFlash(SECTORS, image)
    change(mounted(flash))
    after = objects(mounted(flash))
    pairs = 0
    for failed in range(flash.operations):
        flash, store = failing(image, failed, effect)
        change(store)
        for at in range(failed + 1, flash.operations):
            for tear in TEARS:
                flash, store = failing(image, failed, effect)
                flash.arm(at, tear)
                with pytest.raises(PowerCut):
                    change(store)
                assert not any(SCRATCH)
                path = f"{failed} fails, {at}.{tear.__name__}"
                store = mounted(flash)
                assert store.state == store_module.READY, path
                assert objects(store) in (before, after), f"ATOM-1 {path}"
                settled = flash.operations
                mounted(flash)
                assert flash.operations == settled, f"BOOT-2 {path}"
                pairs += 1
    assert pairs > 100
