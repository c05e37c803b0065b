# SPDX-License-Identifier: GPL-2.0-or-later
"""Lists the frozen modules for the build: what, in which order, under which names.

The interpreter's own import looks every name up in the list of files, several times, from the
start: more than half of a boot. The port's import (frozen_import.c) finds a module by its interned
name in the table written here. The order is sorted: the image does not depend on the file system's.

    python frozen_modules.py FIRMWARE_FOLDER OUTPUT_FOLDER
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

PACKAGE = "hsm"


@dataclass(frozen=True, order=True)
class Module:
    """One file: its dotted name, its path below the firmware folder."""

    name: str
    path: str

    @property
    def is_package(self) -> bool:
        return self.path.endswith("/__init__.py")

    @property
    def parent(self) -> str:
        """The package it is in, or nothing."""
        return self.name.rpartition(".")[0]

    @property
    def leaf(self) -> str:
        return self.name.rpartition(".")[2]


def find(firmware: Path) -> list[Module]:
    """All modules of the package, sorted by name."""
    modules = []
    for file in firmware.joinpath(PACKAGE).rglob("*.py"):
        path = file.relative_to(firmware)
        parts = path.parent.parts if file.name == "__init__.py" else path.with_suffix("").parts
        modules.append(Module(".".join(parts), path.as_posix()))
    return sorted(modules)


def qstr(name: str) -> str:
    """The C name of an interned string (letters, digits, `_` and `.` only)."""
    return "MP_QSTR_" + name.replace(".", "_dot_")


def manifest(modules: list[Module], firmware: Path) -> str:
    """What makemanifest.py freezes, in the order of `modules`."""
    files = "".join(f"    {module.path.partition('/')[2]!r},\n" for module in modules)
    return f"package({PACKAGE!r}, files=(\n{files}), base_path={str(firmware)!r})\n"


def names(modules: list[Module]) -> str:
    """Strings to intern: full names and last parts."""
    wanted = {module.name for module in modules} | {module.leaf for module in modules}
    return "".join(f"Q({name})\n" for name in sorted(wanted))


def table(modules: list[Module]) -> str:
    """The table that frozen_import.c includes; entry n is frozen content n."""
    lines = []
    for module in modules:
        parent = qstr(module.parent) if module.parent else "MP_QSTRnull"
        package = "true" if module.is_package else "false"
        lines.append(f"{{{qstr(module.name)}, {parent}, {qstr(module.leaf)}, {package}}},\n")
    return "".join(lines)


def write(path: Path, text: str) -> None:
    """Write what has changed only: nothing is rebuilt otherwise."""
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def main(firmware: Path, output: Path) -> None:
    modules = find(firmware)
    output.mkdir(parents=True, exist_ok=True)
    write(output / "frozen_manifest.py", manifest(modules, firmware))
    write(output / "frozen_names.h", names(modules))
    write(output / "frozen_table.inc", table(modules))


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]))
