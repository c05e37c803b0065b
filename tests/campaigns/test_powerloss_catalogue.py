# SPDX-License-Identifier: GPL-2.0-or-later
"""A usual run leaves out no scenario, and no tear of one."""

from __future__ import annotations

import pytest

import boards
from campaigns.powerloss import catalogue

SCENARIOS = [scenario.name for scenario in catalogue.CARD_SCENARIOS]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_scenario_has_all_tears_somewhere(scenario: str) -> None:
    found = [task for task in catalogue.tasks(0) if task.scenario == scenario]
    assert any(task.board in boards.names() for task in found)
    assert any(task.tears[0] is None for task in found)


@pytest.mark.parametrize("scenario", ["generate_ec", "initialize_used", "write_middle"])
@pytest.mark.parametrize("board", boards.names())
def test_what_is_asked_for_by_name_has_all_tears(scenario: str, board: str) -> None:
    [task] = catalogue.tasks(0, [board], [scenario])
    assert task.tears[0] is None


def test_few_tears_are_tried_where_another_run_has_all() -> None:
    few = {(task.board, task.scenario) for task in catalogue.tasks(0) if task.tears[0] is not None}
    assert ("pico2", "generate_ec") in few
    assert ("pico", "compact_and_write") not in few
    assert ("pico2", "renew_uses") not in few
