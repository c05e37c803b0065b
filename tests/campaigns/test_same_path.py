# SPDX-License-Identifier: GPL-2.0-or-later
"""The comparison of paths finds leaks, and says where they are."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest

from campaigns.same_path import operations, report
from campaigns.same_path.comparison import (
    Comparer,
    Comparison,
    ComparisonError,
    Difference,
    Plan,
    function_of,
)
from campaigns.same_path.operations import OPERATIONS
from campaigns.same_path.report import Standing
from sim.tracing.trace import Path
from tools.paths import PROJECT

RUNS = Plan(8)


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
        comparer.compare(leak, Plan(2))
    leak = dataclasses.replace(OPERATIONS["pin"], secrets=lambda _: [b"999999", b"99999999"])
    comparison = comparer.compare(leak, Plan(2))
    assert comparison.distinct == 2
    assert all(difference.line for difference in comparison.differences)


def test_an_operation_whose_function_is_not_called_is_an_error(comparer: Comparer) -> None:
    wrong = dataclasses.replace(OPERATIONS["pin"], inside="crypto_ec_sign")
    with pytest.raises(ComparisonError, match="crypto_ec_sign was not called"):
        comparer.compare(wrong, RUNS)
    nowhere = dataclasses.replace(OPERATIONS["pin"], inside="crypto_of_nobody")
    with pytest.raises(ComparisonError, match="no crypto_of_nobody"):
        comparer.compare(nowhere, RUNS)


# --- What may stand -------------------------------------------------------------------------------


def comparison_with(*functions: str) -> Comparison:
    found = [Difference(1, 2, function, "f x.c:1", "this or that") for function in functions]
    paths = [Path(1, 1, number, ()) for number in range(1 + len(found))]
    return Comparison("pico", OPERATIONS["wrap ec"], paths, found)


STANDS = Standing("wrap ec", "crypto_blob_wrap", "because", rare=False)


def test_what_stands_is_no_failure() -> None:
    assert report.failures([comparison_with("crypto_blob_wrap")], [STANDS]) == []


def test_a_difference_that_is_not_listed_fails() -> None:
    (line,) = report.failures([comparison_with("crypto_blob_wrap", "memcmp")], [STANDS])
    assert "parts at" in line and "memcmp" in line and "nox -s same-path" in line


def test_a_listed_difference_that_does_not_occur_fails() -> None:
    (line,) = report.failures([comparison_with()], [STANDS])
    assert "take it off" in line
    assert not report.failures([comparison_with()], [dataclasses.replace(STANDS, rare=True)])


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


def test_secrets_are_as_many_as_asked_for_and_differ() -> None:
    for operation in operations.ALL:
        if not operation.name.startswith(("rsa", "unwrap rsa", "wrap rsa")):
            found = operation.secrets(32)
            assert len(found) == 32 and len(set(found)) == 32, operation.name


def test_a_plan_has_fewer_runs_of_what_takes_long() -> None:
    plan = Plan(32, 1000)
    assert [plan.count(instructions) for instructions in (1, 50, 5000)] == [32, 20, 8]


def test_a_function_has_its_own_name() -> None:
    assert function_of("sp_div.constprop.0+0x38 (0x10000000)") == "sp_div"
    assert function_of("sp_div (0x10000000)") == "sp_div"
