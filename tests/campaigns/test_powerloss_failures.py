# SPDX-License-Identifier: GPL-2.0-or-later
"""FAIL-1: what a failed operation may leave, and what it may not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from campaigns.powerloss import catalogue, failures, store_scenarios
from campaigns.powerloss.catalogue import Task
from campaigns.powerloss.desktop_store import Contents, StoreState, StoreSubject
from campaigns.powerloss.runner import run_task
from campaigns.powerloss.store_scenarios import SCENARIOS

# ruff: isort: split
from hsm.store import DAMAGED


@pytest.fixture
def subject() -> StoreSubject:
    return StoreSubject(next(one for one in SCENARIOS if one.name == "delete"))


def problems(subject: StoreSubject) -> list[str]:
    return [verdict.problem for verdict in failures.verdicts(subject, 1)]


def test_a_store_that_is_damaged_after_a_failure_is_noticed(subject, monkeypatch):
    assert problems(subject) == ["", "", ""]
    done = replace(subject.done, entries=(), error="StoreFailure")
    broken = replace(done, state=StoreState(DAMAGED, Contents()))
    monkeypatch.setattr(subject, "perform", lambda faults=(): broken)
    assert all("not to be used" in problem for problem in problems(subject))
    refused = replace(done, state=subject.before)
    monkeypatch.setattr(subject, "perform", lambda faults=(): refused)
    assert problems(subject) == ["", "", ""]


def test_an_error_after_which_all_is_done_is_noticed(subject, monkeypatch):
    failed = replace(subject.done, error="StoreFailure")
    monkeypatch.setattr(subject, "perform", lambda faults=(): failed)
    assert all("shows something else" in problem for problem in problems(subject))


def test_a_failing_operation_has_a_scenario_of_its_name():
    put = store_scenarios.named("put")
    assert put is not None and put.name == "put" and not put.faults
    failing = store_scenarios.named("put_failing_2")
    assert failing is not None and failing == store_scenarios.failing(put, 2)
    assert [fault.operation_index for fault in failing.faults] == [2]
    for name in ("", "putt", "put_failing_", "put_failing_x", "putt_failing_1"):
        assert store_scenarios.named(name) is None
    assert catalogue.is_known("store", "put_failing_2")
    assert not catalogue.is_known("card", "put_failing_2")


def test_cuts_behind_a_failure_are_judged_with_all_others(monkeypatch: pytest.MonkeyPatch):
    task = Task("put", "store", 0, 1, (None,))
    behind = run_task(task)
    monkeypatch.setattr(catalogue, "_failing", lambda *_: ())
    plain = run_task(task)
    assert behind.found.images > 2 * plain.found.images
    assert behind.found.tiles == plain.found.tiles
    atomic = behind.ledger.tallies["ATOM-1"].evaluations
    assert atomic == behind.found.images and not behind.ledger.violations
