# SPDX-License-Identifier: GPL-2.0-or-later
"""The health tests of RP2040's noise find what they are there for, only that."""

from __future__ import annotations

import math
import random
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

CLAIMED_BITS_PER_SAMPLE = 0.5
FALSE_POSITIVE = 2**-20
HEADER = (Path(__file__).parents[2] / "port/health.h").read_text()


def constant(name: str) -> int:
    match = re.search(rf"#define {name} (\d+)", HEADER)
    assert match
    return int(match[1])


WINDOW = constant("HEALTH_WINDOW_SAMPLES")


def failed_at(program: Path, bits: Iterable[int]) -> int:
    """Number of the sample, from 1, at which the tests failed; 0 if they passed."""
    text = "".join(map(str, bits))
    output = subprocess.run([program], input=text, capture_output=True, text=True, check=True)
    sample, failed = map(int, output.stdout.split())
    assert bool(sample) == bool(failed), "a failure is for good"
    return sample


def test_the_repetition_cutoff_is_that_of_the_standard() -> None:
    expected = 1 + math.ceil(-math.log2(FALSE_POSITIVE) / CLAIMED_BITS_PER_SAMPLE)
    assert constant("HEALTH_REPETITION_CUTOFF") == expected


def test_the_proportion_cutoff_is_that_of_the_standard() -> None:
    probability = 2**-CLAIMED_BITS_PER_SAMPLE
    tail = 0.0
    matches = WINDOW
    while True:
        others = WINDOW - matches
        ways = math.lgamma(WINDOW + 1) - math.lgamma(matches + 1) - math.lgamma(others + 1)
        chance = matches * math.log(probability) + others * math.log(1 - probability)
        tail += math.exp(ways + chance)
        if tail > FALSE_POSITIVE:
            break
        matches -= 1
    assert constant("HEALTH_PROPORTION_CUTOFF") == 1 + matches


@pytest.mark.parametrize("seed", range(8))
def test_good_noise_passes(health_program: Path, seed: int) -> None:
    source = random.Random(seed)
    assert failed_at(health_program, (source.getrandbits(1) for _ in range(200_000))) == 0


def test_noise_as_poor_as_claimed_passes(health_program: Path) -> None:
    source = random.Random(1)
    biased = (int(source.random() < 2**-CLAIMED_BITS_PER_SAMPLE) for _ in range(100_000))
    assert failed_at(health_program, biased) == 0


@pytest.mark.parametrize("stuck", [0, 1])
def test_a_stuck_source_is_found_at_once(health_program: Path, stuck: int) -> None:
    cutoff = constant("HEALTH_REPETITION_CUTOFF")
    assert failed_at(health_program, [stuck] * WINDOW) <= cutoff + 1


def test_a_source_that_sticks_later_is_found(health_program: Path) -> None:
    source = random.Random(2)
    good = [source.getrandbits(1) for _ in range(5000)]
    assert 5000 < failed_at(health_program, good + [1] * 100) <= 5000 + 41


def test_an_alternating_source_is_found(health_program: Path) -> None:
    assert 0 < failed_at(health_program, [0, 1] * 512) <= 50


@pytest.mark.parametrize("seed", range(4))
def test_a_biased_source_is_found_in_the_start_up_test(health_program: Path, seed: int) -> None:
    source = random.Random(seed)
    biased = (int(source.random() < 0.875) for _ in range(2 * WINDOW))
    assert failed_at(health_program, biased) > 0
