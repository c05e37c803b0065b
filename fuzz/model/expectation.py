# SPDX-License-Identifier: GPL-2.0-or-later
"""What may come of a command: status words, each with data and change of state."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from fuzz.model.state import State

SUCCESS = 0x9000

# "" if the response data are right, else what is wrong with them.
Check = Callable[[bytes], str]
# The data are None if the answer was lost.
Effect = Callable[[State, bytes | None], None]


def nothing(state: State, data: bytes | None) -> None:
    """No change."""
    del state, data


def exactly(expected: bytes) -> Check:
    """The data are these."""
    return lambda data: "" if data == expected else f"{data.hex()} instead of {expected.hex()}"


NO_DATA = exactly(b"")


@dataclass(frozen=True)
class Outcome:
    """One answer that is allowed."""

    check: Check = NO_DATA
    effect: Effect = nothing


@dataclass(frozen=True)
class Expectation:
    """All answers that are allowed, by status word.

    `between`: what a loss of power may leave besides the states before and after the command.
    """

    outcomes: dict[int, Outcome]
    between: tuple[Effect, ...] = ()

    def problem(self, status_word: int, data: bytes) -> str:
        """ "" if the answer is allowed, else one line."""
        outcome = self.outcomes.get(status_word)
        if outcome is None:
            allowed = " or ".join(f"{word:04X}" for word in sorted(self.outcomes))
            return f"{status_word:04X} instead of {allowed}"
        found = outcome.check(data)
        return f"data of {status_word:04X}: {found}" if found else ""


def refused(words: Iterable[int]) -> Expectation:
    """One of these, and no change."""
    return Expectation({word: Outcome() for word in words})


def expect(
    refusals: Iterable[int],
    check: Check = NO_DATA,
    effect: Effect = nothing,
    word: int = SUCCESS,
) -> Expectation:
    """What was found wrong, if anything; else success with these data and this change."""
    words = set(refusals)
    return refused(words) if words else Expectation({word: Outcome(check, effect)})
