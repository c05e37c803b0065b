# SPDX-License-Identifier: GPL-2.0-or-later
"""What the host programs need: a token to work with, the module, its PINs."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.interop.namespace import Namespace
from tests.interop.server import Server

SO_PIN = "3537363231383830"
PIN = "648219"
LOGIN = ("--login", "--pin", PIN)
# The module of OpenSC shows a token once for each PIN and puts the PIN's name behind the label.
MODULES = tuple(Path("/usr/lib").glob("*/opensc-pkcs11.so"))
MODULE = str(MODULES[0]) if MODULES else "opensc-pkcs11.so"
# Programs that are tried on one board take the one with the least memory.
BOARD = "pico"


@contextmanager
def token(folder: Path, label: str, board: str = BOARD) -> Iterator[Server]:
    """A served token, initialised, in a namespace of its own; `folder` keeps its files."""
    with Namespace() as namespace, Server(namespace, board, folder / "flash") as server:
        pins = ("--so-pin", SO_PIN, "--pin", PIN)
        server.tool("sc-hsm-tool", "--initialize", *pins, "--label", label)
        yield server


def generate(server: Server, kind: str, key_id: str, label: str = "key") -> None:
    """A key pair; `key_id`: CKA_ID in hexadecimal."""
    arguments = ("--keypairgen", "--key-type", kind, "--id", key_id, "--label", label)
    server.pkcs11(*LOGIN, *arguments)


def read_public_key(server: Server, key_id: str, path: Path) -> None:
    """Write the public key to `path`, PEM.

    Not with pkcs11-tool: that of OpenSC 0.23 takes no points of 192 or 384 bits.
    """
    server.tool("pkcs15-tool", "--read-public-key", key_id, "--output", str(path))


def openssl(*arguments: str) -> str:
    """Run openssl outside, without the token; its output."""
    return subprocess.run(
        ["openssl", *arguments], check=True, capture_output=True, text=True
    ).stdout


def listed_objects(server: Server) -> str:
    """What the token holds, without the numbers that the module gives out anew each time."""
    return re.sub(r"object \d+", "object", server.pkcs11(*LOGIN, "--list-objects"))
