# SPDX-License-Identifier: GPL-2.0-or-later
"""The wear campaign's own logic, and planted defects that it must notice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from campaigns.wear import campaign, golden, hammer, levelling, lives, report
from campaigns.wear.__main__ import DOCS_PAGE
from campaigns.wear.campaign import Results
from campaigns.wear.figures import Figure, Figures
from campaigns.wear.lives import DESKTOP, LifeResult, LifeSpec
from sim.flash.endurance import BadSector

# ruff: isort: split
from hsm.store import counters
from hsm.store.log import Log

UNIT, PER_THOUSAND = "file written", "1,000 VERIFY"
KEPT = {"pico": {UNIT: Figure(0.5, 20, 1000), PER_THOUSAND: Figure(0.5, 2000, 4000)}}


def measured(unit: str = UNIT, **changed: float) -> Figures:
    """The golden figures of the board with one of them changed."""
    units = KEPT["pico"] | {unit: replace(KEPT["pico"][unit], **changed)}
    return Figures("pico", units, erasing=0)


# --- golden figures -----------------------------------------------------------------------------


def test_the_same_figures_are_as_they_were():
    assert golden.differences(KEPT, measured()) == []


@pytest.mark.parametrize(
    ("unit", "changed", "worse"),
    [
        (UNIT, {"erases": 0.7}, True),
        (UNIT, {"erases": 0.3}, False),
        (UNIT, {"page_programs": 23}, True),
        (UNIT, {"changed_bytes": 800}, False),
        (PER_THOUSAND, {"erases": 2.0}, True),
        (PER_THOUSAND, {"changed_bytes": 5000}, True),
    ],
)
def test_another_figure_is_noticed(unit, changed, worse):
    (difference,) = golden.differences(KEPT, measured(unit, **changed))
    assert difference.worse is worse
    assert str(difference).endswith("worse" if worse else "better")


@pytest.mark.parametrize(
    ("unit", "changed"),
    [(UNIT, {"erases": 0.55}), (UNIT, {"page_programs": 22}), (PER_THOUSAND, {"erases": 1.5})],
)
def test_a_figure_within_the_tolerance_passes(unit, changed):
    assert golden.differences(KEPT, measured(unit, **changed)) == []


def test_a_worse_figure_fails_and_a_better_one_asks():
    worse = Results(figures=[measured(erases=0.9)])
    (line,) = report.failures(worse, KEPT)
    assert line.endswith("nox -s wear -- --figures")
    assert report.requests(worse, KEPT) == []
    better = Results(figures=[measured(erases=0.1)])
    assert report.failures(better, KEPT) == []
    (line,) = report.requests(better, KEPT)
    assert line.endswith("nox -s wear -- --update")


def test_a_unit_that_is_new_or_gone_is_a_failure():
    for found in ({}, KEPT["pico"] | {"something else": Figure(0, 0, 0)}):
        assert report.failures(Results(figures=[Figures("pico", found, 0)]), KEPT)


def test_a_verify_that_erases_is_a_failure():
    erasing = replace(measured(), erasing=1)
    (line,) = report.failures(Results(figures=[erasing]), KEPT)
    assert "a single VERIFY erases" in line


def test_the_golden_file_is_read_as_it_was_written(tmp_path: Path):
    path = tmp_path / "golden.toml"
    golden.write([measured()], path)
    assert golden.load(path) == KEPT
    golden.write([replace(measured(erases=0.25), board="pico2")], path)
    assert golden.load(path)["pico"] == KEPT["pico"]
    assert golden.load(path)["pico2"][UNIT].erases == 0.25


def test_the_page_shows_the_golden_figures():
    kept = golden.load()
    assert set(kept) == {"pico", "pico2"}
    assert report.figures_section(kept) in DOCS_PAGE.read_text(), (
        "run `nox -s wear -- --write-docs`"
    )


# --- levelling ----------------------------------------------------------------------------------


def test_the_store_levels():
    assert levelling.live_long(20_000, 32).max_over_mean <= levelling.MAX_OVER_MEAN


def test_a_store_that_does_not_level_is_noticed():
    with levelling.without_levelling():
        long_life = levelling.live_long(4_000, 32)
    (line,) = report.failures(Results(levelling=[long_life]), KEPT)
    assert line.endswith("nox -s wear -- --levelling")


def test_levelling_is_on_again_afterwards():
    before = Log._next_free
    with pytest.raises(KeyError), levelling.without_levelling():
        assert Log._next_free is not before
        raise KeyError
    assert Log._next_free is before


# --- lives --------------------------------------------------------------------------------------


@pytest.mark.parametrize("spec", campaign.all_lives(), ids=lambda spec: spec.id)
def test_an_id_leads_back_to_its_life(spec):
    assert LifeSpec.parse(spec.id) == spec


@pytest.mark.parametrize("text", ["", "desktop", "desktop/RUST/16/1", "desktop/ERASE_ERROR/x/1"])
def test_other_ids_are_refused(text):
    with pytest.raises(ValueError, match="unknown life"):
        LifeSpec.parse(text)


def test_each_behaviour_is_lived_on_the_desktop_and_on_a_chip():
    for place in (DESKTOP, campaign.CHIP):
        lived = {spec.behaviour for spec in campaign.all_lives() if spec.place == place}
        assert lived == set(BadSector)


def short_life(monkeypatch: pytest.MonkeyPatch, behaviour: BadSector, seed: int = 3) -> LifeResult:
    """A life of few cycles."""
    monkeypatch.setattr(lives, "DESKTOP_CYCLES", 5)
    return lives.Life(LifeSpec(DESKTOP, behaviour, 16, seed)).run()


def test_the_same_life_goes_the_same_way(monkeypatch):
    first = short_life(monkeypatch, BadSector.READ_ERROR)
    assert first == short_life(monkeypatch, BadSector.READ_ERROR)
    assert first.retired and first.memory_failures and first.checks > first.commands


def test_a_store_that_does_not_read_back_is_noticed(monkeypatch):
    """Planted: the driver's read-back is off, so that failed programs pass for good ones."""
    from nor_flash import NorFlash

    program = NorFlash.program

    def trusting(self, offset, data):
        try:
            program(self, offset, data)
        except OSError:
            return

    monkeypatch.setattr(NorFlash, "program", trusting)
    # In most lives the store meets what was not written when it reads, refuses, and ends in time.
    lives_lived = (short_life(monkeypatch, BadSector.PROGRAM_IGNORED, seed) for seed in range(8))
    life = next(one for one in lives_lived if one.violation)
    (line,) = report.failures(Results(lives=[life]), KEPT)
    assert line.endswith(f"nox -s wear -- --life {life.id}")


def test_a_counter_that_gives_tries_for_nothing_is_noticed(monkeypatch):
    monkeypatch.setattr(counters, "tries_spent", lambda store, id: 0)
    assert short_life(monkeypatch, BadSector.ERASE_ERROR).violation


def test_a_life_with_twice_the_sectors_has_to_last():
    usual, twice, unlevelled = (
        LifeResult(spec.id, committed_bytes=committed)
        for spec, committed in (
            (campaign.USUAL, 100),
            (campaign.TWICE, 150),
            (campaign.NOT_LEVELLED, 99),
        )
    )
    found = report.failures(Results(lives=[usual, twice, unlevelled]), KEPT)
    assert len(found) == 2


# --- the hammer ---------------------------------------------------------------------------------


def test_a_hammered_counter_costs_next_to_nothing():
    hit = hammer.hammer(1_200)
    assert not hit.violation
    assert hit.erases <= 2


def test_a_hammered_counter_that_miscounts_is_noticed(monkeypatch):
    monkeypatch.setattr(hammer, "DUE", (0x63C8, *hammer.DUE[1:]))
    assert "63C9" in hammer.hammer(30).violation
