# SPDX-License-Identifier: GPL-2.0-or-later
"""Images made from a journal: shared by sector, told apart by what a boot can see."""

from __future__ import annotations

import pytest

from sim.flash import SECTOR_BYTES
from sim.flash.faults import tear
from sim.flash.journal import Entry, Operation
from sim.scenario.cut import Cut
from sim.scenario.images import ForeignJournal, Image, cut_image, cuts_of

ERASED = b"\xff" * SECTOR_BYTES
PROGRAM = Entry(0, Operation.PROGRAM, SECTOR_BYTES + 8, b"\xff" * 4, b"abcd", 0)
CHANGED = ERASED[:8] + b"abcd" + ERASED[12:]
ERASE = Entry(1, Operation.ERASE, SECTOR_BYTES, CHANGED, ERASED, 0)
BLANK = Image.of(ERASED * 3)


def test_only_the_changed_sector_is_new() -> None:
    image = BLANK.after(PROGRAM)
    assert image.read(SECTOR_BYTES + 8, 4) == b"abcd"
    assert image.sectors[0] is BLANK.sectors[0] and image.sectors[2] is BLANK.sectors[2]
    assert image.contents() == ERASED + CHANGED + ERASED
    assert BLANK.contents() == ERASED * 3


def test_the_digest_is_of_what_a_boot_can_see() -> None:
    erased_again = BLANK.replay([PROGRAM, ERASE])
    assert erased_again.digest == BLANK.digest
    assert erased_again.sectors[1].erases == 1
    assert BLANK.after(PROGRAM).digest != BLANK.digest
    weak = BLANK.after(PROGRAM).torn(ERASE, tear("marginal", ERASE))
    assert weak.contents() == BLANK.contents()
    assert weak.weak_sectors == [1]
    assert weak.digest != BLANK.digest
    assert Image.of(ERASED * 3, otp=b"\1").digest != BLANK.digest


def test_only_a_whole_erase_makes_a_sector_strong_again() -> None:
    weak = BLANK.after(PROGRAM).torn(ERASE, tear("marginal", ERASE))
    again = Entry(2, Operation.ERASE, SECTOR_BYTES, ERASED, ERASED, 0)
    assert weak.torn(again, tear("none", again)).weak_sectors == [1]
    assert weak.after(again).weak_sectors == []


def test_wear_goes_with_the_sector() -> None:
    image = BLANK.with_wear([5, 6, 7], [1] * 48).after(PROGRAM)
    assert image.sectors[1].page_programs[0] == 2
    assert image.after(ERASE).sectors[1].erases == 7
    assert image.after(ERASE).sectors[1].page_programs == (0,) * 16


def test_a_journal_of_another_image_is_refused() -> None:
    with pytest.raises(ForeignJournal, match="operation 1"):
        BLANK.after(ERASE)


def test_cuts_come_by_operation_and_can_be_made_again_one_by_one() -> None:
    cuts = list(cuts_of(BLANK, [PROGRAM, ERASE], lambda entry: (2,), 0))
    assert [cut for cut, _ in cuts[:2]] == [Cut(0, "none"), Cut(0, "full")]
    assert cuts[0][1] == BLANK
    assert any(cut.tear == "prefix@2" or cut.tear == "prefixHalf" for cut, _ in cuts)
    for cut, image in cuts:
        assert cut_image(BLANK, [PROGRAM, ERASE], cut, 0) == image


def test_behind_the_last_operation_is_nothing_but_the_end() -> None:
    end = BLANK.replay([PROGRAM, ERASE])
    assert cut_image(BLANK, [PROGRAM, ERASE], Cut(2, "none"), 0) == end
    for cut in (Cut(2, "full"), Cut(3, "none"), Cut(0, "nothingLikeThis")):
        with pytest.raises(ValueError):
            cut_image(BLANK, [PROGRAM, ERASE], cut, 0)
