# SPDX-License-Identifier: GPL-2.0-or-later
"""The floors of the house: imports only go down (docs/architecture.md)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.paths import PROJECT

FIRMWARE = PROJECT / "firmware_py"
UPPER = ("hsm.main", "hsm.commands")
MIDDLE = ("hsm.keys", "hsm.files", "hsm.security")

# Who never imports what. The longest prefix that fits a module decides.
FORBIDDEN: dict[str, tuple[str, ...]] = {
    "hsm.commands": ("hsm.platform", "hsm_port", "hsm.main"),
    "hsm.apdu": (*UPPER, *MIDDLE, "hsm.store", "hsm.platform", "hsm_port", "hsm_crypto"),
    "hsm.keys": (*UPPER, "hsm.apdu.dispatcher", "hsm_port"),
    "hsm.files": (*UPPER, "hsm.apdu.dispatcher", "hsm_port"),
    "hsm.security": (*UPPER, "hsm.apdu.dispatcher", "hsm_port"),
    "hsm.store": (*UPPER, *MIDDLE, "hsm.apdu", "hsm.platform", "hsm_port"),
    "hsm.platform": (*UPPER, *MIDDLE, "hsm.apdu", "hsm.store"),
    "hsm": ("hsm_port",),
    "boards": ("hsm", "sim", "tools", "host", "fuzz", "tests", "bench"),
    "sim": ("hsm", "tools", "host", "fuzz", "tests", "bench"),
    "tools": ("hsm", "sim", "host", "fuzz", "tests", "bench"),
    "host": ("hsm", "sim", "tools", "fuzz", "tests", "bench"),
    "fuzz.model": ("hsm", "sim", "tools", "host"),
}
# A run is a function of image, scenario and seed: no clock, thread or chance in a chip model.
NOT_DETERMINISTIC = (
    *("time", "datetime", "random", "secrets", "uuid", "os.urandom", "os.getrandom"),
    *("threading", "multiprocessing", "concurrent", "asyncio"),
)
# What faces people and the PC/SC daemon lives in their time.
IN_REAL_TIME = ("sim.life.screen", "sim.pcsc")


def modules() -> Iterator[tuple[str, Path]]:
    """All Python modules with floors, by their dotted names."""
    for folder, root in (
        (FIRMWARE / "hsm", FIRMWARE),
        *((PROJECT / name, PROJECT) for name in ("boards", "sim", "tools", "host", "fuzz")),
    ):
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imports(name: str, source: str, is_package: bool = False) -> set[str]:
    """What a module's source imports, anywhere in it, as dotted names (of names, too)."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = name.split(".") if is_package else name.split(".")[:-1]
                above = package[: len(package) - node.level + 1]
                base = ".".join([*above, *([base] if base else [])])
            found |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return found


def attributes(source: str) -> set[str]:
    """What is taken from a name, as in `os.urandom`."""
    return {
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }


def is_below(name: str, floors: tuple[str, ...]) -> bool:
    """Whether a module is one of the floors or inside of one."""
    return any(name == floor or name.startswith(f"{floor}.") for floor in floors)


def violations(name: str, source: str, is_package: bool = False) -> list[str]:
    """Imports that the floors forbid."""
    found = imports(name, source, is_package)
    floors = [floor for floor in FORBIDDEN if is_below(name, (floor,))]
    forbidden: tuple[str, ...] = FORBIDDEN[max(floors, key=len)] if floors else ()
    if name == "hsm.main" or name.startswith("hsm.platform"):
        forbidden = tuple(target for target in forbidden if target != "hsm_port")
    if is_below(name, ("sim",)) and not is_below(name, IN_REAL_TIME):
        forbidden += NOT_DETERMINISTIC
        found |= attributes(source).intersection(NOT_DETERMINISTIC)
    return sorted(f"{name} imports {target}" for target in found if is_below(target, forbidden))


def test_imports_only_go_down():
    found = []
    for name, path in modules():
        found += violations(name, path.read_text(), path.name == "__init__.py")
    assert not found, "\n".join(["", *found])


def test_only_the_platform_imports_the_port():
    importers = [name for name, path in modules() if "hsm_port" in imports(name, path.read_text())]
    assert all(name.startswith("hsm.platform") for name in importers), importers


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("hsm.commands.sign", "from hsm.platform import flash"),
        ("hsm.commands.sign", "def f():\n    import hsm.platform.flash"),
        ("hsm.commands.sign", "from ..platform import flash"),
        ("hsm.store.log", "import hsm_port"),
        ("hsm.keys.rsa", "import hsm_port"),
        ("hsm.apdu.dispatcher", "from hsm.commands import TABLE"),
        ("sim.device", "import hsm.limits"),
        ("sim.device", "from tools import firmware"),
        ("sim.cpu.core", "import random"),
        ("sim.cpu.core", "from time import monotonic"),
        ("sim.machine", "import secrets"),
        ("sim.elf", "from os import urandom"),
        ("sim.native.tick_hooks", "import os\nSEED = os.urandom(8)"),
        ("sim.life.main", "import time"),
    ],
)
def test_a_planted_import_is_found(name, source):
    assert violations(name, source)


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("hsm.commands.sign", "from hsm.keys import key_store"),
        ("hsm.platform.flash", "import hsm_port"),
        ("sim.device", "import boards"),
        ("sim.cpu.core", "import unicorn"),
        ("sim.native.tick_hooks", "import os\nTEMPORARY = os.getpid()"),
        ("sim.life.screen", "import time"),
        ("sim.pcsc.vpcd", "import time"),
    ],
)
def test_a_good_import_is_let_through(name, source):
    assert violations(name, source) == []
