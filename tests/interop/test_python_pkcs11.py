# SPDX-License-Identifier: GPL-2.0-or-later
"""A Python program on python-pkcs11: the life of keys and data in one session."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from tests.interop.hosts import MODULE, PIN, listed_objects, token
from tests.interop.server import Server, ToolFailed

LABEL = "Python"
CLIENT = (sys.executable, "-m", "tests.interop.pkcs11_client", MODULE, f"{LABEL} (UserPIN)")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A token without keys."""
    with token(tmp_path_factory.mktemp("python"), LABEL) as server:
        yield server


def test_a_program_uses_the_token_and_leaves_it_as_it_was(server: Server) -> None:
    before = listed_objects(server)
    assert server.tool(*CLIENT, PIN) == "done\n"
    assert listed_objects(server) == before


def test_a_wrong_pin_is_an_exception(server: Server) -> None:
    with pytest.raises(ToolFailed, match="PinIncorrect"):
        server.tool(*CLIENT, "999999")
    assert "PIN tries left  : 2" in server.tool("sc-hsm-tool")
