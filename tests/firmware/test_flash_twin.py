# SPDX-License-Identifier: GPL-2.0-or-later
"""The twin stands on the chip models' cells; its read-back tells faults."""

import pytest
from nor_flash import SECTOR_BYTES, TEARS, NorFlash, PowerCut

from sim.flash.endurance import BadSector, Endurance

SECTORS = 4


@pytest.mark.parametrize("behaviour", BadSector)
def test_a_worn_out_sector_is_an_error_of_its_operations(behaviour: BadSector) -> None:
    flash = NorFlash(SECTORS)
    flash.array.endurance = Endurance(4, behaviour)
    failed = set()
    for _ in range(8):
        for name, operation in (
            ("erase", lambda: flash.erase(SECTOR_BYTES)),
            ("program", lambda: flash.program(SECTOR_BYTES + 5, b"\x5a" * 32)),
        ):
            try:
                operation()
            except OSError as error:
                assert error.errno == 5
                failed.add(name)
    assert flash.erase_counts == [0, 8, 0, 0]
    assert (
        failed
        == {
            BadSector.PROGRAM_ERROR: {"program"},
            BadSector.PROGRAM_IGNORED: {"program"},
            BadSector.ERASE_ERROR: {"erase"},
            BadSector.ERASE_IGNORED: {"erase"},
            BadSector.READ_ERROR: {"erase", "program"},
        }[behaviour]
    )


def test_a_marginal_erase_by_its_name_is_known_only_to_the_next_program() -> None:
    flash = NorFlash(SECTORS)
    flash.arm(0, "marginal")
    with pytest.raises(PowerCut):
        flash.erase(0)
    flash.power_on()
    assert flash.is_erased(0, SECTOR_BYTES)
    with pytest.raises(OSError, match="EIO"):
        flash.program(0, b"\x12\x34")
    flash.erase(0)
    flash.program(0, b"\x12\x34")


def test_tears_differ_and_leave_the_flash_without_power() -> None:
    images = set()
    for tear in TEARS:
        flash = NorFlash(SECTORS)
        flash.program(100, b"\x0f" * 10)
        flash.arm(0, tear)
        with pytest.raises(PowerCut):
            flash.erase(0)
        with pytest.raises(PowerCut):
            flash.program(0, b"\0")
        images.add(flash.image())
    assert len(images) == len(TEARS)
