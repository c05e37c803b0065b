# SPDX-License-Identifier: GPL-2.0-or-later
"""Project Wycheproof's vectors, as they come with NSS (third_party.lock)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tools import paths
from tools.errors import ToolError
from tools.sources import Sources


@dataclass(frozen=True)
class Test:
    """One case; `group` is what it shares with its neighbours."""

    group: dict[str, Any]
    fields: dict[str, Any]

    @property
    def number(self) -> int:
        """The case's tcId."""
        return self.fields["tcId"]

    @property
    def valid(self) -> bool:
        """Whether the case is to be accepted."""
        return self.fields["result"] == "valid"


@cache
def _folder() -> Path:
    try:
        tree = Sources(say=lambda line: None).tree("nss").folder
    except ToolError as error:
        # Not a skip: these vectors find faults, and a green run says that they were tried.
        pytest.fail(f"no Wycheproof vectors, the source nss cannot be had: {error}", pytrace=False)
    found = next(tree.rglob("ecdsa_secp256r1_sha256_test.json"), None)
    assert found is not None, f"no Wycheproof files below {tree.relative_to(paths.PROJECT)}"
    return found.parent


def tests(name: str) -> Iterator[Test]:
    """All cases of a file such as `ecdsa_secp256r1_sha256`."""
    for group in json.loads((_folder() / f"{name}_test.json").read_text())["testGroups"]:
        shared = {key: value for key, value in group.items() if key != "tests"}
        for case in group["tests"]:
            yield Test(shared, case)
