# SPDX-License-Identifier: GPL-2.0-or-later
"""Translations that the engine dropped do not pile up from restore to restore."""

from __future__ import annotations

import pytest

from sim.cpu import core
from sim.cpu.core import Core


class Engine:
    """Stands before the engine and counts flushes."""

    def __init__(self, engine) -> None:
        self._engine = engine
        self.flushes = 0

    def __getattr__(self, name: str):
        return getattr(self._engine, name)

    def ctl_flush_tb(self) -> None:
        self.flushes += 1
        self._engine.ctl_flush_tb()


def test_all_translations_go_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    one = Core("cortex-m0plus")
    engine = Engine(one._uc)
    monkeypatch.setattr(one, "_uc", engine)
    context = one.save()
    for _ in range(3 * core.RESTORES_PER_FLUSH):
        one.restore(context)
    assert engine.flushes == 3
