# SPDX-License-Identifier: GPL-2.0-or-later
"""Every word of what must be gone is looked for, wherever it may stand."""

from __future__ import annotations

import pytest

from campaigns.powerloss.desktop_store import StoreSubject
from campaigns.powerloss.layout import words
from campaigns.powerloss.remains import Remains, destroyed, written
from campaigns.powerloss.store_scenarios import NEW, SCENARIOS, SECRET, TWO_CHUNKS
from sim.flash import PAGE_BYTES, SECTOR_BYTES
from sim.scenario.cut import Cut
from sim.scenario.images import Image, cut_image
from tests.campaigns.test_powerloss_operations import OBJECT, Flash


def subject(name: str) -> StoreSubject:
    return StoreSubject(next(one for one in SCENARIOS if one.name == name))


@pytest.mark.parametrize(
    ("name", "contents"), [("delete", SECRET), ("delete_chunks", TWO_CHUNKS), ("replace", SECRET)]
)
def test_all_of_a_deleted_object_is_looked_for(name: str, contents: bytes):
    one = subject(name)
    end = one.start.replay(one.record().entries)
    gone = destroyed(one.start, end)
    assert gone >= set(words(contents))
    assert not Remains(gone).in_image(end)
    assert set(Remains(gone).in_image(one.start)) == gone


def test_one_word_left_anywhere_is_found():
    one = subject("delete")
    end = one.start.replay(one.record().entries)
    [word] = words(SECRET[40:48])
    cells = bytearray(end.contents())
    at = len(cells) - SECTOR_BYTES // 2
    cells[at : at + 8] = SECRET[40:48]
    left = Remains(destroyed(one.start, end)).in_image(Image.of(bytes(cells)))
    assert left == {word: 1}


def test_new_contents_are_looked_for_and_a_commit_is_none():
    one = subject("put")
    start, entries = one.start, one.record().entries
    new = written(start, entries)
    assert new >= set(words(NEW))
    torn = cut_image(start, entries, Cut(len(entries) - 1, "prefixHalf"), 0)
    settled = one.boot(torn).end
    assert not Remains(new).in_image(settled)
    # A torn commit keeps its MAC, which is no secret.
    assert Remains(words(entries[-1].after[:16])).in_image(settled)


@pytest.mark.parametrize("free_bytes", [8, 16, 24, 32])
def test_a_header_that_a_page_cuts_is_no_contents(free_bytes: int):
    flash = Flash()
    start = Image.of(bytes(flash.buffer))
    contents = bytes(at % 251 for at in range(0x168))
    # Six different bytes in one word of the header.
    flash.append(2 * PAGE_BYTES - free_bytes, OBJECT, contents, id=0x10D1)
    assert written(start, flash.entries) == set(words(contents))
