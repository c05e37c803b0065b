# SPDX-License-Identifier: GPL-2.0-or-later
"""What is done with a card, one step after the other, as text that can be kept.

A run is a board, a start and steps. A regression is a file with one; a replay id is the same
packed into one word.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from dataclasses import dataclass
from pathlib import Path

import boards

FORMAT = "pico-hsm fuzz model 1"
PREFIX = "fm1:"
STARTS = ("blank", "ready")
# Fields behind the kind: h is hexadecimal digits, n a number, t a tear, w a way to interrupt.
FIELDS = {
    "apdu": "h",
    "power cycle": "",
    "bus reset": "",
    "card off and on": "",
    "cut": "hnt",
    "interrupt": "hnw",
    "frame": "h",
}
# Tears that programming and erasing both know (sim.flash.faults).
TEARS = ("none", "full", "prefixHalf", "subset0")
WAYS = ("card off and on", "bus reset", "power cycle")
PACKED_BYTES_MAX = 1 << 20


@dataclass(frozen=True)
class Step:
    """`kind` of FIELDS, and what belongs to it."""

    kind: str
    data: bytes = b""
    number: int = 0
    word: str = ""

    def to_list(self) -> list:
        """For JSON."""
        fields = {"h": self.data.hex(), "n": self.number, "t": self.word, "w": self.word}
        return [self.kind, *(fields[kind] for kind in FIELDS[self.kind])]

    @classmethod
    def from_list(cls, row: object) -> Step:
        """Of JSON; ValueError with one line."""
        if not isinstance(row, list) or not row or row[0] not in FIELDS:
            raise ValueError(f"{row!r} is no step")
        kinds = FIELDS[row[0]]
        if len(row) != len(kinds) + 1:
            raise ValueError(f"a step {row[0]!r} has {len(kinds)} fields")
        values: dict = {}
        for kind, value in zip(kinds, row[1:], strict=True):
            if kind == "h":
                values["data"] = bytes.fromhex(str(value))
            elif kind == "n" and isinstance(value, int) and value >= 0:
                values["number"] = value
            elif kind in "tw" and value in (TEARS if kind == "t" else WAYS):
                values["word"] = value
            else:
                raise ValueError(f"{value!r} does not fit a step {row[0]!r}")
        return cls(row[0], **values)


@dataclass(frozen=True)
class Run:
    """A board, a start, what is done."""

    board: str
    start: str
    steps: tuple[Step, ...]

    def to_json(self, about: str = "") -> str:
        """A file that people can read: a line for each step."""
        rows = ",\n    ".join(json.dumps(step.to_list()) for step in self.steps)
        head = {"format": FORMAT, "about": about, "board": self.board, "start": self.start}
        return f'{json.dumps(head)[:-1]},\n  "steps": [\n    {rows}\n  ]}}\n'

    @property
    def name(self) -> str:
        """The replay id."""
        packed = zlib.compress(self.to_json().encode(), 9)
        return PREFIX + base64.urlsafe_b64encode(packed).decode().rstrip("=")


def from_json(text: str) -> Run:
    """A run of a file; ValueError with one line."""
    try:
        data = json.loads(text)
    except ValueError:
        raise ValueError("it is no JSON") from None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ValueError(f"its format is not {FORMAT!r}")
    board, start, rows = data.get("board"), data.get("start"), data.get("steps")
    if board not in boards.names():
        raise ValueError(f"no board is called {board!r}")
    if start not in STARTS:
        raise ValueError(f"no start is called {start!r}")
    if not isinstance(rows, list):
        raise ValueError("it has no list of steps")
    return Run(board, start, tuple(Step.from_list(row) for row in rows))


def from_name(name: str) -> Run:
    """The run of a replay id; ValueError with one line."""
    if not name.startswith(PREFIX):
        raise ValueError(f"ids begin with {PREFIX}")
    word = name[len(PREFIX) :]
    try:
        packed = base64.b64decode(word + "=" * (-len(word) % 4), altchars=b"-_", validate=True)
        unpacked = zlib.decompressobj()
        text = unpacked.decompress(packed, PACKED_BYTES_MAX).decode()
        if not unpacked.eof:
            raise ValueError
    except (binascii.Error, zlib.error, ValueError):
        raise ValueError("it is damaged or not whole") from None
    return from_json(text)


def from_file(path: Path) -> Run:
    """The run of a regression; ValueError with one line."""
    try:
        return from_json(path.read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from None
