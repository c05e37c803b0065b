# SPDX-License-Identifier: GPL-2.0-or-later
"""Habits that a machine can hold: licence lines, taglines, sizes, no local paths."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.paths import PROJECT

SOURCE_SUFFIXES = {".py", ".pyi", ".c", ".h", ".S", ".ld", ".in", ".cmake", ".mjs", ".sh"}
SOURCE_NAMES = {"CMakeLists.txt", "Makefile", "run"}
# Shown as they came from their sources, or written by a machine.
NOT_OURS = ("LICENSE", "tests/vectors/")

FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 70
TAGLINE_CHARACTERS_MAX = 80
# Tables, linker scripts and prose have lines that nobody wants to break.
COLUMNS_MAX = {".py": 100, ".ld": 160, ".md": 160}
COLUMNS_MAX_OTHERS = 120

LICENCE_LINE = "SPDX-License-Identifier: GPL-2.0-or-later"
# Written in two parts: this file is searched, too.
NOT_FOR_THE_PROJECT = {
    "/wo" + "rk/": "a path of one machine",
    "/ro" + "ot/": "a path of one machine",
    "/tm" + "p/early": "a path of one machine",
    "TO" + "DO": "unfinished",
    "FIX" + "ME": "unfinished",
    "NotImplemented" + "Error": "unfinished",
    "pypi" + ".org": "a registry's host",
    "debian" + ".org": "a registry's host",
    "npmjs" + ".com": "a registry's host",
    "registry" + ".npm": "a registry's host",
}


def tracked_files() -> list[Path]:
    """The project's text files, as git lists them (new ones included)."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=PROJECT, capture_output=True, check=True).stdout
    paths = (PROJECT / name.decode() for name in sorted(set(names.split(b"\0"))) if name)
    return [
        path
        for path in paths
        if path.is_file()
        and not str(path.relative_to(PROJECT)).startswith(NOT_OURS)
        and b"\0" not in path.read_bytes()[:4096]
    ]


def sources() -> list[Path]:
    """The tracked files that are program text."""
    return [
        path
        for path in tracked_files()
        if path.suffix in SOURCE_SUFFIXES or path.name in SOURCE_NAMES
    ]


def at(path: Path, line: int, what: str) -> str:
    """A finding, as editors understand it."""
    return f"{path.relative_to(PROJECT)}:{line}: {what}"


def test_there_is_something_to_look_at():
    assert len(sources()) > 20


def test_every_source_has_its_licence_line():
    missing = [
        at(path, 1, "no licence line")
        for path in sources()
        if path.stat().st_size and LICENCE_LINE not in "".join(_first_lines(path, 4))
    ]
    assert not missing, "\n".join(["", *missing])


def _first_lines(path: Path, count: int) -> list[str]:
    return path.read_text().splitlines()[:count]


def test_every_source_begins_with_a_tagline():
    found = []
    for path in sources():
        if path.suffix == ".py" and path.stat().st_size:
            doc = ast.get_docstring(ast.parse(path.read_text()))
            tagline = doc.splitlines()[0] if doc else ""
        elif path.suffix in (".c", ".h"):
            lines = [line for line in _first_lines(path, 2) if LICENCE_LINE not in line]
            tagline = lines[0].removeprefix("//").strip() if lines[0].startswith("//") else ""
        else:
            continue
        if not tagline:
            found.append(at(path, 1, "no tagline"))
        elif len(tagline) > TAGLINE_CHARACTERS_MAX and path.suffix == ".py":
            found.append(at(path, 2, f"a tagline of {len(tagline)} characters"))
    assert not found, "\n".join(["", *found])


def test_lines_are_short_enough():
    found = []
    program_text = set(sources())
    for path in tracked_files():
        limit = COLUMNS_MAX.get(path.suffix, COLUMNS_MAX_OTHERS)
        if path not in program_text and path.suffix != ".md":
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if len(line) > limit and "|" not in line[:1] and "http" not in line:
                found.append(at(path, number, f"{len(line)} columns"))
    assert not found, "\n".join(["", *found])


def test_files_and_functions_are_short_enough():
    found = []
    for path in sources():
        text = path.read_text()
        if (lines := text.count("\n")) > FILE_LINES_MAX:
            found.append(at(path, 1, f"{lines} lines"))
        functions = _python_functions(text) if path.suffix == ".py" else _c_functions(path, text)
        for line, name, length in functions:
            if length > FUNCTION_LINES_MAX:
                found.append(at(path, line, f"{name} has {length} lines"))
    assert not found, "\n".join(["", *found])


def _python_functions(text: str) -> Iterator[tuple[int, str, int]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno
            yield node.lineno, node.name, node.end_lineno - node.lineno + 1


def _c_functions(path: Path, text: str) -> Iterator[tuple[int, str, int]]:
    """Functions in our layout: the signature begins and the closing brace stands in column 1."""
    if path.suffix != ".c":
        return
    begin, name = 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        if match := re.match(r"(?:static |const |inline |void |[a-z_]\w* )+\**(\w+)\(", line):
            begin, name = number, match[1]
        elif line == "}" and begin:
            yield begin, name, number - begin + 1
            begin = 0


def test_nothing_of_one_machine_and_nothing_unfinished():
    found = []
    for path in tracked_files():
        for number, line in enumerate(path.read_text().splitlines(), 1):
            for text, reason in NOT_FOR_THE_PROJECT.items():
                if text in line:
                    found.append(at(path, number, f"{text}: {reason}"))
    assert not found, "\n".join(["", *found])


def test_no_build_output_is_tracked():
    found = [
        at(path, 1, "larger than 512 KiB")
        for path in tracked_files()
        if path.stat().st_size > 512 * 1024
    ]
    assert not found, "\n".join(["", *found])


def test_no_link_is_tracked():
    """One that leads out of the project is broken in every other clone."""
    command = ["git", "ls-files", "--stage"]
    entries = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    assert not [line for line in entries.stdout.splitlines() if line.startswith("120000 ")]


@pytest.mark.parametrize("length", [FUNCTION_LINES_MAX, FUNCTION_LINES_MAX + 1])
def test_c_functions_are_measured(length):
    text = "static int\tlong;\nstatic int f(\n    int a)\n{\n" + "    a;\n" * (length - 4) + "}\n"
    assert [found[2] for found in _c_functions(Path("x.c"), text)] == [length]
