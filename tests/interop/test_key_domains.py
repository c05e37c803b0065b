# SPDX-License-Identifier: GPL-2.0-or-later
"""DKEK shares with OpenSC's sc-hsm-tool: made, encrypted and imported by it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import boards
from tests.interop.namespace import Namespace
from tests.interop.server import Server, ToolFailed

SO_PIN = "3537363231383830"
PIN = "648219"
PASSWORD = ("--password", "correct horse")
# Of the DKEK that two equal shares make: 32 zero bytes.
ZERO_CHECK_VALUE = "66687AADF862BD77"


@pytest.fixture(scope="module", params=boards.names())
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """One token per board, which lives through all tests of this file."""
    folder = tmp_path_factory.mktemp(request.param)
    with Namespace() as namespace, Server(namespace, request.param, folder / "flash") as server:
        yield server


@pytest.fixture(scope="module")
def share(server: Server) -> Path:
    """A share of the token's custodian; the tool hashes ten million times for each use of it."""
    path = server.flash_file.parent / "share"
    initialize(server, 2)
    server.tool("sc-hsm-tool", "--create-dkek-share", str(path), *PASSWORD)
    assert path.read_bytes().startswith(b"Salted__")
    return path


def initialize(server: Server, shares: int) -> None:
    """A token that waits for so many shares."""
    pins = ("--so-pin", SO_PIN, "--pin", PIN)
    server.tool("sc-hsm-tool", "--initialize", *pins, "--dkek-shares", str(shares))


def import_share(server: Server, path: Path) -> str:
    """What the tool says of the token afterwards."""
    return server.tool("sc-hsm-tool", "--import-dkek-share", str(path), *PASSWORD)


def check_value(output: str) -> str | None:
    """The key check value in a tool's output."""
    found = re.search(r"DKEK key check value : ([0-9A-F]{16})", output)
    return found and found[1]


def test_shares_are_imported_without_a_login(server: Server, share: Path) -> None:
    assert "2 share(s) still missing" in server.tool("sc-hsm-tool")
    output = import_share(server, share)
    assert "1 share(s) still missing" in output and check_value(output) is None
    assert check_value(import_share(server, share)) == ZERO_CHECK_VALUE
    assert check_value(server.tool("sc-hsm-tool")) == ZERO_CHECK_VALUE


def test_the_key_survives_the_end_of_the_server(server: Server) -> None:
    assert server.stop() == 0
    server.start()
    assert check_value(server.tool("sc-hsm-tool")) == ZERO_CHECK_VALUE


def test_a_random_key_takes_no_share(server: Server, share: Path) -> None:
    initialize(server, 0)
    found = check_value(server.tool("sc-hsm-tool"))
    assert found not in (None, ZERO_CHECK_VALUE, "0" * 16)
    with pytest.raises(ToolFailed):
        import_share(server, share)
    assert check_value(server.tool("sc-hsm-tool")) == found
