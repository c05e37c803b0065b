# SPDX-License-Identifier: GPL-2.0-or-later
"""A run is worth what each board alone has shown."""

from __future__ import annotations

from campaigns.powerloss.catalogue import Task
from campaigns.powerloss.report import Summary
from campaigns.powerloss.runner import Result, run_task
from sim.scenario.explorer import Exploration
from sim.scenario.invariants import Ledger, Verdict


def result(board: str, looked_at: dict[str, int]) -> Result:
    """A scenario on `board`, its invariants evaluated on so many things."""
    ledger = Ledger()
    ledger.declare(["PIN-1", "KEY-1"])
    for name, count in looked_at.items():
        ledger.enter(name, Verdict(count), lambda: "id")
    return Result(Task("put", board, 0, 1, (None,)), "", Exploration(), ledger)


def never_shown(*results: Result) -> list[str]:
    return Summary(list(results), None, 0.0).never_shown()


def test_what_one_board_shows_proves_nothing_of_another():
    complete = {"PIN-1": 2, "KEY-1": 1}
    assert never_shown(result("pico", complete), result("pico2", complete)) == []
    found = never_shown(result("pico", complete), result("pico2", {"PIN-1": 1, "KEY-1": 0}))
    assert found == ["KEY-1 on pico2"]
    assert never_shown(result("store", {"KEY-1": 1})) == ["PIN-1 on store"]


def test_scenarios_of_one_board_add_up():
    assert never_shown(result("pico", {"PIN-1": 1}), result("pico", {"KEY-1": 1})) == []


def test_a_failure_that_was_never_tried_is_missed(monkeypatch):
    task = Task("spend_try", "store", 0, 1, (None,))
    monkeypatch.setattr("campaigns.powerloss.failures.verdicts", lambda subject, operations: ())
    assert "FAIL-1 on store" in never_shown(run_task(task))
