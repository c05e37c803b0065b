# SPDX-License-Identifier: GPL-2.0-or-later
"""An input: where it begins, and what is sent."""

from __future__ import annotations

from dataclasses import dataclass

from fuzz.coverage.cards import STARTS

MESSAGES_MAX = 4
PREFIX = "fc"


class UnknownInputError(ValueError):
    """A text that names no input; one line."""


@dataclass(frozen=True)
class Input:
    """`messages`: APDUs, or frames on bulk OUT, in turn."""

    start: str
    messages: tuple[bytes, ...]

    @property
    def text(self) -> str:
        """`ready/0084000008-00200081`."""
        return f"{self.start}/{'-'.join(message.hex() for message in self.messages)}"

    @classmethod
    def parse(cls, text: str) -> Input:
        """The input of `text`; raises UnknownInputError."""
        start, _, messages = text.partition("/")
        if start not in STARTS:
            raise UnknownInputError(f"no start is called {start!r}; there are {', '.join(STARTS)}")
        try:
            found = tuple(bytes.fromhex(part) for part in messages.split("-"))
        except ValueError:
            found = ()
        if not all(found) or not found:
            raise UnknownInputError("messages are hexadecimal, with - between them")
        return cls(start, found)


def replay_id(target: str, board: str, one: Input) -> str:
    """All that it takes to run an input again."""
    return f"{PREFIX}/{target}/{board}/{one.text}"


def parse_replay_id(text: str) -> tuple[str, str, Input]:
    """Target, board and input of a replay id; raises UnknownInputError."""
    parts = text.strip().split("/", 3)
    if len(parts) != 4 or parts[0] != PREFIX:
        raise UnknownInputError("ids look like fc/apdu/pico/ready/0084000008-00200081")
    return parts[1], parts[2], Input.parse(parts[3])
