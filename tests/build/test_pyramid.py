# SPDX-License-Identifier: GPL-2.0-or-later
"""The table of the levels of testing knows every folder and every step of CI."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from campaigns.powerloss import report
from campaigns.powerloss.catalogue import Task
from campaigns.powerloss.runner import Result
from sim.scenario.explorer import Exploration
from sim.scenario.invariants import Ledger, Verdict
from tests import pyramid
from tools import paths
from tools.errors import ToolError
from tools.product import image_name

HOSTS = "interop"


def test_every_folder_of_tests_is_on_a_level() -> None:
    known = {
        *pyramid.DESKTOP,
        *pyramid.CRYPTO,
        *pyramid.MODELS,
        *pyramid.IMAGE,
        *pyramid.TOOLS,
        HOSTS,
    }
    folders = {path.parent.name for path in (paths.PROJECT / "tests").glob("*/test_*.py")}
    assert folders <= known


def test_every_step_has_a_level() -> None:
    noxfile = (paths.PROJECT / "noxfile.py").read_text()
    steps = re.findall(r'^    "([a-z-]+)": \w+,$', noxfile, re.M)
    assert len(steps) > 8
    assert {level.step for level in pyramid.LEVELS} == set(steps)


def test_a_missing_report_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyramid, "STEPS", tmp_path / "steps.json")
    with pytest.raises(ToolError, match="run `nox -s tests` first"):
        pyramid.lines()


def test_a_folder_where_nothing_ran_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pytest leaves out folders of some names, "build" among them, unless told otherwise."""
    path = tmp_path / "pytest.xml"
    path.write_text('<testsuite><testcase classname="tests.fuzz.test_model"/></testsuite>')
    monkeypatch.setattr(pyramid, "SUITES", path)
    monkeypatch.setattr(pyramid, "_suites", pyramid._suites.__wrapped__)
    level = next(level for level in pyramid.LEVELS if "campaigns" in level.name)
    with pytest.raises(ToolError, match="none of tests/build ran"):
        level.figures()


def test_violations_of_power_loss_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger()
    ledger.enter("PIN-1", Verdict(1, "a try came back"), lambda: "id")
    found = Exploration(cuts=3, images=2)
    result = Result(Task("spend_try", "store", 0, 1, (None,)), "", found, ledger)
    report.write(report.Summary([result], None, 0.0), tmp_path / "powerloss")
    monkeypatch.setattr(pyramid, "BUILD", tmp_path)
    level = next(level for level in pyramid.LEVELS if level.step == "powerloss")
    assert level.figures().endswith(", 1 violations")


def test_only_figures_of_the_present_images_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = {
        f"{board}/pin": {"runs": 32, "paths": 1, "image": image}
        for board, image in (("pico", image_name("pico")), ("pico2", "00000000"))
    }
    monkeypatch.setattr(pyramid, "BUILD", tmp_path)
    path = tmp_path / "same_path" / "report.json"
    path.parent.mkdir()
    path.write_text(json.dumps(rows))
    level = next(level for level in pyramid.LEVELS if level.step == "same-path")
    assert level.figures().startswith("1 operations, 32 runs; 1 have one path")
    path.write_text(json.dumps({"pico2/pin": rows["pico2/pin"]}))
    with pytest.raises(ToolError, match="no figures of the present images"):
        level.figures()
