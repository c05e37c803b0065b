# SPDX-License-Identifier: GPL-2.0-or-later
"""The list of frozen modules: sorted, complete, the same in every file."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from types import ModuleType

import pytest

PORT = Path(__file__).parents[2] / "port"


@pytest.fixture
def frozen_modules(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A script of the build, in no package."""
    monkeypatch.syspath_prepend(PORT)
    return importlib.import_module("frozen_modules")


@pytest.fixture
def firmware(tmp_path: Path) -> Path:
    for name in ("main.py", "__init__.py", "store/log.py", "store/__init__.py", "a_b.py"):
        file = tmp_path / "hsm" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    (tmp_path / "hsm/notes.txt").write_text("")
    return tmp_path


def test_modules_are_found_and_sorted(frozen_modules: ModuleType, firmware: Path) -> None:
    names = [module.name for module in frozen_modules.find(firmware)]
    assert names == ["hsm", "hsm.a_b", "hsm.main", "hsm.store", "hsm.store.log"]


def test_the_three_lists_agree(frozen_modules: ModuleType, firmware: Path, tmp_path: Path) -> None:
    frozen_modules.main(firmware, tmp_path / "out")
    manifest = (tmp_path / "out/frozen_manifest.py").read_text()
    table = (tmp_path / "out/frozen_table.inc").read_text().splitlines()
    names = (tmp_path / "out/frozen_names.h").read_text()
    files = re.findall(r"^    '(.+)',$", manifest, re.MULTILINE)
    assert files == ["__init__.py", "a_b.py", "main.py", "store/__init__.py", "store/log.py"]
    assert table[0] == "{MP_QSTR_hsm, MP_QSTRnull, MP_QSTR_hsm, true},"
    assert table[4] == "{MP_QSTR_hsm_dot_store_dot_log, MP_QSTR_hsm_dot_store, MP_QSTR_log, false},"
    assert "Q(hsm.store.log)\n" in names and "Q(log)\n" in names


def test_nothing_is_written_that_has_not_changed(
    frozen_modules: ModuleType, firmware: Path, tmp_path: Path
) -> None:
    frozen_modules.main(firmware, tmp_path / "out")
    before = {file: file.stat().st_mtime_ns for file in (tmp_path / "out").iterdir()}
    frozen_modules.main(firmware, tmp_path / "out")
    assert before == {file: file.stat().st_mtime_ns for file in (tmp_path / "out").iterdir()}
