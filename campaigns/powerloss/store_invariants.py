# SPDX-License-Identifier: GPL-2.0-or-later
"""The invariants of the store (its package names them), on what a mount found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from campaigns import twins
from campaigns.powerloss.desktop_store import RETIRED, Contents, StoreState, StoreSubject
from campaigns.powerloss.layout import words
from campaigns.powerloss.remains import Remains
from sim.flash.cells import ERASED_SECTOR
from sim.scenario.explorer import Node
from sim.scenario.images import Image
from sim.scenario.invariants import Invariant, Verdict
from sim.scenario.subject import Phase

# ruff: isort: split
from hsm.store import BLANK, READY
from hsm.store.record import FILL_BYTES, TAG_BYTES
from store_twin import CHUNK

assert twins.FOLDERS

# A mount destroys at most what one transaction, or the compaction of one sector, left behind.
MOUNT_OPERATIONS_MAX = 400
# Each slot of a bit field is programmed on its own, and a page can hold most of a field.
PAGE_PROGRAMS_MAX = 600


class StoreInvariants:
    """The invariants for one scenario."""

    def __init__(self, subject: StoreSubject) -> None:
        self._subject = subject
        self._before = subject.before.contents
        self._after = subject.after
        self._tags = self._seal_tags()
        self._pieces = self._pieces_of(self._before) | self._pieces_of(self._after)
        self._alive_before = Counter(self._pieces_of(self._before))
        self._alive_after = Counter(self._pieces_of(self._after))
        self._remains = Remains(self._pieces)
        self._given_back = self._pieces_of(self._before, subject.scenario.given_back)

    def all(self) -> list[Invariant[Node]]:
        """In the order in which a person wants to hear of them."""
        return [
            Invariant("BOOT-1", "every image mounts, in few operations", self._boots),
            Invariant("ATOM-1", "contents are those before or after, never a mix", self._atomic),
            Invariant("ATOM-2", "what was acknowledged stays, and is settled", self._durable),
            Invariant("BOOT-2", "a second mount does nothing and finds the same", self._settled),
            Invariant("PIN-1", "a try is never gained", self._tries),
            Invariant("CTR-1", "a use is never gained", self._uses),
            Invariant("KEY-1", "contents are in the flash once while they live", self._destroyed),
            Invariant("CAP-1", "the free capacity follows from the contents", self._capacity),
            Invariant("WEAR-1", "the store counts erases as the flash does", self._wear),
        ]

    def final(self) -> Verdict:
        """DONE-1: without a cut, the command did what the model says."""
        done = self._subject.done
        problem = done.error
        if done.state is not None and not problem and done.state.contents != self._after:
            problem = _summary(done.state)
        return Verdict(len(self._after.objects), problem)

    def _boots(self, node: Node) -> Verdict:
        written = sum(1 for sector in node.image.sectors if sector.cells != ERASED_SECTOR)
        state = node.boot.observation
        if state is None:
            return Verdict(written, node.boot.failure)
        if len(node.boot.entries) > MOUNT_OPERATIONS_MAX:
            return Verdict(written, f"{len(node.boot.entries)} operations in one mount")
        good = (READY, BLANK) if self._subject.before.state == BLANK else (READY,)
        return Verdict(
            written, "" if state.state in good else f"the store's state is {state.state}"
        )

    def _atomic(self, node: Node) -> Verdict | None:
        found = self._found(node)
        if found is None:
            return None
        good = found.contents in (self._before, self._after)
        problem = "" if good else f"neither before nor after: {_summary(found)}"
        return Verdict(len(found.contents.objects), problem)

    def _durable(self, node: Node) -> Verdict | None:
        if node.phase is not Phase.ACKNOWLEDGED:
            return None
        found = self._found(node)
        looked_at = len(self._after.objects)
        if found is None or found.contents != self._after:
            return Verdict(looked_at, "acknowledged, and not there after a cut")
        if len(node.path) == 1 and node.boot.entries:
            return Verdict(looked_at, "acknowledged, and the next mount has something to do")
        return Verdict(looked_at)

    def _settled(self, node: Node) -> Verdict:
        # A mount that did nothing is its own second one.
        looked_at = len(node.boot.entries)
        if node.again.entries:
            return Verdict(looked_at, f"{len(node.again.entries)} operations in the second mount")
        if node.again.observation != node.boot.observation:
            return Verdict(looked_at, "the second mount finds something else")
        return Verdict(looked_at)

    def _tries(self, node: Node) -> Verdict | None:
        return self._counted(node, "tries")

    def _uses(self, node: Node) -> Verdict | None:
        return self._counted(node, "uses")

    def _counted(self, node: Node, name: str) -> Verdict | None:
        """What was spent stays spent, unless the command itself gives it back."""
        found = self._found(node)
        if found is None:
            return None
        spent = getattr(found.contents, name)
        before, after = getattr(self._before, name), getattr(self._after, name)
        for id, count in spent.items():
            least = min(before.get(id, 0), after.get(id, 0))
            if node.phase is Phase.ACKNOWLEDGED:
                least = after.get(id, 0)
            if count < least:
                return Verdict(len(spent), f"object {id}: {count} spent, {least} before")
        return Verdict(len(spent))

    def _destroyed(self, node: Node) -> Verdict | None:
        found = self._found(node)
        if found is None or found.state == BLANK:
            # Nothing was ever committed, so nothing was deleted: the next format erases all.
            return None
        copies = self._remains.in_image(node.boot.end)
        if copies == (self._alive_after if found.contents == self._after else self._alive_before):
            return Verdict(len(self._pieces))
        alive = self._pieces_of(found.contents)
        for piece in self._pieces:
            expected = int(piece in alive)
            if copies[piece] != expected and not (copies[piece] == 1 and piece in self._given_back):
                text = f"{piece.to_bytes(8, 'little').hex()} stands {copies[piece]} times"
                return Verdict(len(self._pieces), f"{text} in the flash, not {expected}")
        return Verdict(len(self._pieces))

    def _seal_tags(self) -> dict[bytes, bytes]:
        """The tag before each chunk, but of those that the command seals anew as they are."""
        start = self._subject.start
        before = _tags_in(start, self._before)
        after = _tags_in(start.replay(self._subject.done.entries), self._after)
        same = {chunk for chunk in before.keys() & after.keys() if before[chunk] != after[chunk]}
        return {chunk: tag for chunk, tag in (before | after).items() if chunk not in same}

    def _pieces_of(self, contents: Contents, ids: tuple[int, ...] | None = None) -> set[int]:
        """Chunks of all objects, or of some, with their tags: a page half destroyed is found."""
        return {
            piece
            for id, chunk in _chunks(contents)
            for piece in (*words(chunk), *words(self._tags.get(chunk, b"")))
            if ids is None or id in ids
        }

    def _capacity(self, node: Node) -> Verdict | None:
        found = self._found(node)
        if found is None:
            return None
        expected = self._subject.free_bytes(found.contents)
        if expected is None:
            # Of other contents than those before and after ATOM-1 speaks.
            return None
        looked_at = len(found.contents.objects)
        if expected == found.free_bytes:
            return Verdict(looked_at)
        # A sector that failed is retired, sooner or later.
        if self._subject.scenario.faults and abs(expected - found.free_bytes) == FILL_BYTES:
            return Verdict(looked_at)
        return Verdict(looked_at, f"{found.free_bytes} bytes free, not {expected}")

    def _wear(self, node: Node) -> Verdict | None:
        found = self._found(node)
        if found is None:
            return None
        return wear_verdict(node.boot.end, found.erase_counts, len(node.path), node.phase)

    def _found(self, node: Node) -> StoreState | None:
        return node.boot.observation


def _chunks(contents: Contents) -> Iterator[tuple[int, bytes]]:
    for id, data in contents.objects.items():
        for at in range(0, len(data), CHUNK):
            yield id, data[at : at + CHUNK]


def _tags_in(image: Image, contents: Contents) -> dict[bytes, bytes]:
    """The twin's seal leaves contents readable; what stands before them is their tag."""
    raw = image.contents()
    places = {chunk: raw.find(chunk) for _, chunk in _chunks(contents)}
    return {chunk: raw[at - TAG_BYTES : at] for chunk, at in places.items() if at >= TAG_BYTES}


def wear_verdict(image: Image, counts: tuple[int, ...], cuts: int, phase: Phase) -> Verdict:
    """The store's erase counts against the flash's, and programs of a page against the limit.

    The count of a sector stands in its header, which the erase takes away before the new one is
    written: a cut between the two loses at most that erase.
    """
    exact = phase is Phase.ACKNOWLEDGED and cuts == 1
    looked_at = 0
    for number, (sector, count) in enumerate(zip(image.sectors, counts, strict=False)):
        if count == RETIRED:
            continue
        looked_at += sector.erases > 0
        if count < sector.erases - (0 if exact else cuts) or (exact and count > sector.erases):
            text = f"sector {number}: {count} erases by the store's count, {sector.erases} made"
            return Verdict(looked_at, text)
        if max(sector.page_programs) > PAGE_PROGRAMS_MAX:
            return Verdict(looked_at, f"sector {number}: a page programmed too often")
    return Verdict(looked_at)


def _summary(state: StoreState) -> str:
    contents = state.contents
    sizes = {id: len(data) for id, data in contents.objects.items()}
    return f"sizes {sizes}, tries {contents.tries}, uses {contents.uses}"
