# SPDX-License-Identifier: GPL-2.0-or-later
"""What stays free of stack, crypto pool and heap in the commands that take most."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import boards
from tests.image import command_families
from tests.image.command_families import Bench
from tests.image.conftest import image_path
from tests.image.memory_use import MemoryWatch

STACK_FREE_BYTES_MIN = 8 * 1024
POOL_FREE_BYTES_MIN = 8 * 1024
HEAP_FREE_BYTES_MIN = 24 * 1024

# By `nox -s bench -- --only memory`: the deepest stacks, the fullest pools, the fullest heaps.
DEEPEST = (
    ("MANAGE SECURITY ENVIRONMENT", "a chain of four"),
    ("GENERATE KEY PAIR", "Ed448"),
    ("UNWRAP KEY", "Ed448"),
    ("UNWRAP KEY", "brainpoolP512r1"),
    ("UNWRAP KEY", "RSA-4096"),
    ("DECIPHER", "brainpoolP512r1"),
    ("DECIPHER", "XKEK"),
    ("HIERARCHICAL KEYS", "sign"),
    ("secure messaging", "3900 bytes"),
)
SITUATIONS = {(each.family, each.name): each for each in command_families.situations()}


@pytest.fixture(scope="module", params=boards.names())
def watched(request: pytest.FixtureRequest) -> Iterator[tuple[MemoryWatch, Bench]]:
    """A watched device on which situations can be prepared."""
    watch = MemoryWatch.on(request.param, image_path(request.param))
    yield watch, command_families.bench(watch.device)
    watch.device.power_off()


@pytest.mark.parametrize("key", DEEPEST, ids=", ".join)
def test_enough_stays_free(watched: tuple[MemoryWatch, Bench], key: tuple[str, str]) -> None:
    watch, bench = watched
    use = watch.measure(bench.prepare(SITUATIONS[key]))
    assert use.stack_free_bytes >= STACK_FREE_BYTES_MIN
    assert use.pool_free_bytes >= POOL_FREE_BYTES_MIN
    assert use.heap_free_bytes >= HEAP_FREE_BYTES_MIN


def test_the_watch_sees_what_a_command_takes(watched: tuple[MemoryWatch, Bench]) -> None:
    watch, bench = watched
    small = watch.measure(bench.prepare(SITUATIONS["SELECT", "the applet"]))
    large = watch.measure(bench.prepare(SITUATIONS["UNWRAP KEY", "RSA-4096"]))
    assert 0 < small.stack_bytes < large.stack_bytes < large.stack_total_bytes
    assert 0 < small.pool_bytes < large.pool_bytes < large.pool_total_bytes
    assert 0 < small.heap_bytes < large.heap_bytes < large.heap_total_bytes
    again = watch.measure(bench.prepare(SITUATIONS["SELECT", "the applet"]))
    assert again == small
