# SPDX-License-Identifier: GPL-2.0-or-later
"""Replay ids round-trip and refuse; the ledger knows what was shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.scenario.cut import Cut, ReplayId, ReplayIdError, parse_path, path_text
from sim.scenario.invariants import Invariant, Ledger, Verdict

TEARS = ("none", "full", "prefix1", "prefixHalf", "prefix@24", "suffix@3", "bit7", "butBitLast")
cuts = st.builds(Cut, st.integers(0, 9999), st.sampled_from(TEARS))
words = st.text("abcxyz019_", min_size=1, max_size=12)
digests = st.text("0123456789abcdef", min_size=4, max_size=32)


@given(
    st.builds(
        ReplayId,
        words,
        words,
        words,
        st.integers(0, 2**32),
        st.lists(cuts, min_size=1, max_size=4).map(tuple),
        digests,
    )
)
def test_an_id_reads_as_it_was_written(id: ReplayId) -> None:
    assert ReplayId.parse(str(id)) == id


def test_an_id_looks_as_documented() -> None:
    text = "pl/delete_key/pico/344x4096/0/c12.prefix@3-c0.none@2fc70f3af1d5"
    id = ReplayId.parse(text)
    assert id.path == (Cut(12, "prefix@3"), Cut(0, "none"))
    assert id.digest == "2fc70f3af1d5"
    assert path_text(parse_path(path_text(id.path))) == "c12.prefix@3-c0.none"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pl",
        "fz/a/b/c/0/c0.none@abcd",
        "pl/a/b/c/0/c0.none",
        "pl/a/b/c/0/c0.none@",
        "pl/a/b/c/0/c0.none@xyzw",
        "pl/a/b/c/x/c0.none@abcd",
        "pl/a/b/c/-1/c0.none@abcd",
        "pl/a/b/c/0/none@abcd",
        "pl/a/b/c/0/c.none@abcd",
        "pl/a/b/c/0/c0.none-@abcd",
        "pl/../b/c/0/c0.none@abcd",
    ],
)
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(ReplayIdError):
        ReplayId.parse(text)


def invariant(name: str, looked_at: int | None, problem: str = "") -> Invariant[int]:
    return Invariant(name, "", lambda _: None if looked_at is None else Verdict(looked_at, problem))


def test_an_invariant_on_nothing_was_never_shown() -> None:
    ledger = Ledger()
    ledger.declare(["SHOWN", "EMPTY", "SILENT", "ABSENT"])
    judged = [invariant("SHOWN", 2), invariant("EMPTY", 0), invariant("SILENT", None)]
    assert ledger.judge(judged, 1, lambda: "id")
    assert ledger.never_shown() == ["ABSENT", "EMPTY", "SILENT"]
    assert ledger.tallies["SHOWN"].looked_at == 2
    assert ledger.tallies["SILENT"].evaluations == 0


def test_violations_are_counted_and_the_first_ones_kept() -> None:
    ledger = Ledger(kept_max=2)
    bad = [invariant("GOOD", 1), invariant("BAD", 1, "broken")]
    for number in range(5):
        assert not ledger.judge(bad, number, lambda n=number: f"id {n}")
    assert ledger.violation_count() == 5
    assert [found.id for found in ledger.violations] == ["id 0", "id 1"]
    assert ledger.tallies["GOOD"].violations == 0


def test_ledgers_add_up() -> None:
    left, right = Ledger(), Ledger()
    left.judge([invariant("A", 1)], 0, lambda: "")
    right.judge([invariant("A", 0), invariant("B", 3, "broken")], 0, lambda: "x")
    left.merge(right)
    assert left.tallies["A"].evaluations == 2 and left.tallies["A"].non_empty == 1
    assert [found.invariant for found in left.violations] == ["B"]
