# SPDX-License-Identifier: GPL-2.0-or-later
"""The state machine: Hypothesis chooses steps; failing runs are pruned after."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from fuzz.machine import commands, frames
from fuzz.machine.bench import Bench
from fuzz.machine.commands import Item, Maker
from fuzz.machine.conversation import Conversation, FindingError, Tally
from fuzz.machine.replay import finding, pruned
from fuzz.machine.steps import STARTS, TEARS, WAYS, Run, Step

STEPS = 30
# Commands have seldom more flash operations, and take seldom longer.
OPERATIONS_MAX = 12
MICROSECONDS_MAX = 200_000


class HypothesisDraw:
    """Choices that Hypothesis makes."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data

    def below(self, limit: int) -> int:
        """A number from 0 to `limit` - 1."""
        return self._data.draw(st.integers(0, limit - 1))

    def among(self, items: Sequence[Item]) -> Item:
        """One of `items`."""
        return items[self.below(len(items))]


class CardMachine(RuleBasedStateMachine):
    """One example is one conversation. Subclasses bring bench and tally."""

    bench: Bench
    tally: Tally
    run: Run
    """The example that failed."""
    examples: int

    def __init__(self) -> None:
        super().__init__()
        self._start = "ready"
        self._steps: list[Step] = []
        self._conversation: Conversation | None = None
        self._failed = False

    @property
    def _talk(self) -> Conversation:
        assert self._conversation
        return self._conversation

    def _do(self, step: Step) -> None:
        self._steps.append(step)
        self._guard(lambda: self._talk.do(step))

    def _guard(self, work: Callable[[], None]) -> None:
        try:
            work()
        except FindingError:
            self._failed = True
            kind = type(self)
            kind.run = Run(self.bench.board, self._start, tuple(self._steps))
            raise

    def _command(self, makers: Sequence[Maker], data: st.DataObject) -> bytes:
        return commands.command(makers, self._talk.state, HypothesisDraw(data))

    @initialize(blank=st.integers(0, 9))
    def begin(self, blank: int) -> None:
        """Seldom with a blank card."""
        self._start = STARTS[0] if blank == 9 else STARTS[1]
        type(self).examples += 1
        self._conversation = self.bench.conversation(self._start, self.tally)

    @rule(data=st.data())
    def pin(self, data: st.DataObject) -> None:
        """PINs and initialisation."""
        self._do(Step("apdu", self._command(commands.PIN_COMMANDS, data)))

    @rule(data=st.data())
    def file(self, data: st.DataObject) -> None:
        """Files and what tells of the card."""
        self._do(Step("apdu", self._command(commands.FILE_COMMANDS, data)))

    @rule(data=st.data())
    def use_key(self, data: st.DataObject) -> None:
        """Uses of keys."""
        self._do(Step("apdu", self._command(commands.KEY_USES, data)))

    @rule(data=st.data())
    def make_key(self, data: st.DataObject) -> None:
        """New keys."""
        self._do(Step("apdu", self._command(commands.KEY_MAKERS, data)))

    @rule(data=st.data())
    def domain(self, data: st.DataObject) -> None:
        """Key domains and their shares."""
        self._do(Step("apdu", self._command(commands.DOMAIN_COMMANDS, data)))

    @rule(data=st.data())
    def mutate(self, data: st.DataObject) -> None:
        """A command with one thing changed."""
        apdu = self._command(commands.ALL, data)
        self._do(Step("apdu", commands.mutated(apdu, HypothesisDraw(data))))

    @rule(data=st.data(), parts=st.integers(2, 3))
    def chain(self, data: st.DataObject, parts: int) -> None:
        """A command in parts ([SCHSM] 2)."""
        for apdu in commands.chained(self._command(commands.ALL, data), parts):
            self._do(Step("apdu", apdu))

    @rule(way=st.sampled_from(WAYS))
    def end_session(self, way: str) -> None:
        """The card loses its power, or is made to start anew."""
        self._do(Step(way))

    @rule(data=st.data(), operation=st.integers(0, OPERATIONS_MAX - 1), tear=st.sampled_from(TEARS))
    def cut(self, data: st.DataObject, operation: int, tear: str) -> None:
        """The power fails at a flash operation of a command."""
        apdu = self._command(commands.CHANGING, data)
        self._do(Step("cut", apdu, operation, tear))

    @rule(
        data=st.data(),
        microseconds=st.integers(0, MICROSECONDS_MAX - 1),
        way=st.sampled_from(WAYS),
    )
    def interrupt(self, data: st.DataObject, microseconds: int, way: str) -> None:
        """The host loses patience in mid-command."""
        apdu = self._command(commands.CHANGING, data)
        self._do(Step("interrupt", apdu, microseconds, way))

    @rule(choice=st.integers(0, 19), data=st.binary(max_size=20))
    def frame(self, choice: int, data: bytes) -> None:
        """A frame that no driver sends."""
        self._do(Step("frame", frames.wrong(choice, data)))

    def teardown(self) -> None:
        """The last look."""
        if self._conversation and not self._failed:
            self._guard(self._conversation.finish)


def search(
    bench: Bench, tally: Tally, number: int, examples: int, steps: int = STEPS
) -> tuple[int, Run | None, str]:
    """So many examples of a seed: how many there were; the shortest failing run and its finding."""
    kind = type("Search", (CardMachine,), {"bench": bench, "tally": tally, "examples": 0})
    options = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        print_blob=False,
        report_multiple_bugs=False,
        phases=(Phase.generate,),
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.large_base_example),
        verbosity=Verbosity.quiet,
    )
    try:
        run_state_machine_as_test(seed(number)(kind), settings=options)
    except FindingError:
        run = pruned(bench, kind.run)
        return kind.examples, run, finding(bench, run)
    return kind.examples, None, ""
