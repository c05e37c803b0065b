# SPDX-License-Identifier: GPL-2.0-or-later
"""The frozen Python of the product images, held against its sources."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from sim.device import Device
from sim.native.edge_map import EDGES, EdgeMap
from sim.tracing import edge_coverage
from sim.tracing.python_code import NoPythonError, PythonCode, PythonFunction
from tools.paths import PROJECT
from tools.product import image_of

BOARDS = ("pico", "pico2")
SOURCE = PROJECT / "firmware_py"
Node = ast.FunctionDef | ast.ClassDef
COMMANDS = ("00A4040000", "0084000008", "00200081", "00B12F0204540200000000", "FFFF0000")


@cache
def python_code(board: str) -> PythonCode:
    return PythonCode.load(image_of(board).with_suffix(".elf"), SOURCE)


@cache
def definitions(file: str) -> dict[str, Node]:
    """Functions and classes of a source file, by their names as the image has them."""

    def walk(node: ast.AST, prefix: str) -> Iterator[tuple[str, Node]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, Node):
                yield prefix + child.name, child
                yield from walk(child, f"{prefix}{child.name}_")
            else:
                yield from walk(child, prefix)

    return dict(walk(ast.parse((SOURCE / file).read_text()), ""))


def lines_of(function: PythonFunction) -> set[int]:
    # The first entry is the begin, before any line is known.
    return {line for _, line in function.lines if line > 1}


@pytest.mark.parametrize("board", BOARDS)
def test_every_function_s_lines_are_its_own(board: str) -> None:
    checked = 0
    for function in python_code(board).functions:
        node = definitions(function.file).get(function.name)
        if node is None:
            continue
        first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
        assert node.end_lineno is not None
        strange = [line for line in lines_of(function) if not first <= line <= node.end_lineno]
        assert not strange, f"{function.file} {function.name}: {strange}"
        checked += 1
    assert checked > 300


@pytest.mark.parametrize("board", BOARDS)
def test_lines_have_something_to_execute(board: str) -> None:
    lines = python_code(board).all_lines()
    assert len(lines) > 40
    for file, numbers in lines.items():
        tree = ast.parse((SOURCE / file).read_text())
        code = {node.lineno for node in ast.walk(tree) if isinstance(node, ast.stmt | ast.expr)}
        assert numbers - {1} <= code, file


def test_an_address_tells_file_line_and_name() -> None:
    code = python_code("pico")
    function = code.named("hsm/apdu/dispatcher.py", "Dispatcher_process")
    node = definitions(function.file)["Dispatcher_process"]
    assert node.end_lineno is not None
    assert code.function_at(function.code) is function
    assert node.lineno <= function.line_at(function.code) <= node.end_lineno
    assert function.describe(function.end - 1).endswith(" Dispatcher_process")
    assert code.function_at(code.first - 1) is None
    with pytest.raises(LookupError, match="no nothing of hsm/card.py"):
        code.named("hsm/card.py", "nothing")


def test_an_image_without_frozen_python_says_so(tmp_path: Path) -> None:
    image = image_of("pico").with_name("hsm_selftest.elf")
    with pytest.raises(NoPythonError):
        PythonCode.load(image, tmp_path)


# --- Edges ----------------------------------------------------------------------------------------


def talk(device: Device) -> None:
    for text in COMMANDS:
        device.transmit(bytes.fromhex(text))


@pytest.mark.parametrize("board", BOARDS)
def test_opcodes_seen_are_the_bytecode_that_is_read(board: str) -> None:
    code = python_code(board)
    fast, exact = (Device.from_uf2(board, image_of(board), trace=trace) for trace in (False, True))
    fast.power_on()
    edges = edge_coverage.follow(fast, code)
    talk(fast)
    exact.power_on()
    with exact.tracer.reads_of(code.first, code.end) as marks:
        exact.tracer.record(lambda: talk(exact))
    lines = code.lines_read(edges.bytecode)
    assert sum(map(len, lines.values())) > 100
    assert lines == code.lines_read(marks)


def test_the_same_command_twice_brings_no_news() -> None:
    device = Device.from_uf2("pico2", image_of("pico2"))
    device.power_on()
    edges = edge_coverage.follow(device, python_code("pico2"))
    start = device.snapshot()
    news = []
    for text in ("0084000008", "0084000008", "00200081"):
        device.restore(start)
        edges.begin()
        device.transmit(bytes.fromhex(text))
        news.append(edges.news())
    assert news[0] > 500 and news[1] == 0 and news[2] > 50
    assert edges.edges_seen() >= news[0]


def test_news_is_an_edge_or_a_doubled_count() -> None:
    edges = EdgeMap()
    news = []
    for count in (1, 1, 2, 3, 4, 7, 255):
        edges.begin()
        edges.counts[EDGES + 5] = count
        news.append(edges.news())
    assert news == [1, 0, 1, 0, 1, 0, 1]
    assert edges.edges_seen() == 1


def test_an_image_without_symbols_is_refused() -> None:
    device = Device.from_uf2("pico2", image_of("pico2"))
    device.symbols = None
    with pytest.raises(LookupError, match="no symbols"):
        edge_coverage.follow(device, python_code("pico2"))
