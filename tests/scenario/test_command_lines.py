# SPDX-License-Identifier: GPL-2.0-or-later
"""The campaign and the replay as people call them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sim.scenario.cut import ReplayId
from tools.paths import PROJECT

PLACE = "pl/spend_try/store/10x4096/0"
SPEND_TRY = ("--board", "store", "--scenario", "spend_try")


def run(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)


def explored(folder: Path, *arguments: str) -> dict[str, Any]:
    done = run("campaigns.powerloss", "--output", str(folder), *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((folder / "report.json").read_text())


def test_a_run_reports_what_it_did_and_is_the_same_again(tmp_path: Path) -> None:
    first = explored(tmp_path, *SPEND_TRY)
    [scenario] = first["scenarios"]
    assert scenario["operations"] == 1 and scenario["images"] > 3
    assert first["totals"]["violations"] == 0
    assert first["invariants"]["PIN-1"]["non_empty"] == scenario["images"]
    outcomes = {tear: outcome for _, tear, outcome in scenario["tiles"]}
    assert outcomes["full"] == "deduplicated" and "before" in outcomes.values()
    again = explored(tmp_path, *SPEND_TRY)
    for report in (first, again, *first["scenarios"], *again["scenarios"]):
        for time in ("wall_s", "cpu_s"):
            report.pop(time, None)
    assert first == again


def test_the_page_needs_nothing_from_elsewhere(tmp_path: Path) -> None:
    explored(tmp_path, *SPEND_TRY)
    page = (tmp_path / "report.html").read_text()
    assert "<svg" in page and "spend_try on store" in page
    assert "http" not in page and "src=" not in page


def digest_of(cut: str) -> str:
    """What a replay names when the id's digest is another one."""
    done = run("campaigns.powerloss.replay", f"{PLACE}/{cut}@0000")
    assert done.returncode == 1, done.stdout + done.stderr
    line = next(line for line in done.stdout.splitlines() if line.startswith("these cuts lead to"))
    return line.split()[5]


def test_a_replay_shows_journal_difference_and_verdicts() -> None:
    id = f"{PLACE}/c0.evenBits@{digest_of('c0.evenBits')}"
    assert str(ReplayId.parse(id)) == id
    done = run("campaigns.powerloss.replay", id)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "program sector" in done.stdout and "<- evenBits" in done.stdout
    assert "PIN-1" in done.stdout and "0 invariants violated" in done.stdout


@pytest.mark.parametrize(
    ("id", "told"),
    [
        ("nonsense", "no replay id"),
        ("pl/spend_try/moon/10x4096/0/c0.none@abcd", "unknown board"),
        ("pl/no_such/store/10x4096/0/c0.none@abcd", "unknown scenario"),
        ("pl/spend_try/store/11x4096/0/c0.none@abcd", "not 11x4096"),
        (f"{PLACE}/c7.none@abcd", "1 operations"),
        (f"{PLACE}/c0.wishful@abcd", "wishful"),
    ],
)
def test_a_wrong_id_is_one_line(id: str, told: str) -> None:
    done = run("campaigns.powerloss.replay", id)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    assert told in done.stderr


@pytest.mark.parametrize(
    "arguments", [("--board", "moon"), ("--scenario", "wishful"), ("--depth", "0")]
)
def test_a_wrong_choice_is_one_line(arguments: tuple[str, ...]) -> None:
    done = run("campaigns.powerloss", *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
