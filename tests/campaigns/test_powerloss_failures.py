# SPDX-License-Identifier: GPL-2.0-or-later
"""FAIL-1: what a failed operation may leave, and what it may not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from campaigns.powerloss import failures
from campaigns.powerloss.desktop_store import Contents, StoreState, StoreSubject
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
