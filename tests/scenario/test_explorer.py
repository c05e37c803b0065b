# SPDX-License-Identifier: GPL-2.0-or-later
"""The explorer on the toy store: what it counts and what it finds."""

from __future__ import annotations

from typing import Any

import pytest

from sim.scenario.cut import Cut, ReplayId
from sim.scenario.explorer import DEDUPLICATED, VIOLATION, Exploration, Explorer, Node, Place
from sim.scenario.images import Image, cut_image
from sim.scenario.invariants import Invariant, Ledger, Verdict
from sim.scenario.subject import Phase
from tests.scenario.toy_store import ToySubject

PLACE = Place("toy", "desktop", "2x4096", 0)
# With all of them, the torn erases of a recovery combine without an end in sight.
FEW = ("none", "full", "prefixHalf", "preprogrammed", "marginal")


def explored(subject: ToySubject, **options: object) -> tuple[Exploration, Ledger]:
    ledger = Ledger(kept_max=10_000)
    run: Any = Explorer
    return run(subject, subject.invariants(), PLACE, ledger, **options).run(), ledger


@pytest.mark.parametrize("command", ["put", "compact"])
def test_a_sound_store_holds_at_any_depth(command: str) -> None:
    found, ledger = explored(ToySubject(command), depth=None, tears=(None, FEW))
    assert found.closed
    assert ledger.violation_count() == 0
    assert ledger.never_shown() == []
    assert ledger.tallies["ATOM-1"].evaluations >= found.images > 10


def test_header_first_is_found_at_depth_one_without_a_torn_bit() -> None:
    found, ledger = explored(ToySubject("compact", header_first=True))
    assert found.images_by_depth == [found.images]
    paths = [ReplayId.parse(violation.id).path for violation in ledger.violations]
    assert (Cut(1, "full"),) in paths
    assert {violation.invariant for violation in ledger.violations} == {"ATOM-1"}
    assert any(tile.outcome == VIOLATION for tile in found.tiles)


def test_equal_images_are_booted_once() -> None:
    found, ledger = explored(ToySubject("compact"))
    repeated = sum(tile.outcome == DEDUPLICATED for tile in found.tiles)
    assert repeated > 0
    assert found.cuts == len(found.tiles) == found.images + repeated
    assert ledger.tallies["ATOM-1"].evaluations == found.images


def test_deeper_is_more_until_it_is_closed() -> None:
    one, _ = explored(ToySubject("compact"), depth=1, tears=(None, FEW))
    two, _ = explored(ToySubject("compact"), depth=2, tears=(None, FEW))
    closed, _ = explored(ToySubject("compact"), depth=None, tears=(None, FEW))
    assert not one.closed and closed.closed
    assert one.images < two.images <= closed.images
    assert two.images_by_depth[0] == one.images
    assert len(closed.images_by_depth) > 2


def test_tears_can_be_chosen_by_depth() -> None:
    whole, _ = explored(ToySubject("compact"), depth=2, tears=(None,))
    few, _ = explored(ToySubject("compact"), depth=2, tears=(None, ("none", "full")))
    assert few.images_by_depth[0] == whole.images_by_depth[0]
    assert few.images_by_depth[1] < whole.images_by_depth[1]


def test_two_runs_are_the_same() -> None:
    broken = ToySubject("compact", header_first=True)
    first, ledger = explored(broken, depth=2, tears=(None, FEW))
    second, again = explored(broken, depth=2, tears=(None, FEW))
    assert first == second
    assert ledger == again


def test_every_id_leads_to_its_image() -> None:
    subject = ToySubject("compact", header_first=True)
    _, ledger = explored(subject, depth=2, tears=(None, FEW))
    assert any(len(ReplayId.parse(found.id).path) == 2 for found in ledger.violations)
    for violation in ledger.violations:
        wanted = ReplayId.parse(violation.id)
        recording = subject.record()
        image, entries = recording.start, recording.entries
        for cut in wanted.path:
            image = cut_image(image, entries, cut, wanted.seed)
            entries = subject.boot(image).entries
        assert image.digest.hex().startswith(wanted.digest)


def test_the_acknowledged_image_is_judged_as_such() -> None:
    subject = ToySubject("put")
    phases: dict[Image, Phase] = {}

    def look(node: Node) -> Verdict:
        phases[node.image] = max(node.phase, phases.get(node.image, Phase.RUNNING))
        return Verdict(1)

    Explorer(subject, [Invariant("LOOK", "", look)], PLACE, Ledger()).run()
    recording = subject.record()
    end = recording.start.replay(recording.entries)
    assert phases.pop(end) is Phase.ACKNOWLEDGED
    assert phases and set(phases.values()) == {Phase.RUNNING}
