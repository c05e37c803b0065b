# SPDX-License-Identifier: GPL-2.0-or-later
"""What is judged of a card is noticed when it is wrong."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from campaigns.powerloss import service_scenarios
from campaigns.powerloss.card_invariants import CardInvariants
from campaigns.powerloss.card_subject import CardSubject
from campaigns.powerloss.desktop_bench import DesktopBench
from campaigns.powerloss.host_view import HostView
from sim.scenario.cut import Cut
from sim.scenario.explorer import Node
from sim.scenario.invariants import Verdict
from sim.scenario.subject import Phase

REFUSED = b"\x69\x82"
USER_QUESTIONS = ("use of key CC01", "use of key CC02", "seed 0", "file CD01")
DOMAIN = f"domain {service_scenarios.DOMAIN_COMPLETE}"


@cache
def subject(name: str) -> CardSubject:
    scenario = next(one for one in service_scenarios.SCENARIOS if one.name == name)
    return CardSubject(DesktopBench(0), scenario)


def judged(name: str, **answers: bytes) -> dict[str, Verdict | None]:
    """The verdicts on a card as before the command, but for these answers."""
    one = subject(name)
    view = replace(one.before, answers=one.before.answers | answers)
    return verdicts(one, view)


def verdicts(one: CardSubject, view: HostView) -> dict[str, Verdict | None]:
    boot = replace(one.boot(one.recording.start), observation=view)
    node = Node((Cut(0, "none"),), Phase.RUNNING, one.recording.start, boot, boot)
    return {invariant.name: invariant.check(node) for invariant in CardInvariants(one).all()}


def problem(verdict: Verdict | None) -> str:
    assert verdict is not None
    return verdict.problem


@pytest.mark.parametrize("name", ["lock_enable", "lock_disable"])
def test_a_card_as_before_breaks_nothing(name: str):
    assert [name for name, found in judged(name).items() if found and found.problem] == []


@pytest.mark.parametrize("question", USER_QUESTIONS)
def test_what_stays_shut_under_the_lock(question: str):
    assert problem(judged("lock_enable", **{question: REFUSED})["LOCK-1"]).endswith(question)


def test_without_a_lock_nothing_is_said_of_it():
    assert judged("unwrap_ec")["LOCK-1"] is None


def test_half_of_an_unwrapped_key():
    after = subject("unwrap_ec").after.answers
    half = {"key CC05": after["key CC05"]}
    assert problem(judged("unwrap_ec", **half)["ATOM-1"])


def test_a_use_that_comes_back():
    before = subject("cipher_counted").before
    control = before.answers["key CC02"]
    more = control.replace(b"\x90\x04\0\0\x03\x84", b"\x90\x04\0\0\x03\x85")
    assert more != control
    assert problem(judged("cipher_counted", **{"key CC02": more})["CTR-1"])


@pytest.mark.parametrize("status", ["020000000000000000009000", "000000000000000000009000"])
def test_a_domain_with_the_wrong_key(status: str):
    found = judged("domain_clear_complete", **{DOMAIN: bytes.fromhex(status)})
    assert bool(problem(found["DOM-1"])) == status.startswith("02")
    assert problem(found["ATOM-1"])


def test_capacity_between_two_that_a_host_cannot_tell_apart():
    one = subject("domain_protect")
    assert one.restored == one.after and one.restored is not None
    low, high = sorted((one.restored.free_bytes, one.after.free_bytes))
    assert low < high
    for free_bytes, good in ((low, True), (high, True), (low - 8, False), (high + 8, False)):
        found = verdicts(one, replace(one.after, free_bytes=free_bytes))
        assert (problem(found["CAP-1"]) == "") == good
