# SPDX-License-Identifier: GPL-2.0-or-later
"""The comparison of paths finds leaks, and says where they are."""

from __future__ import annotations

import argparse
import dataclasses
import struct
import subprocess
import sys
from collections.abc import Callable
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
    groups,
)
from campaigns.same_path.operations import OPERATIONS, SAMPLE_RUNS
from campaigns.same_path.report import Standing
from sim.device import Device
from sim.tracing.trace import CHUNK_ENTRIES, Path
from tools.errors import ToolError
from tools.paths import PROJECT
from tools.product import image_name

RUNS = 8
# For a command that should end at once.
PATIENCE_S = 120
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
# What goes another way for one value of the first byte, then to where it came from.
TELL_TALE = bytes.fromhex(
    "0b78"  # ldrb r3, [r1]
    "5a2b"  # cmp r3, #0x5a
    "00d1"  # bne over
    "00bf"  # nop
)
TOLD = 0x5A
UNUSED = "crypto_rsa_generate"
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
    assert {difference.function for difference in comparison.differences} == {"put_number"}
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


def with_planted(monkeypatch: pytest.MonkeyPatch, plant: Callable[[Device], None]) -> Comparer:
    """Compares a device whose code is not that of the sources."""
    make = Device.from_uf2

    def planted(board: str, image: FilePath, **options: Any) -> Device:
        device = make(board, image, **options)
        plant(device)
        return device

    monkeypatch.setattr(Device, "from_uf2", planted)
    return Comparer("pico2")


def put(device: Device, function: str, code: bytes) -> int:
    """In the place of a function; its address."""
    assert device.symbols is not None
    symbol = device.symbols[function]
    assert symbol.size_bytes >= len(code)
    device.flash.poke(symbol.address & FLASH_MASK, code)
    return symbol.address


def branch(at: int, to: int) -> bytes:
    """`b.w`, as [ARMv8-M] C2.4.13 encodes it (T4)."""
    offset = to - (at + 4)
    sign, i1, i2 = (offset >> bit & 1 for bit in (24, 23, 22))
    first = 0xF000 | sign << 10 | offset >> 12 & 0x3FF
    second = 0x9000 | (1 ^ i1 ^ sign) << 13 | (1 ^ i2 ^ sign) << 11 | offset >> 1 & 0x7FF
    return struct.pack("<HH", first, second)


def plant_early_exit(device: Device) -> None:
    put(device, "crypto_equal", EARLY_EXIT)


@pytest.fixture
def leaving_early(monkeypatch: pytest.MonkeyPatch) -> Comparer:
    return with_planted(monkeypatch, plant_early_exit)


def test_a_comparison_that_leaves_early_is_found_and_located(leaving_early: Comparer) -> None:
    comparison = leaving_early.compare(OPERATIONS["key blob mac"], RUNS)
    assert comparison.distinct > 1
    assert {difference.function for difference in comparison.differences} == {"crypto_equal"}
    (line, *_) = report.failures([comparison], report.load_standing())
    assert "crypto_equal" in line


def plant_both(device: Device) -> None:
    """A comparison that leaves early, and before it, in another function, one that tells a byte."""
    assert device.symbols is not None
    equal, other = (device.symbols[name].address for name in ("crypto_equal", UNUSED))
    jump = branch(equal, other)
    put(device, "crypto_equal", jump + EARLY_EXIT)
    put(device, UNUSED, TELL_TALE + branch(other + len(TELL_TALE), equal + len(jump)))


def test_a_leak_that_only_the_last_secret_shows_is_found_behind_one_that_stands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right = operations.RIGHT_BLOB[-operations.MAC_BYTES :]
    assert right[0] != TOLD
    wrong = [bytes((*right[:at], right[at] ^ 1, *right[at + 1 :])) for at in range(7)]
    secrets = [*wrong, bytes((TOLD, *right[1:]))]
    operation = dataclasses.replace(OPERATIONS["key blob mac"], secrets=lambda _: secrets)
    comparison = with_planted(monkeypatch, plant_both).compare(operation)
    stands = Standing("key blob mac", ("crypto_equal",), ("pico2",), "because")
    assert comparison.distinct == 8
    (line,) = report.failures([comparison], [stands])
    assert f"secret 7 parts at {UNUSED}" in line


def test_an_operation_whose_function_is_not_called_is_an_error(comparer: Comparer) -> None:
    wrong = dataclasses.replace(OPERATIONS["pin"], inside="crypto_ec_sign")
    with pytest.raises(ComparisonError, match="crypto_ec_sign was not called"):
        comparer.compare(wrong, RUNS)
    nowhere = dataclasses.replace(OPERATIONS["pin"], inside="crypto_of_nobody")
    with pytest.raises(ComparisonError, match="no crypto_of_nobody"):
        comparer.compare(nowhere, RUNS)


# --- What may stand -------------------------------------------------------------------------------


def paths_of(*chunks: tuple[int, ...]) -> list[Path]:
    return [Path(len(hashes) * CHUNK_ENTRIES, 1, hashes[-1], hashes) for hashes in chunks]


def test_paths_that_leave_alike_are_one_group_and_none_is_left_out() -> None:
    paths = paths_of((1, 2, 3), (1, 5, 6), (1, 5, 7), (1, 2, 8), (1, 9, 4), (1, 2, 3))
    assert sorted(groups(paths).values()) == [(1, 2), (3,), (4,)]
    many = paths_of((0, 0), *((0, number) for number in range(1, 32)))
    assert sorted(groups(many).values()) == [(number,) for number in range(1, 32)]
    ends = [*paths_of((1, 2)), Path(CHUNK_ENTRIES + 7, 1, 9, (1,))]
    assert list(groups(ends).values()) == [(1,)]


def comparison_with(*functions: str, runs: int = comparing.RUNS) -> Comparison:
    found = [Difference((1,), 2, name, f"{name} x.c:1", "this or that") for name in functions]
    paths = [Path(1, 1, min(number, len(found)), ()) for number in range(runs)]
    return Comparison("pico", OPERATIONS["wrap ec"], paths, found)


STANDS = Standing("wrap ec", ("put_number", "memset"), ("pico",), "because")


@pytest.mark.parametrize("function", STANDS.functions)
def test_what_stands_is_no_failure(function: str) -> None:
    assert report.failures([comparison_with(function)], [STANDS]) == []


def test_a_difference_that_is_not_listed_fails() -> None:
    (line,) = report.failures([comparison_with("put_number", "memcmp")], [STANDS])
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
    assert "| `put_number`, `memset` | pico | wrap ec | because |" in lines


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


@pytest.mark.parametrize(
    ("arguments", "rsa_2048_runs"),
    [
        ({}, {"pico2": SAMPLE_RUNS}),
        ({"runs": 3}, {"pico2": 3}),
        ({"all": True}, {"pico": 32, "pico2": 32}),
        ({"operation": "rsa 2048 without sram"}, {"pico": 32, "pico2": 32}),
        ({"operation": "pin"}, {}),
    ],
)
def test_a_slow_operation_is_sampled_where_it_can_be(
    arguments: dict, rsa_2048_runs: dict[str, int]
) -> None:
    asked_for = {"board": None, "operation": None, "runs": comparing.RUNS, "all": False}
    tasks = command_line.chosen_tasks(argparse.Namespace(**asked_for | arguments))
    name = "rsa 2048 without sram"
    assert {task.board: task.runs for task in tasks if task.operation == name} == rsa_2048_runs


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
        command, cwd=PROJECT, text=True, capture_output=True, check=False, timeout=PATIENCE_S
    )
    assert done.returncode == 2 and "no figures of same-path" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_secrets_are_as_many_as_asked_for_and_differ() -> None:
    for operation in operations.ALL:
        if not operation.name.startswith(("rsa", "unwrap rsa", "wrap rsa")):
            found = operation.secrets(32)
            assert len(found) == 32 and len(set(found)) == 32, operation.name


def test_a_function_has_its_own_name() -> None:
    assert function_of("sp_div.constprop.0") == function_of("sp_div") == "sp_div"
