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
NOT_DETERMINISTIC = ("time", "datetime", "random", "threading", "asyncio", "secrets", "uuid")
DETERMINISTIC = (
    *("bootrom", "bus", "cpu", "flash", "otp", "peripherals", "soc", "usb"),
    *("clock", "entropy", "device"),
)


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


def violations(name: str, found: set[str]) -> list[str]:
    """Imports that the floors forbid."""
    floors = [floor for floor in FORBIDDEN if name == floor or name.startswith(f"{floor}.")]
    forbidden: tuple[str, ...] = FORBIDDEN[max(floors, key=len)] if floors else ()
    if name == "hsm.main" or name.startswith("hsm.platform"):
        forbidden = tuple(target for target in forbidden if target != "hsm_port")
    if name.startswith(tuple(f"sim.{part}" for part in DETERMINISTIC)):
        forbidden += NOT_DETERMINISTIC
    return sorted(
        f"{name} imports {target}"
        for target in found
        if any(target == floor or target.startswith(f"{floor}.") for floor in forbidden)
    )


def test_imports_only_go_down():
    found = []
    for name, path in modules():
        is_package = path.name == "__init__.py"
        found += violations(name, imports(name, path.read_text(), is_package))
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
    ],
)
def test_a_planted_import_is_found(name, source):
    assert violations(name, imports(name, source))


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("hsm.commands.sign", "from hsm.keys import key_store"),
        ("hsm.platform.flash", "import hsm_port"),
        ("sim.device", "import boards"),
        ("sim.cpu.core", "import unicorn"),
    ],
)
def test_a_good_import_is_let_through(name, source):
    assert violations(name, imports(name, source)) == []
