# SPDX-License-Identifier: GPL-2.0-or-later
"""The state machine finds what is planted; runs can be kept, repeated and refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fuzz import __main__ as fuzz_command
from fuzz.machine import campaign, command, replay
from fuzz.machine.bench import Bench
from fuzz.machine.commands import PIN
from fuzz.machine.conversation import Tally
from fuzz.machine.rules import search
from fuzz.machine.steps import Run, Step, from_file, from_json, from_name
from sim.device import Device
from sim.usb.ccid_reader import CcidReader
from tools.errors import ToolError
from tools.paths import PROJECT

RIGHT_PIN = bytes.fromhex("0020008106") + PIN
WRONG_PIN = bytes.fromhex("0020008106303030303030")
EVERY_KIND = (
    Step("apdu", WRONG_PIN),
    Step("cut", WRONG_PIN, 3, "none"),
    Step("interrupt", WRONG_PIN, 1000, "bus reset"),
    Step("frame", b"\x60" + bytes(9)),
    Step("power cycle"),
    Step("bus reset"),
    Step("card off and on"),
)


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench("pico")


def found(bench: Bench, *steps: Step) -> str:
    """What these steps find on a ready card."""
    return replay.finding(bench, Run("pico", "ready", steps))


def answers(monkeypatch: pytest.MonkeyPatch, ins: int, instead: bytes) -> None:
    """From now on the device answers commands of this INS so."""
    right = Device.transmit

    def wrong(self: Device, apdu: bytes) -> bytes:
        answer = right(self, apdu)
        return instead if apdu[1] == ins and len(apdu) > 5 else answer

    monkeypatch.setattr(Device, "transmit", wrong)


def test_nothing_is_found_where_nothing_is_wrong(bench: Bench) -> None:
    assert found(bench, Step("apdu", WRONG_PIN), *EVERY_KIND[-3:]) == ""


def test_a_wrong_status_word_is_found(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, 0x20, b"\x63\xc1")
    assert "63C1 instead of 63C2" in found(bench, Step("apdu", WRONG_PIN))


def test_wrong_data_are_found(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, 0xB1, b"publiC\x90\0")
    read = bytes.fromhex("00B1CF01045402000000")
    assert "instead of 7075626c6963" in found(bench, Step("apdu", read))


def test_a_try_that_a_power_cycle_gives_back_is_found(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted card forgets at power-on what the wrong PIN has cost."""
    layout, flash = bench.device.board.flash, bench.device.flash
    bench.conversation("ready", Tally())
    before = flash.read(layout.data_offset, layout.data_size_bytes)
    right = Device.power_on

    def forgets(self: Device) -> None:
        self.power_off()
        flash.poke(layout.data_offset, before)
        right(self)

    monkeypatch.setattr(Device, "power_on", forgets)
    steps = (Step("apdu", WRONG_PIN), Step("cut", WRONG_PIN, 1, "none"))
    assert "instead of 63C1" in found(bench, *steps)
    assert "63C3 instead of 63C2" in found(bench, steps[0], Step("power cycle"))


def test_a_secret_that_stays_behind_is_found(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted card keeps the PIN where its heap ends."""
    symbols, right = bench.device.symbols, CcidReader.finish_transmit
    assert symbols

    def keeps(self: CcidReader) -> bytes:
        answer = right(self)
        bench.device.machine.write_memory(symbols["__StackBottom"].address - 64, PIN)
        return answer

    monkeypatch.setattr(CcidReader, "finish_transmit", keeps)
    finding = found(bench, Step("apdu", RIGHT_PIN))
    assert finding.startswith("ResidueError: after command 00200081: PIN") and "GC heap" in finding
    assert "\n" not in finding


def test_the_search_finds_and_prunes(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What each step is asked after: any life of a few steps meets it."""
    answers(monkeypatch, 0x58, b"\x90\0")
    examples, run, finding = search(bench, Tally(), 1, 2, steps=6)
    assert examples and run and finding.startswith("80580000")
    assert len(run.steps) <= 1


def test_pruning_keeps_to_one_kind_of_finding(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the first step another thing would be wrong."""

    def found(_: Bench, run: Run) -> str:
        names = [step.data for step in run.steps]
        if b"A" not in names:
            return "00a40000: 6A82 instead of 9000" if b"B" in names else ""
        return f"00b0{len(names):04x}: data of 9000" if b"B" in names else ""

    monkeypatch.setattr(replay, "finding", found)
    run = Run("pico", "ready", tuple(Step("apdu", name) for name in (b"A", b"C", b"C", b"B")))
    assert [step.data for step in replay.pruned(bench, run).steps] == [b"A", b"B"]


def test_the_search_depends_on_its_seed_alone(bench: Bench) -> None:
    one, other = Tally(), Tally()
    for tally in (one, other):
        search(bench, tally, 5, 1, steps=8)
    assert one == other and one.answers


def test_regressions_stay_mended(bench: Bench) -> None:
    known = campaign.regressions()
    assert known
    for run in known:
        if run.board == "pico":
            assert replay.finding(bench, run) == ""


# --- Runs as text ---------------------------------------------------------------------------------


def test_a_run_comes_back_from_its_id_and_its_file(tmp_path: Path) -> None:
    run = Run("pico2", "ready", EVERY_KIND)
    assert from_name(run.name) == run
    path = tmp_path / "run.json"
    path.write_text(run.to_json("why"))
    assert from_file(path) == run


def test_what_is_no_run_is_refused_in_one_line(tmp_path: Path) -> None:
    good = json.loads(Run("pico", "ready", EVERY_KIND).to_json())
    wrong = [
        {"format": "another"},
        {"board": "nano"},
        {"start": "lost"},
        {"steps": 1},
        {"steps": [["dance"]]},
        {"steps": [["apdu"]]},
        {"steps": [["apdu", "xyz"]]},
        {"steps": [["cut", "00", -1, "none"]]},
        {"steps": [["cut", "00", 1, "half"]]},
    ]
    for change in wrong:
        with pytest.raises(ValueError, match="^[^\n]+$"):
            from_json(json.dumps({**good, **change}))
    for name in ("fm1:", "fm1:@@@", "fm1:AAAA", Run("pico", "ready", ()).name[:-4]):
        with pytest.raises(ToolError, match="^unknown run"):
            command.parse(name)
    with pytest.raises(ToolError, match="it is no file, and ids begin with fm1:"):
        command.parse(str(tmp_path / "absent"))


def test_a_missing_engine_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("fuzz.machine")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    with pytest.raises(ToolError, match="model needs hypothesis: make setup installs it") as caught:
        fuzz_command.run("model", [])
    assert caught.value.status == 2


@pytest.mark.parametrize(
    "options",
    [
        ["model", "--replay", "fm1:garbled"],
        ["model", "--replay", "no-such-file"],
        ["model", "--replay", ""],
        ["model", "--save", "life.json"],
        ["coverage", "--replay", ""],
        ["model", "--examples", "0"],
        ["dance"],
        ["--seed", "1"],
    ],
)
def test_the_command_refuses_in_one_line(options: list[str]) -> None:
    line = [sys.executable, "-m", "fuzz", *options]
    result = subprocess.run(line, cwd=PROJECT, text=True, capture_output=True)
    assert result.returncode == 2
    assert result.stderr.startswith("error: ") and result.stderr.count("\n") == 1


def test_a_regression_of_another_format_ends_the_campaign(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "old.json").write_text('{"format": "pico-hsm fuzz model 0"}')
    monkeypatch.setattr(campaign, "REGRESSIONS", tmp_path)
    with pytest.raises(ToolError, match=r"^old.json .* is no regression: its format"):
        campaign.regressions()


def test_a_replay_tells_its_steps(
    bench: Bench,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(campaign, "_bench", lambda board: bench)
    run, kept = Run("pico", "ready", (Step("apdu", WRONG_PIN),)), tmp_path / "life.json"
    assert command.main(["--replay", run.name, "--save", str(kept)]) == 0
    assert "0020008106303030303030" in capsys.readouterr().out
    assert from_file(kept) == run
