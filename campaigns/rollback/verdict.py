# SPDX-License-Identifier: GPL-2.0-or-later
"""What came back, and whether that is what the table says.

Outcomes: `refused` the card calls its store damaged; `harmless` the host sees what it saw before;
`accepted` the card works with old contents.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path

from campaigns.rollback.situation import Situation
from campaigns.rollback.witness import Observation

EXPECTED = Path(__file__).with_name("expected.toml")
# What can come back, in the order in which tables name it.
KINDS = ("tries", "uses", "PIN", "key", "file", "key domain")


@dataclass(frozen=True)
class Row:
    """A row of the table: outcome and reason by board; how many cases a run needs at least."""

    id: str
    what: str
    cases_min: int
    outcome: dict[str, str]
    reason: dict[str, str]


@dataclass(frozen=True)
class Table:
    """`whole`: what comes back with the image after a step, by present and step."""

    rows: dict[str, Row]
    whole: dict[str, dict[str, frozenset[str]]]

    @classmethod
    def load(cls, path: Path = EXPECTED) -> Table:
        """The table in the file."""
        data = tomllib.loads(path.read_text())
        rows = {row["id"]: Row(**row) for row in data["row"]}
        whole = {
            present: {step: frozenset(kinds) for step, kinds in steps.items()}
            for present, steps in data["whole"].items()
        }
        return cls(rows, whole)


def came_back(seen: Observation, present: Observation) -> frozenset[str]:
    """What an owner had spent, changed or deleted, and `seen` has again."""
    uses = dict(present.uses)
    found = {
        "tries": seen.user_tries > present.user_tries or seen.so_tries > present.so_tries,
        "uses": any(left > uses.get(name, left) for name, left in seen.uses),
        "PIN": bool(seen.pins - present.pins),
        "key": bool(seen.keys - present.keys),
        "file": bool(seen.files - present.files),
        "key domain": seen.store == "ready" and seen.domain != present.domain,
    }
    return frozenset(kind for kind in KINDS if found[kind])


def outcome(seen: Observation, present: Observation) -> str:
    """The outcome's name."""
    if seen.store == "damaged":
        return "refused"
    return "harmless" if seen == present else "accepted"


def contradiction(
    table: Table, board: str, situation: Situation, seen: Observation, present: Observation
) -> str:
    """Why the outcome is not the table's, in a line; empty if it is."""
    due, found = table.rows[situation.row].outcome[board], outcome(seen, present)
    if found == "harmless" and due == "accepted" and situation.seen == present:
        # An image from which nothing that a host sees has changed.
        return ""
    if found != due:
        return f"{found}, the table says {due}"
    if found == "refused" or situation.seen is None:
        return ""
    if situation.row == "older":
        # Its counters may be of any moment in between.
        seen, expected = _without_counters(seen), _without_counters(situation.seen)
    else:
        expected = situation.seen
    return "" if seen == expected else f"the card shows {seen}, due is {expected}"


def _without_counters(seen: Observation) -> Observation:
    names = frozenset((name, 0) for name, _ in seen.uses)
    return replace(seen, user_tries=0, so_tries=0, uses=names)
