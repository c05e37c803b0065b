# SPDX-License-Identifier: GPL-2.0-or-later
"""Where known answers are computed: in both chip models and in QEMU."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import TypeVar

import pytest

import boards
from tests import vector_counts
from tests.crypto.chip import Chip
from tests.crypto.qemu import Qemu
from tests.crypto.selftest import SelfTest
from tests.crypto.twin import hsm_crypto
from tests.vector_counts import Taker, spread
from tools import paths
from tools.sources import Sources

T = TypeVar("T")
Pick = Callable[[Sequence[T], int], Sequence[T]]
QEMU = "qemu"
QEMU_FACTOR = 30
TARGETS = [*boards.names(), QEMU]


def pytest_addoption(parser: pytest.Parser) -> None:
    """--all-vectors."""
    parser.addoption(
        "--all-vectors",
        action="store_true",
        help="compute every published vector instead of a spread of the slow ones (an hour)",
    )


@pytest.fixture
def vectors(request: pytest.FixtureRequest) -> Taker:
    """Takes spreads of published cases: in QEMU QEMU_FACTOR times as many as in a chip model."""
    all_of_them = bool(request.config.getoption("--all-vectors"))
    if request.node.callspec.params.get("target") == QEMU:
        return Taker(vector_counts.QEMU, QEMU_FACTOR, all_of_them)
    return Taker(vector_counts.CHIP, all_of_them=all_of_them)


@pytest.fixture
def pick(vectors: Taker) -> Pick:
    """pick(items, count): the same spread of cases of our own, which nobody counts."""

    def chosen(items: Sequence[T], count: int) -> Sequence[T]:
        return items if vectors.all_of_them else spread(items, count * vectors.factor)

    return chosen


@pytest.fixture(scope="session")
def qemu_image() -> Path:
    """hsm_selftest_qemu.elf, built when something has changed."""
    folder = paths.BUILD / "qemu"
    wolfssl = Sources(say=lambda line: None).tree("wolfssl").folder
    source = paths.PROJECT / "native_crypto" / "qemu"
    for command in (
        ["cmake", "-S", str(source), "-B", str(folder), f"-DWOLFSSL_DIR={wolfssl}"],
        ["cmake", "--build", str(folder), "-j2"],
    ):
        result = subprocess.run(command, capture_output=True, text=True)
        assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-2000:]
    return folder / "hsm_selftest_qemu.elf"


@contextmanager
def running(name: str, request: pytest.FixtureRequest) -> Iterator[SelfTest]:
    """A self-test image just started on a board's chip model, or in QEMU."""
    if name == QEMU:
        with Qemu(request.getfixturevalue("qemu_image")) as qemu:
            yield SelfTest(qemu)
        return
    image = paths.BUILD / name / "hsm_selftest.uf2"
    if not image.exists():
        pytest.fail(f"no self-test image for {name}: run `nox -s firmware`", pytrace=False)
    chip = Chip(name, image)
    chip.start()
    yield SelfTest(chip)


@pytest.fixture(scope="session", params=TARGETS)
def target(request: pytest.FixtureRequest) -> Iterator[SelfTest]:
    """A running self-test image; the noise source starts from seed 1."""
    with running(request.param, request) as selftest:
        selftest.seed(1)
        selftest.random(1)  # the generator's state stays in the pool
        yield selftest


@pytest.fixture(params=TARGETS)
def fresh(request: pytest.FixtureRequest) -> Iterator[SelfTest]:
    """A self-test image of this test's own, just started."""
    with running(request.param, request) as selftest:
        yield selftest


@pytest.fixture
def fresh_qemu(request: pytest.FixtureRequest) -> Iterator[SelfTest]:
    """The self-test image in QEMU alone, just started: for what takes a chip model minutes."""
    with running(QEMU, request) as selftest:
        yield selftest


@pytest.fixture(autouse=True)
def every_test_alike() -> None:
    """The twin draws the same random numbers in each run."""
    hsm_crypto.draw = Random(0).randbytes


@pytest.fixture(autouse=True)
def nothing_left_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    """After each test the pool holds what it held before: the generator, at most."""
    if "target" not in request.fixturenames:
        yield
        return
    selftest: SelfTest = request.getfixturevalue("target")
    before, _ = selftest.pool()
    yield
    after, _ = selftest.pool()
    assert after == before
