# SPDX-License-Identifier: GPL-2.0-or-later
"""What a verdict says that it looked at was there to be looked at."""

from __future__ import annotations

from dataclasses import replace

import pytest

from campaigns.powerloss.desktop_store import Contents, StoreSubject
from campaigns.powerloss.store_invariants import StoreInvariants
from campaigns.powerloss.store_scenarios import SCENARIOS
from sim.scenario.cut import Cut
from sim.scenario.explorer import Node
from sim.scenario.images import Image, cut_image
from sim.scenario.invariants import Verdict
from sim.scenario.subject import Boot, Phase

OBJECTS_BEFORE = 4


@pytest.fixture
def subject() -> StoreSubject:
    return StoreSubject(next(one for one in SCENARIOS if one.name == "put"))


def node_of(subject: StoreSubject, image: Image) -> Node:
    boot = subject.boot(image)
    again = subject.boot(boot.end) if boot.entries else boot
    return Node((Cut(0, "none"),), Phase.RUNNING, image, boot, again)


def seen(node: Node, boot: Boot) -> Node:
    return replace(node, boot=boot, again=boot)


def judged(subject: StoreSubject, node: Node) -> dict[str, Verdict | None]:
    invariants = StoreInvariants(subject).all()
    return {invariant.name: invariant.check(node) for invariant in invariants}


def test_a_mount_that_does_nothing_shows_nothing_of_a_second_one(subject: StoreSubject):
    assert judged(subject, node_of(subject, subject.start))["BOOT-2"] == Verdict(0)
    torn = cut_image(subject.start, subject.record().entries, Cut(0, "prefixHalf"), 0)
    node = node_of(subject, torn)
    assert judged(subject, node)["BOOT-2"] == Verdict(len(node.boot.entries))
    assert node.boot.entries


def test_of_a_store_that_does_not_mount_only_the_boot_is_judged(subject: StoreSubject):
    node = node_of(subject, subject.start)
    verdicts = judged(subject, seen(node, replace(node.boot, observation=None, failure="dead")))
    spoken = {name for name, verdict in verdicts.items() if verdict is not None}
    assert spoken == {"BOOT-1", "BOOT-2"}
    assert verdicts["BOOT-1"] is not None and verdicts["BOOT-1"].problem == "dead"


def test_contents_are_counted_as_they_were_found(subject: StoreSubject):
    node = node_of(subject, subject.start)
    assert judged(subject, node)["ATOM-1"] == Verdict(OBJECTS_BEFORE)
    assert judged(subject, node)["CAP-1"] == Verdict(OBJECTS_BEFORE)
    strange = Contents({99: b"never put"})
    state = replace(node.boot.observation, contents=strange)
    verdicts = judged(subject, seen(node, replace(node.boot, observation=state)))
    assert verdicts["ATOM-1"] is not None and verdicts["ATOM-1"].problem
    assert verdicts["CAP-1"] is None
