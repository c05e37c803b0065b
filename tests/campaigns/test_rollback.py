# SPDX-License-Identifier: GPL-2.0-or-later
"""The rollback campaign's own logic: swaps, situations, what counts as a failure."""

from __future__ import annotations

from dataclasses import replace

import pytest

from campaigns.rollback import life, report
from campaigns.rollback.__main__ import DOCS_PAGE
from campaigns.rollback.campaign import Case
from campaigns.rollback.life import Moment, Record
from campaigns.rollback.situation import REFUSED, ROWS, Situation
from campaigns.rollback.swaps import Regions, Swap, swaps
from campaigns.rollback.verdict import KINDS, Table, came_back, contradiction, outcome
from campaigns.rollback.witness import Observation
from sim.flash import SECTOR_BYTES

TABLE = Table.load()
PRESENT = Observation(
    "ready",
    user_tries=1,
    so_tries=14,
    pins=frozenset({"PIN B"}),
    keys=frozenset({"key 1"}),
    uses=frozenset({("key 1", 195)}),
    files=frozenset({(0xCF01, "new")}),
    domain="none",
)


def recorded(*contents: str) -> Regions:
    """Moments whose sectors are filled with the letters of `contents`."""
    record = Record("pico", 0)
    for number, letters in enumerate(contents):
        region = b"".join(letter.encode() * SECTOR_BYTES for letter in letters)
        record.moments.append(Moment(f"moment {number}", region, PRESENT))
    return Regions(record)


# --- swaps ------------------------------------------------------------------------------------


def test_all_older_contents_are_put_in_once():
    names = [swap.name for swap in swaps(recorded("aaa", "bba", "bca"), 2)]
    # Moment 0 alone has other contents in sector 0; its whole is the pair that changed together.
    assert names == ["2/1/whole", "2/0/whole", "2/0/0", "2/0/1"]


def test_a_swap_is_applied_to_its_sectors_only():
    regions = recorded("aaa", "bba", "bcd")
    assert regions.apply(Swap(2, 0, (1,)))[::SECTOR_BYTES] == b"bad"
    assert regions.apply(Swap(2, 0))[::SECTOR_BYTES] == b"aaa"


def test_sectors_that_changed_together_go_back_together():
    names = {swap.name for swap in swaps(recorded("aaaa", "bbba", "ccca", "cccd"), 3)}
    assert {"3/1/0+1", "3/1/0+2", "3/1/1+2", "3/0/0+1+2"} <= names


@pytest.mark.parametrize("swap", [Swap(21, 17, (151, 152)), Swap(3, 0), Swap(9, 8, (5,))])
def test_a_name_leads_back_to_its_swap(swap):
    assert Swap.parse(swap.name) == swap


@pytest.mark.parametrize("name", ["", "3/0", "3/0/5-6", "a/0/whole"])
def test_other_names_are_refused(name):
    with pytest.raises(ValueError, match="no swap is called"):
        Swap.parse(name)


# --- verdicts ---------------------------------------------------------------------------------

WHAT_CAN_COME_BACK = {
    "tries": replace(PRESENT, user_tries=2),
    "uses": replace(PRESENT, uses=frozenset({("key 1", 196)})),
    "PIN": replace(PRESENT, pins=frozenset({"PIN A", "PIN B"})),
    "key": replace(PRESENT, keys=frozenset({"key 1", "key 2"})),
    "file": replace(PRESENT, files=frozenset({(0xCF01, "old")})),
    "key domain": replace(PRESENT, domain="two shares"),
}


def test_every_kind_is_tried():
    assert tuple(WHAT_CAN_COME_BACK) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_what_came_back_is_told(kind):
    seen = WHAT_CAN_COME_BACK[kind]
    assert came_back(seen, PRESENT) == {kind}
    assert outcome(seen, PRESENT) == "accepted"


def test_what_is_lost_has_not_come_back():
    seen = replace(PRESENT, user_tries=0, keys=frozenset(), uses=frozenset(), files=frozenset())
    assert came_back(seen, PRESENT) == frozenset()
    assert outcome(seen, PRESENT) == "accepted"


@pytest.mark.parametrize("board", ["pico", "pico2"])
@pytest.mark.parametrize(
    ("row", "seen", "fails"),
    [
        ("revived", REFUSED, False),
        ("revived", PRESENT, True),
        ("revived", WHAT_CAN_COME_BACK["key"], True),
        ("missing", REFUSED, False),
        ("missing", PRESENT, True),
        ("dead", PRESENT, False),
        ("dead", REFUSED, True),
        ("dead", WHAT_CAN_COME_BACK["file"], True),
        ("counters", WHAT_CAN_COME_BACK["tries"], False),
        # Better than documented is not as documented.
        ("counters", REFUSED, True),
        ("counters", WHAT_CAN_COME_BACK["uses"], True),
        ("whole", REFUSED, True),
    ],
)
def test_neither_better_nor_worse_than_the_table_passes(board, row, seen, fails):
    due = {"counters": WHAT_CAN_COME_BACK["tries"], "dead": PRESENT}.get(row, PRESENT)
    told = contradiction(TABLE, board, Situation(row, due), seen, PRESENT)
    assert bool(told) == fails


def test_an_older_card_may_have_other_counters_but_no_other_keys():
    older = Situation("older", WHAT_CAN_COME_BACK["key"])
    seen = replace(WHAT_CAN_COME_BACK["key"], user_tries=3)
    assert not contradiction(TABLE, "pico", older, seen, PRESENT)
    assert contradiction(TABLE, "pico", older, WHAT_CAN_COME_BACK["file"], PRESENT)


# --- the table, the report, the page ----------------------------------------------------------


def test_the_table_has_every_row_with_a_reason_for_each_board():
    assert tuple(TABLE.rows) == ROWS
    for row in TABLE.rows.values():
        assert set(row.outcome) == set(row.reason) == {"pico", "pico2"}
        assert set(row.outcome.values()) <= {"accepted", "refused", "harmless"}
        assert row.cases_min > 0
    for rows in ("revived", "missing"):
        assert set(TABLE.rows[rows].outcome.values()) == {"refused"}


def test_the_table_names_kinds_that_exist():
    assert set(TABLE.whole) == {life.LAST, life.END}
    named = [kinds for steps in TABLE.whole.values() for kinds in steps.values()]
    assert set().union(*named) == set(KINDS)


def case(row: str, failure: str = "") -> Case:
    return Case("pico", Swap(2, 1, (7,)), row, "old", "new", "refused", frozenset(), failure)


def test_a_failure_ends_with_its_replay_line():
    found = report.failures([case("revived", "accepted")], TABLE, [])
    assert len(found) == 1
    assert found[0].endswith("nox -s rollback -- --case rb/pico/2/1/7")


def test_a_row_without_cases_is_a_failure():
    cases = [case(row) for row in ROWS for _ in range(TABLE.rows[row].cases_min)]
    assert report.failures(cases, TABLE, ["pico"]) == []
    few = report.failures(cases[1:], TABLE, ["pico"])
    assert len(few) == 1 and "'whole'" in few[0]


def test_the_page_shows_the_table_that_the_campaign_asserts():
    page = DOCS_PAGE.read_text()
    assert report.section(TABLE) in page, "run `nox -s rollback -- --write-docs`"
