# SPDX-License-Identifier: GPL-2.0-or-later
"""The table of known answers is made of the counts that the tests are held to."""

from __future__ import annotations

import pytest

from tests import vector_counts, vector_table
from tests.vector_counts import APDU, CHIP, QEMU, RECORD, Taker, VectorSet


def test_the_table_is_that_of_the_counts():
    table = vector_table.section(vector_counts.load())
    assert table in vector_table.PAGE.read_text(), "python -m tests.vector_table --document"


def test_the_counts_are_written_as_they_are_read():
    text = vector_table.toml(vector_counts.load())
    assert text == vector_counts.COUNTS.read_text()


def test_a_row_adds_up_what_an_algorithm_has():
    counts = {"A": {"x": {"1": {"cases": 2000, CHIP: 3}, "2": {"cases": 5, APDU: 1, QEMU: 5}}}}
    assert "| A | x | 2,005 | 3 | 5 | 1 |" in vector_table.section(counts).splitlines()


def test_both_boards_take_the_same():
    line = ["A", "x", "1", 10, CHIP, 3]
    assert vector_table.added_up(iter([line, line])) == {"A": {"x": {"1": {"cases": 10, CHIP: 3}}}}
    with pytest.raises(SystemExit, match="chip is 3 and 4"):
        vector_table.added_up(iter([line, [*line[:5], 4]]))


def test_another_number_of_cases_is_noticed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(RECORD, raising=False)
    counts = {"A": {"x": {"1": {"cases": 4, CHIP: 2}}}}
    monkeypatch.setattr(vector_counts, "load", lambda: counts)
    taker = Taker(CHIP)
    assert taker.take(VectorSet("A", "x", "1", [0, 1, 2, 3]), 2) == [0, 3]
    for vectors, most in (
        (VectorSet("A", "x", "1", [0, 1, 2, 3]), 3),
        (VectorSet("A", "x", "1", [0, 1, 2]), 2),
        (VectorSet("A", "x", "2", [0, 1, 2, 3]), 2),
        (VectorSet("B", "x", "1", [0, 1, 2, 3]), 2),
        (VectorSet("A", "x", "1", []), 2),
    ):
        with pytest.raises(AssertionError):
            taker.take(vectors, most)
    with pytest.raises(AssertionError):
        taker.take(VectorSet("A", "x", "1", [0, 1, 2, 3]), 2, lambda case: case > 2)
