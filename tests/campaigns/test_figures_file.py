# SPDX-License-Identifier: GPL-2.0-or-later
"""Figures gather in a file, and those of another image are not published."""

from __future__ import annotations

from pathlib import Path

import pytest

from campaigns import figures_file
from tools.errors import ToolError
from tools.product import image_name

PARTS = ["first", "second"]


def read(path: Path) -> dict[str, dict]:
    return figures_file.read(path, "some", PARTS)


def enter(path: Path, rows: dict[str, dict]) -> None:
    figures_file.enter(path, "some", PARTS, rows)


def test_a_row_joins_those_that_are_there(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "report.json"
    enter(path, {"pico/second": {"count": 1}, "pico2/second": {"count": 2}})
    enter(path, {"pico2/first": {"count": 3}, "pico/second": {"count": 4}})
    found = read(path)
    assert list(found) == ["pico2/first", "pico/second", "pico2/second"]
    assert [row["count"] for row in found.values()] == [3, 4, 2]
    assert {name: row["image"] for name, row in found.items()} == {
        "pico2/first": image_name("pico2"),
        "pico/second": image_name("pico"),
        "pico2/second": image_name("pico2"),
    }


def test_a_row_of_another_image_is_left_out_and_goes(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    enter(path, {"pico/first": {}, "pico2/first": {}})
    path.write_text(path.read_text().replace(image_name("pico2"), "00000000"))
    assert list(read(path)) == ["pico/first"]
    enter(path, {"pico/second": {}})
    assert "pico2" not in path.read_text()


def test_without_a_file_there_are_no_figures(tmp_path: Path) -> None:
    assert read(tmp_path / "report.json") == {}


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '[{"operation": "pin"}]', '{"pico/third": {"image": "1"}}', '{"pico/first": []}'],
)
def test_a_file_that_holds_no_figures_is_told_in_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "report.json"
    path.write_text(text)
    with pytest.raises(ToolError, match="no figures of some") as told:
        enter(path, {"pico/first": {}})
    assert len(str(told.value).splitlines()) == 1 and path.read_text() == text
