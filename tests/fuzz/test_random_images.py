# SPDX-License-Identifier: GPL-2.0-or-later
"""Images at boot: the session notices what is wrong, and the command tells it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fuzz import campaign, random_images, report, session
from fuzz.campaign import Bench, Case, Result
from fuzz.families import FAMILIES
from fuzz.lived_in import Truth
from fuzz.random_images import IMAGES
from fuzz.session import Observation, Session
from sim.flash import SECTOR_BYTES

BOARD = "pico2"


@pytest.fixture(scope="module")
def bench() -> Bench:
    return campaign.bench(BOARD)


def case(family: str, index: int = 1) -> Case:
    return Case(BOARD, family, 0, index)


# --- The session ----------------------------------------------------------------------------------


def test_an_untouched_card_signs_and_reads(bench: Bench) -> None:
    seen = bench.try_out(case("untouched")).seen
    assert (seen.state, seen.finding) == ("ready", "")
    assert seen.signatures == 2 and seen.files >= 7


def test_the_same_image_twice_is_the_same_session(bench: Bench) -> None:
    assert bench.try_out(case("fields", 3)) == bench.try_out(case("fields", 3))


def test_another_device_s_flash_is_refused_and_can_be_initialised(bench: Bench) -> None:
    seen = bench.try_out(case("foreign", 0)).seen
    assert (seen.state, seen.finding, seen.initialised) == ("damaged", "", True)


def test_a_key_that_was_never_there_is_a_finding(bench: Bench) -> None:
    known = dict(bench.lived.truth.keys)
    strange = Truth({1: known[2], 2: known[1]}, bench.lived.truth.files)
    region = bench.region(case("untouched"))
    seen = Session(bench.device, bench.unpowered, strange).hold(region, initialise=False)
    assert seen.finding == "key 1 signs and is none that was ever there"


def test_contents_that_were_never_there_are_a_finding(bench: Bench) -> None:
    strange = Truth(bench.lived.truth.keys, {})
    region = bench.region(case("untouched"))
    seen = Session(bench.device, bench.unpowered, strange).hold(region, initialise=False)
    assert "reads what it never held" in seen.finding


def test_a_login_to_nothing_is_a_finding(bench: Bench) -> None:
    region = bench.region(case("untouched"))
    seen = Session(bench.device, bench.unpowered, Truth()).hold(region, initialise=False)
    assert seen.finding == "VERIFY succeeded on a card that never was"


def test_a_slow_boot_is_a_finding(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "BOOT_INSTRUCTIONS_MAX", 1_000_000)
    assert "instructions" in bench.try_out(case("ones")).seen.finding


def test_an_undocumented_status_word_is_a_finding(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "DOCUMENTED", session.DOCUMENTED - {0x6581})
    assert bench.try_out(case("foreign")).seen.finding == "LIST says 6581"


def test_a_write_to_a_refused_store_is_a_finding(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = Session._talk

    def writes(self: Session) -> None:
        talk(self)
        bench.device.flash.erase(bench.device.board.flash.data_offset)

    monkeypatch.setattr(Session, "_talk", writes)
    seen = bench.try_out(case("foreign")).seen
    assert seen.finding == "1 flash operations on a store that it refused"


def test_an_operation_outside_the_region_is_a_finding(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    boot = Session._boot

    def strays(self: Session) -> None:
        boot(self)
        bench.device.flash.erase(bench.device.board.flash.data_offset - SECTOR_BYTES)

    monkeypatch.setattr(Session, "_boot", strays)
    seen = bench.try_out(case("ones")).seen
    assert seen.finding == "a flash operation outside the data region"


def test_a_dead_device_is_a_finding(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    # The vector table is gone: the boot ROM waits for an image.
    flash = bench.device.flash
    poke = flash.poke

    def also_the_image(offset: int, data: bytes) -> None:
        poke(offset, data)
        if offset == bench.device.board.flash.data_offset:
            poke(0, bytes(SECTOR_BYTES))

    monkeypatch.setattr(flash, "poke", also_the_image)
    assert bench.try_out(case("ones")).seen.finding


# --- The campaign ---------------------------------------------------------------------------------


def test_a_name_is_the_whole_case() -> None:
    one = Case("pico", "few_bits", 3, 17)
    assert Case.parse(one.name) == one
    for wrong in (
        "",
        "fi/pico/few_bits/3",
        "fi/nano/few_bits/3/1",
        "fi/pico/bits/3/1",
        "fi/a/b/c/d",
    ):
        with pytest.raises(ValueError, match="ids look like|no board|no family"):
            Case.parse(wrong)


def test_boards_and_families_take_turns() -> None:
    source = campaign.cases(["pico", "pico2"], 5)
    first = [next(source) for _ in range(IMAGES)]
    for board in ("pico", "pico2"):
        of_it = [one for one in first if one.board == board]
        assert len(of_it) == len(first) // 2
        assert {one.family for one in of_it} == set(FAMILIES)
        assert {one.family for one in of_it if one.initialise} == set(FAMILIES)
    assert len({one.name for one in first}) == len(first)


def test_findings_are_lines_to_repeat() -> None:
    seen = Observation("ready", finding="something is wrong")
    lines = report.findings([Result(Case("pico", "noise", 2, 9), seen)])
    assert lines == [
        "fi/pico/noise/2/9: something is wrong; "
        "to repeat it: nox -s fuzz -- images --replay fi/pico/noise/2/9"
    ]


def test_a_campaign_without_a_card_at_work_fails() -> None:
    idle = Result(Case("pico", "untouched", 0, 0), Observation("damaged"))
    assert "neither signed nor read" in report.findings([idle])[0]
    many = [Result(Case("pico", "noise", 0, number), Observation("blank")) for number in range(99)]
    assert "no card was left untouched" in report.findings(many)[0]


def test_the_command_runs_and_reports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "figures" / "out.json"
    images = 2 * len(FAMILIES)
    options = ["--images", str(images), "--seed", "1", "--json", str(path)]
    assert random_images.main(options) == 0
    output = capsys.readouterr().out
    assert f"{images} images, 0 findings" in output
    data = json.loads(path.read_text())
    assert data["images"] == images and data["findings"] == []
    assert set(data["boot_instructions_max"]) == {"pico", "pico2"}
    assert data["families"]["untouched"]["signatures"] == 4


def test_a_replay_tells_one_image(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "region"
    options = ["--replay", "fi/pico/zeros/0/1", "--save", str(path)]
    assert random_images.main(options) == 0
    assert "blank" in capsys.readouterr().out
    assert set(path.read_bytes()) == {0}
