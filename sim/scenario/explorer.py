# SPDX-License-Identifier: GPL-2.0-or-later
"""The explorer: boots each image that cuts can leave, and cuts recovery.

A search through a graph, breadth first: nodes are images by digest, edges are cuts of what a boot
did to the flash. A node is visited again only when less is allowed of it than before (`Phase`).
It ends at a depth, which is the number of cuts one after the other, or when nothing new comes up.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sim.scenario.cut import DIGEST_PREFIX_DIGITS, Cut, Path, ReplayId
from sim.scenario.images import Image, cuts_of
from sim.scenario.invariants import Invariant, Ledger
from sim.scenario.subject import Boot, Phase, Recording, Recovery, Subject

DEDUPLICATED = "deduplicated"
VIOLATION = "violation"


@dataclass(frozen=True)
class Node:
    """One image that cuts left, what its boot made of it, and what the boot after that found."""

    path: Path
    phase: Phase
    image: Image
    boot: Boot
    again: Boot


@dataclass(frozen=True)
class Tile:
    """One cell of a scenario's picture: a cut of the command and its outcome."""

    operation: int
    tear: str
    outcome: str


@dataclass
class Exploration:
    """What was found, in figures."""

    operations: int = 0
    cuts: int = 0
    images: int = 0
    recoveries: int = 0
    boots: int = 0
    images_by_depth: list[int] = field(default_factory=list)
    closed: bool = False
    tiles: list[Tile] = field(default_factory=list)

    def add(self, other: Exploration) -> None:
        """Count in what was explored beside it; depths and tiles stay those of the first."""
        for name in ("cuts", "images", "recoveries", "boots"):
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(frozen=True)
class _Branch:
    """A journal whose operations are still to be cut."""

    path: Path
    recording: Recording


@dataclass(frozen=True)
class Place:
    """What a replay id says beside the cuts."""

    scenario: str
    board: str
    geometry: str
    seed: int

    def id(self, path: Path, image: Image) -> str:
        """The line that makes `image` again."""
        digest = image.digest.hex()[:DIGEST_PREFIX_DIGITS]
        return str(ReplayId(self.scenario, self.board, self.geometry, self.seed, path, digest))


class Explorer:
    """Explores one subject into `ledger`.

    `depth`: cuts one after the other, None for closure. `tears`: for each depth the tears that are
    taken, None for all; the last one holds from there on. `on_node(cuts, images)` is called for
    each cut: for progress.
    """

    def __init__(
        self,
        subject: Subject,
        invariants: Sequence[Invariant[Node]],
        place: Place,
        ledger: Ledger,
        *,
        depth: int | None = 1,
        tears: Sequence[Collection[str] | None] = (None,),
        on_node: Callable[[int, int], Any] = lambda cuts, images: None,
    ) -> None:
        self._subject = subject
        self._invariants = invariants
        self._place = place
        self._ledger = ledger
        self._depth = depth
        self._tears = tears
        self._on_node = on_node
        # Image by digest -> the strictest phase it was judged in.
        self._seen: dict[bytes, Phase] = {}
        # What a boot of a settled image finds, so that most second boots need not be made.
        self._settled: dict[bytes, Boot] = {}
        self.found = Exploration()

    def run(self, recording: Recording | None = None, path: Path = ()) -> Exploration:
        """Explore to the depth; a `recording` of the command may be handed in.

        `path`: the cuts before it, when it is that of a boot.
        """
        if recording is None:
            recording = self._subject.record()
        self.found.operations = len(recording.entries)
        level = [_Branch(path, recording)]
        depth = 0
        while level and (self._depth is None or depth < self._depth):
            depth += 1
            before = self.found.images
            level = self._level(level, keep=depth != self._depth)
            self.found.images_by_depth.append(self.found.images - before)
        return self.found

    def _level(self, branches: list[_Branch], keep: bool) -> list[_Branch]:
        """Visit what one more cut leads to; the branches of the next level, if there is one."""
        following = []
        self.found.closed = True
        for branch in branches:
            for cut, image, phase in self._cuts(branch):
                node = self._visit((*branch.path, cut), image, phase)
                if node is None or not node.boot.entries:
                    continue
                self.found.closed = False
                if keep:
                    recovery = Recovery(image, node.boot.entries, known=phase)
                    following.append(_Branch(node.path, recovery))
        return following

    def _cuts(self, branch: _Branch) -> Iterator[tuple[Cut, Image, Phase]]:
        recording = branch.recording
        entries = recording.entries
        if not branch.path:
            # The strictest phase first: most of its images come up again in milder ones.
            end = recording.start.replay(entries)
            yield Cut(len(entries), "none"), end, recording.phase(len(entries))
        boundaries = self._subject.boundaries
        tears = self._tears[min(len(branch.path), len(self._tears) - 1)]
        for cut, image in cuts_of(recording.start, entries, boundaries, self._place.seed, tears):
            yield cut, image, recording.phase(cut.operation)

    def _visit(self, path: Path, image: Image, phase: Phase) -> Node | None:
        """Boot and judge an image unless that was done; None: it was."""
        self.found.cuts += 1
        self._on_node(self.found.cuts, self.found.images)
        seen = self._seen.get(image.digest)
        if seen is not None and seen >= phase:
            self._tile(path, DEDUPLICATED)
            return None
        self._seen[image.digest] = phase
        self.found.images += seen is None
        boot = self._boot(image)
        self.found.recoveries += bool(boot.entries)
        node = Node(path, phase, image, boot, self._boot_again(boot))
        good = self._ledger.judge(self._invariants, node, partial(self._place.id, path, image))
        self._tile(path, self._subject.outcome(boot) if good else VIOLATION)
        return node

    def _tile(self, path: Path, outcome: str) -> None:
        if len(path) == 1:
            self.found.tiles.append(Tile(path[0].operation, path[0].tear, outcome))

    def _boot(self, image: Image) -> Boot:
        self.found.boots += 1
        return self._subject.boot(image)

    def _boot_again(self, boot: Boot) -> Boot:
        """The boot after `boot`: made once for each image that a boot leaves."""
        if not boot.entries:
            return boot
        digest = boot.end.digest
        again = self._settled.get(digest)
        if again is None:
            again = self._settled[digest] = self._boot(boot.end)
        return again
