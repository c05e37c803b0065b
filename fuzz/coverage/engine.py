# SPDX-License-Identifier: GPL-2.0-or-later
"""Grows a corpus: what touched something new is kept, and changed next.

All choices come from one seeded generator, so that a run is a function of target, seed and number
of executions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from random import Random
from typing import Protocol

from fuzz.coverage.findings import Finding
from fuzz.coverage.inputs import Input
from fuzz.coverage.targets import Run, Target

# An input of so many instructions is taken half as often as one of none.
HALF_WEIGHT_INSTRUCTIONS = 100_000
SHORTENINGS_MAX = 200


class Mutation(Protocol):
    """What makes inputs of inputs."""

    def mutate(self, one: Input, other: Input) -> Input:
        """Something like `one`, perhaps with parts of `other`."""
        ...


@dataclass
class Entry:
    """An input that touched something new, and how often it was changed since."""

    input: Input
    news: int
    instructions: int
    tried: int = 0


@dataclass
class Tally:
    """Counts of one engine."""

    executions: int = 0
    seconds: float = 0.0
    quick_executions: int = 0
    quick_messages: int = 0
    quick_seconds: float = 0.0
    cut: int = 0

    def add(self, run: Run, messages: int) -> None:
        """One more run of so many messages."""
        self.executions += 1
        self.seconds += run.seconds
        self.cut += run.cut
        if not run.slow:
            self.quick_executions += 1
            self.quick_messages += messages
            self.quick_seconds += run.seconds


@dataclass
class Engine:
    """`guided`: False keeps only the seeds, for comparison."""

    target: Target
    mutation: Mutation
    random: Random
    guided: bool = True
    corpus: list[Entry] = field(default_factory=list)
    findings: dict[tuple[str, str], tuple[Finding, Input]] = field(default_factory=dict)
    cut: dict[int, Input] = field(default_factory=dict)
    """Of each INS the first input that was not run to its end."""
    tally: Tally = field(default_factory=Tally)

    def __post_init__(self) -> None:
        self._known: set[Input] = set()
        self._fresh: list[Input] = []
        self._weights: list[float] = []

    def add_all(self, inputs: Sequence[Input]) -> None:
        """Run inputs that others made; those that are news here are kept."""
        for one in inputs:
            if one not in self._known:
                self.execute(one)

    def add_seeds(self) -> None:
        """Run the target's seeds; all of them are kept, news or not."""
        for one in self.target.seeds():
            if one not in self._known and not self.execute(one).news:
                self._keep(one, Run(0, 0))

    def step(self) -> Run:
        """One execution of something made of the corpus."""
        entry = self._choose()
        entry.tried += 1
        other = self.random.choice(self.corpus).input
        return self.execute(self.mutation.mutate(entry.input, other))

    def take_fresh(self) -> list[Input]:
        """What was found since the last call, for other engines."""
        fresh, self._fresh = self._fresh, []
        return fresh

    def execute(self, one: Input) -> Run:
        """Run one; keep it if it brings news, note what is wrong."""
        run = self.target.run(one)
        self.tally.add(run, len(one.messages))
        if run.finding is not None:
            self.note(run.finding, one)
        elif run.cut:
            self.cut.setdefault(run.last, one)
        elif run.news and (self.guided or not self.corpus):
            self._keep(one, run)
            self._fresh.append(one)
        return run

    def note(self, finding: Finding, one: Input) -> None:
        """Of each kind and place the first one is kept."""
        self.findings.setdefault((finding.kind, finding.place), (finding, one))

    def _keep(self, one: Input, run: Run) -> None:
        self._known.add(one)
        self.corpus.append(Entry(one, run.news, run.instructions))
        self._weights = list(
            accumulate(
                1 / (1 + entry.instructions / HALF_WEIGHT_INSTRUCTIONS) for entry in self.corpus
            )
        )

    def _choose(self) -> Entry:
        """Every second time one of those that were tried least, else any; dear ones seldom."""
        random = self.random
        drawn = random.choices(self.corpus, cum_weights=self._weights, k=4)
        return min(drawn, key=lambda entry: entry.tried) if random.random() < 0.5 else drawn[0]


def shorten(one: Input, still: Callable[[Input], bool]) -> Input:
    """A smaller input of which `still` holds: without messages, then with shorter ones."""
    left = SHORTENINGS_MAX

    def holds(candidate: Input) -> bool:
        nonlocal left
        left -= 1
        return left >= 0 and still(candidate)

    at = 0
    while at < len(one.messages) and len(one.messages) > 1:
        fewer = replace(one, messages=one.messages[:at] + one.messages[at + 1 :])
        one, at = (fewer, at) if holds(fewer) else (one, at + 1)
    for at in range(len(one.messages)):
        one = _shorten_message(one, at, holds)
    return one


def _shorten_message(one: Input, at: int, holds: Callable[[Input], bool]) -> Input:
    step = len(one.messages[at]) // 2
    while step:
        message = one.messages[at]
        for first in range(0, len(message), step):
            shorter = message[:first] + message[first + step :]
            candidate = replace(
                one, messages=(*one.messages[:at], shorter, *one.messages[at + 1 :])
            )
            if shorter and holds(candidate):
                one = candidate
                break
        else:
            step //= 2
    return one
