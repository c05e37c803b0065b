# SPDX-License-Identifier: GPL-2.0-or-later
"""The comparison of paths finds leaks, and says where they are."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path as FilePath
from typing import Any

import pytest

from campaigns.same_path import __main__ as command_line
from campaigns.same_path import comparison as comparing
from campaigns.same_path import operations, report
from campaigns.same_path.comparison import (
    Comparer,
    Comparison,
    ComparisonError,
    Difference,
    function_of,
)
from campaigns.same_path.operations import OPERATIONS
from campaigns.same_path.report import Standing
from sim.device import Device
from sim.tracing.trace import Path
from tools.errors import ToolError
from tools.paths import PROJECT
from tools.product import image_name

RUNS = 8
# crypto_equal that leaves at the first byte that differs; each line is one instruction or two.
EARLY_EXIT = bytes.fromhex(
    "10b4"  # push {r4}
    "002a 08d0"  # next: cmp r2, #0; beq equal
    "0378 0c78"  # ldrb r3, [r0]; ldrb r4, [r1]
    "0130 0131 013a"  # adds r0, #1; adds r1, #1; subs r2, #1
    "a342 f6d0"  # cmp r3, r4; beq next
    "0020 00e0"  # movs r0, #0; b end
    "0120"  # equal: movs r0, #1
    "10bc 7047"  # end: pop {r4}; bx lr
)
FLASH_MASK = 0xFF_FFFF


@pytest.fixture(scope="module")
def comparer() -> Comparer:
    return Comparer("pico2")


@pytest.mark.parametrize("name", ["pin", "key blob mac", "gcm tag", "x25519", "ecdsa secp256r1"])
def test_one_path_is_found_to_be_one(comparer: Comparer, name: str) -> None:
    comparison = comparer.compare(OPERATIONS[name], RUNS)
    assert comparison.distinct == 1 and comparison.differences == []
    assert len(comparison.paths) == 8 and comparison.instructions > 10_000


def test_a_branch_on_a_secret_is_found_and_located(comparer: Comparer) -> None:
    """The known one: a private key is written without leading zeros."""
    comparison = comparer.compare(OPERATIONS["wrap ec"], RUNS)
    assert comparison.distinct > 1
    assert {difference.function for difference in comparison.differences} == {"crypto_blob_wrap"}
    assert all("put_number key_blob_wrap.c" in found.line for found in comparison.differences)


def test_an_address_from_a_secret_is_found_and_located(
    comparer: Comparer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The known one: AES looks secrets up in tables, here without the blur that hides them."""
    monkeypatch.setattr(Comparer, "_tables", lambda _: [])
    comparison = comparer.compare(OPERATIONS["wrap aes"], RUNS)
    assert comparison.distinct == 8
    assert all("AES" in difference.function for difference in comparison.differences)
    assert all("read" in difference.what for difference in comparison.differences)


def test_a_leak_in_python_is_located_in_its_line(comparer: Comparer) -> None:
    """Of two PINs the shorter is refused before it is compared."""
    leak = dataclasses.replace(
        OPERATIONS["pin"], secrets=lambda _: [b"999999", b"9999999999999999999"]
    )
    with pytest.raises(ComparisonError, match="answers"):
        comparer.compare(leak, 2)
    leak = dataclasses.replace(OPERATIONS["pin"], secrets=lambda _: [b"999999", b"99999999"])
    comparison = comparer.compare(leak, 2)
    assert comparison.distinct == 2
    assert all(difference.line for difference in comparison.differences)


@pytest.fixture
def leaving_early(monkeypatch: pytest.MonkeyPatch) -> Comparer:
    """Compares a device whose comparison of secrets is not the one of the sources."""
    make = Device.from_uf2

    def planted(board: str, image: FilePath, **options: Any) -> Device:
        device = make(board, image, **options)
        assert device.symbols is not None
        equal = device.symbols["crypto_equal"]
        assert equal.size_bytes >= len(EARLY_EXIT)
        device.flash.poke(equal.address & FLASH_MASK, EARLY_EXIT)
        return device

    monkeypatch.setattr(Device, "from_uf2", planted)
    return Comparer("pico2")


def test_a_comparison_that_leaves_early_is_found_and_located(leaving_early: Comparer) -> None:
    comparison = leaving_early.compare(OPERATIONS["key blob mac"], RUNS)
    assert comparison.distinct > 1
    assert {difference.function for difference in comparison.differences} == {"crypto_equal"}
    (line, *_) = report.failures([comparison], report.load_standing())
    assert "crypto_equal" in line


def test_an_operation_whose_function_is_not_called_is_an_error(comparer: Comparer) -> None:
    wrong = dataclasses.replace(OPERATIONS["pin"], inside="crypto_ec_sign")
    with pytest.raises(ComparisonError, match="crypto_ec_sign was not called"):
        comparer.compare(wrong, RUNS)
    nowhere = dataclasses.replace(OPERATIONS["pin"], inside="crypto_of_nobody")
    with pytest.raises(ComparisonError, match="no crypto_of_nobody"):
        comparer.compare(nowhere, RUNS)


# --- What may stand -------------------------------------------------------------------------------


def comparison_with(*functions: str, runs: int = comparing.RUNS) -> Comparison:
    found = [Difference(1, 2, function, "f x.c:1", "this or that") for function in functions]
    paths = [Path(1, 1, min(number, len(found)), ()) for number in range(runs)]
    return Comparison("pico", OPERATIONS["wrap ec"], paths, found)


STANDS = Standing("wrap ec", ("crypto_blob_wrap", "memset"), ("pico",), "because")


@pytest.mark.parametrize("function", STANDS.functions)
def test_what_stands_is_no_failure(function: str) -> None:
    assert report.failures([comparison_with(function)], [STANDS]) == []


def test_a_difference_that_is_not_listed_fails() -> None:
    (line,) = report.failures([comparison_with("crypto_blob_wrap", "memcmp")], [STANDS])
    assert "parts at" in line and "memcmp" in line and "nox -s same-path" in line


def test_what_stands_on_one_board_does_not_on_the_other() -> None:
    elsewhere = dataclasses.replace(STANDS, boards=("pico2",))
    (line,) = report.failures([comparison_with("memset")], [elsewhere])
    assert "parts at" in line


def test_a_listed_difference_that_does_not_occur_fails() -> None:
    (line,) = report.failures([comparison_with()], [STANDS])
    assert "take it off" in line
    assert report.failures([comparison_with(runs=comparing.RUNS - 1)], [STANDS]) == []


def test_the_page_says_what_was_not_run(tmp_path: FilePath) -> None:
    path = tmp_path / "report.json"
    report.write(path, [comparison_with("memset")])
    lines = report.section(report.read(path), [STANDS]).splitlines()
    assert "| wrap ec: WRAP KEY of a P-256 key | 1 | 2 of 32 | not run | |" in lines
    assert "| pin: PIN comparison | not run | | not run | |" in lines
    assert "| `crypto_blob_wrap`, `memset` | pico | wrap ec | because |" in lines


def test_the_page_has_no_figures_of_another_image(tmp_path: FilePath) -> None:
    path = tmp_path / "report.json"
    report.write(path, [comparison_with("memset")])
    path.write_text(path.read_text().replace(image_name("pico"), "00000000"))
    with pytest.raises(ToolError, match="no figures of the present images"):
        command_line.figures_to_publish(path)


def test_figures_of_operations_gather(tmp_path: FilePath) -> None:
    path = tmp_path / "report.json"
    for name in ("wrap aes", "pin"):
        report.write(path, [dataclasses.replace(comparison_with(), operation=OPERATIONS[name])])
    assert list(command_line.figures_to_publish(path)) == ["pico/pin", "pico/wrap aes"]


def test_what_stands_names_operations_that_are_there() -> None:
    standing = report.load_standing()
    assert standing and {entry.operation for entry in standing} <= set(OPERATIONS)
    assert all(len(entry.reason) > 40 for entry in standing)


# --- The command line -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("--board", "pico9"),
        ("--operation", "dsa"),
        ("--runs", "1"),
        ("--write-docs", "--json", "-"),
    ],
)
def test_what_cannot_be_done_is_one_line(arguments: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "campaigns.same_path", *arguments]
    done = subprocess.run(command, cwd=PROJECT, text=True, capture_output=True, check=False)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1


def test_figures_that_cannot_be_added_to_are_told_before_the_work(tmp_path: FilePath) -> None:
    path = tmp_path / "report.json"
    path.write_text("{")
    command = [sys.executable, "-m", "campaigns.same_path", "--json", str(path)]
    done = subprocess.run(
        command, cwd=PROJECT, text=True, capture_output=True, check=False, timeout=20
    )
    assert done.returncode == 2 and "no figures of same-path" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_secrets_are_as_many_as_asked_for_and_differ() -> None:
    for operation in operations.ALL:
        if not operation.name.startswith(("rsa", "unwrap rsa", "wrap rsa")):
            found = operation.secrets(32)
            assert len(found) == 32 and len(set(found)) == 32, operation.name


def test_a_function_has_its_own_name() -> None:
    assert function_of("sp_div.constprop.0+0x38 (0x10000000)") == "sp_div"
    assert function_of("sp_div (0x10000000)") == "sp_div"
