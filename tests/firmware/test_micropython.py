# SPDX-License-Identifier: GPL-2.0-or-later
"""What frozen code may use: this image has no float, no text formatting, no files."""

import ast
from pathlib import Path

import pytest

FIRMWARE = Path(__file__).resolve().parents[2] / "firmware_py" / "hsm"
SOURCES = sorted(FIRMWARE.rglob("*.py"))
OUTSIDE = {"array", "struct", "micropython", "hsm_port", "hsm_crypto"}
LINES_MAX = 600
FUNCTION_LINES_MAX = 70


def names(path: Path) -> str:
    return str(path.relative_to(FIRMWARE))


@pytest.mark.parametrize("path", SOURCES, ids=names)
def test_only_what_the_image_has(path: Path) -> None:
    source = path.read_text()
    assert len(source.splitlines()) <= LINES_MAX
    for node in ast.walk(ast.parse(source)):
        where = f"{names(path)}:{getattr(node, 'lineno', 0)}"
        assert not isinstance(node, ast.JoinedStr | ast.Match | ast.AnnAssign), where
        if isinstance(node, ast.Constant):
            assert not isinstance(node.value, float | complex), where
        if isinstance(node, ast.BinOp):
            assert not isinstance(node.op, ast.Div), where
            formats = isinstance(node.left, ast.Constant) and isinstance(node.op, ast.Mod)
            assert not formats, where
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Constant):
            assert node.attr != "format", where
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
            )
            for module in modules:
                assert module.split(".")[0] in OUTSIDE | {"hsm"}, where
        if isinstance(node, ast.FunctionDef):
            assert node.returns is None, where
            assert (node.end_lineno or 0) - node.lineno < FUNCTION_LINES_MAX, where


def test_no_pin_becomes_an_object_of_the_heap() -> None:
    # Reference data stay views on the transport's buffer, all the way to the crypto module.
    for name in ("commands/verify.py", "security/reference_data.py"):
        tree = ast.parse((FIRMWARE / name).read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                copied = {arg.id for arg in node.args if isinstance(arg, ast.Name)}
                if node.func.id in ("bytes", "bytearray", "str", "int"):
                    assert not copied & {"pin", "data", "new_pin"}, name
