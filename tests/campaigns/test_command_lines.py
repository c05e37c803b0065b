# SPDX-License-Identifier: GPL-2.0-or-later
"""How campaigns speak of themselves: by the session that people call."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tools.paths import PROJECT

MODULES = {
    "powerloss": "campaigns.powerloss",
    "replay": "campaigns.powerloss.replay",
    "rollback": "campaigns.rollback",
    "faults": "campaigns.faults",
    "wear": "campaigns.wear",
    "same-path": "campaigns.same_path",
    "fuzz": "fuzz",
}


@pytest.mark.parametrize("session", MODULES)
def test_help_names_the_session(session: str):
    command = [sys.executable, "-m", MODULES[session], "--help"]
    told = subprocess.run(command, cwd=PROJECT, text=True, capture_output=True, check=True).stdout
    assert told.startswith(f"usage: nox -s {session} -- [-h]")
