# SPDX-License-Identifier: GPL-2.0-or-later
"""What a swap amounts to, before anything is booted: the table's row, what is due.

Rows: `whole` an older image; `older` sectors that make the card of an older moment; `dead` nothing
that is live differs; `counters` only bit fields of live records differ; `revived` a record is live
that is not at present; `missing` one is not that should be.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from campaigns.rollback import log_reader
from campaigns.rollback.life import Record
from campaigns.rollback.log_reader import Committed, State
from campaigns.rollback.swaps import Regions, Swap
from campaigns.rollback.witness import Observation

ROWS = ("whole", "older", "counters", "dead", "revived", "missing")
ID_USER_PIN, ID_SO_PIN = 0x1081, 0x1089
REFUSED = Observation("damaged")


@dataclass(frozen=True)
class Situation:
    """`row` of the table, and what the host must see if the card accepts the contents.

    `seen` is None for a moment inside a step, which nobody has looked at.
    """

    row: str
    seen: Observation | None


class Situations:
    """Tells the situations of a recorded life."""

    def __init__(self, record: Record, regions: Regions) -> None:
        self._moments = record.moments
        self._regions = regions
        self._states = [log_reader.read(moment.region) for moment in record.moments]
        self._commits = record.commits
        self._moments_by_commit: dict[Committed, list[int]] = {}
        for number, state in enumerate(self._states):
            self._moments_by_commit.setdefault(state.committed(), []).append(number)

    def of(self, swap: Swap) -> Situation:
        """The situation that a swap makes."""
        if not swap.sectors:
            return Situation("whole", self._moments[swap.older].seen)
        state = log_reader.read(self._regions.apply(swap))
        present = self._states[swap.present]
        moments = self._moments_by_commit.get(state.committed(), [])
        if swap.present in moments:
            same = state.fields() == present.fields()
            return Situation("dead" if same else "counters", self._with_fields(swap, state))
        if moments:
            return Situation("older", self._moments[moments[0]].seen)
        if state.committed() in self._commits:
            return Situation("older", None)
        revived = state.committed()[1] - present.committed()[1]
        return Situation("revived" if revived else "missing", REFUSED)

    def _with_fields(self, swap: Swap, state: State) -> Observation:
        """The present, with the counters of the older moment where their fields were put back."""
        now, old = self._moments[swap.present].seen, self._moments[swap.older].seen
        fields, present = state.fields(), self._states[swap.present].fields()
        put_back = {id for id, bits in fields.items() if bits != present[id]}
        if ID_USER_PIN in put_back:
            now = replace(now, user_tries=old.user_tries)
        if ID_SO_PIN in put_back:
            now = replace(now, so_tries=old.so_tries)
        if put_back - {ID_USER_PIN, ID_SO_PIN}:
            # The life has one key with a counter.
            now = replace(now, uses=old.uses)
        return now
