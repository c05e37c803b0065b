# SPDX-License-Identifier: GPL-2.0-or-later
"""The fault campaign finds what is weak, and does not take a crash for a success."""

from __future__ import annotations

import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from campaigns.faults import __main__ as command_line
from campaigns.faults import campaign, report
from campaigns.faults.bench import FaultBench
from campaigns.faults.campaign import Plan, Tally, Task, run_task
from campaigns.faults.patience import MARGIN, OutOfPatience
from campaigns.faults.scenarios import PIN, SCENARIOS, SHARES, Gain
from campaigns.faults.station import image_name, station
from campaigns.faults.striker import Ending, Fault, Outcome
from campaigns.faults.windows import Window
from sim.apdu import SW_SUCCESS, Response
from sim.life.card import Card
from sim.usb.transfer import UsbError
from tools.errors import ToolError
from tools.paths import PROJECT

# ruff: isort: split
import key_blob
from key_blob import KeyBlob

BOARD = "pico"
# For a command that should end at once.
PATIENCE_S = 120


@pytest.fixture(scope="module")
def algorithm() -> FaultBench:
    return FaultBench(station(BOARD), SCENARIOS["algorithm"])


@pytest.fixture(scope="module")
def pin() -> FaultBench:
    return FaultBench(station(BOARD), SCENARIOS["pin"])


def test_the_window_holds_the_comparison_and_no_primitive(pin: FaultBench):
    symbols = pin.device.symbols
    assert symbols is not None
    functions = {
        found.name
        for index in pin.window.indices
        if (found := symbols.function_at(pin.run.addresses[index])) is not None
    }
    assert {"mp_execute_bytecode", "crypto_equal"} <= functions
    assert not [name for name in functions if name.startswith(("wc_Sha256", "AesEncrypt_C"))]
    assert pin.window.inside_primitives > 0


def test_a_run_that_nothing_struck_is_recognised(algorithm: FaultBench):
    way = algorithm.way
    index = algorithm.run.stop_before(algorithm.window.indices[100])
    way.go_to(index)
    assert way.comes_back(index)
    way.go_to(index)
    machine = algorithm.device.machine
    heap = machine.symbols["__bss_end__"].address if machine.symbols else 0
    byte = machine.read_memory(heap, 1)[0]
    machine.write_memory(heap, bytes((byte ^ 1,)))
    assert not way.comes_back(index)


def test_a_silence_is_a_success_only_if_the_right_secret_breaks_it(
    pin: FaultBench, monkeypatch: pytest.MonkeyPatch
):
    places = pin.window.one_of_each(random.Random(0))
    results = (pin.strike(Fault(index)) for index in places[::40])
    result = next(result for result in results if "whatever the secret" in result.detail)
    assert result.outcome is not Outcome.SUCCESS
    with monkeypatch.context() as patch:
        patch.setattr(pin._with_right_secret, "sees", lambda _fault: ("9000",))
        assert pin.strike(result.fault).outcome is Outcome.SUCCESS


def test_a_silent_device_is_asked_at_its_next_start(
    pin: FaultBench, monkeypatch: pytest.MonkeyPatch
):
    silent = Ending(Outcome.HANG, "")
    striker, fault = pin._striker, Fault(pin.window.indices[0])
    power_on, starts = pin.device.power_on, []
    pin.way.go_to(fault.index)
    with monkeypatch.context() as patch:
        patch.setattr(striker, "strike", lambda _fault: silent)
        patch.setattr(striker, "_states_after", {})
        patch.setattr(pin.device, "power_on", lambda: (starts.append(1), power_on()))
        assert striker.sees(fault) == ("hang", "63CA", "63CF")
        # From the same contents of the flash it starts the same way.
        assert striker.sees(fault) == ("hang", "63CA", "63CF")
        assert len(starts) == 1
        patch.setattr(pin.way, "contents_number", lambda _contents: None)
        assert striker.sees(fault) == striker.sees(fault) == ("hang", "63CA", "63CF")
        assert len(starts) == 3


def test_a_session_that_the_same_answer_hides_tells_the_secret(
    pin: FaultBench, monkeypatch: pytest.MonkeyPatch
):
    # With the right PIN the answer is the same, but the user is logged in.
    places = pin.window.one_of_each(random.Random(0))
    results = (pin.strike(Fault(index)) for index in places[::20])
    result = next(
        result
        for result in results
        if result.outcome is Outcome.OTHER and "whatever the secret" in result.detail
    )
    right = pin._with_right_secret
    strike = right.strike

    def strike_and_log_in(fault: Fault) -> Ending:
        ending = strike(fault)
        Card(right.device.transmit).verify(PIN)
        return ending

    with monkeypatch.context() as patch:
        patch.setattr(right, "strike", strike_and_log_in)
        assert pin.strike(result.fault).outcome is Outcome.SUCCESS


def _answered(bench: FaultBench) -> Fault:
    # A fault that changes the run, and is answered all the same.
    return next(
        fault
        for fault in map(Fault, bench.window.indices[::1000])
        if not bench._striker.strike(fault).came_back
        and bench.strike(fault).outcome is Outcome.OTHER
    )


def test_a_device_that_asks_for_time_for_ever_is_given_up(
    algorithm: FaultBench, monkeypatch: pytest.MonkeyPatch
):
    # Time extensions begin the wait for an answer anew: no wait of the reader's ends by itself.
    def waits_for_ever(card: Card, response: Response) -> None:
        while True:
            algorithm.device.run_for_ms(10)

    fault = _answered(algorithm)
    with monkeypatch.context() as patch:
        patch.setattr(algorithm, "scenario", replace(algorithm.scenario, gain=waits_for_ever))
        result = algorithm.strike(fault)
    assert result.outcome is Outcome.CRASH
    assert "no answer" in result.detail


def test_a_device_lost_after_its_answer_is_looked_at_once_more(
    algorithm: FaultBench, monkeypatch: pytest.MonkeyPatch
):
    boots = []

    def lost_at_first(card: Card, response: Response) -> Gain | None:
        boots.append(algorithm.device.machine.boot_count)
        if len(boots) == 1:
            raise UsbError("lost")
        return Gain("found in the flash")

    fault = _answered(algorithm)
    with monkeypatch.context() as patch:
        patch.setattr(algorithm, "scenario", replace(algorithm.scenario, gain=lost_at_first))
        result = algorithm.strike(fault)
    assert (result.outcome, result.detail) == (Outcome.SUCCESS, "found in the flash")
    assert boots[1] != boots[0]


def _granted_answers(bench: FaultBench) -> list[Response]:
    # Of the granted command, waited for from its beginning, and from three places on its way.
    answers = []
    for quarter in range(4):
        device = bench._station.struck.begin(bench.scenario.granted, logged_in=True)
        device.machine.run(bench.patience_ticks // MARGIN * quarter // 4)
        answers.append(bench._striker.run_on())
    return answers


@pytest.mark.parametrize(
    ("board", "name"),
    [*((BOARD, name) for name in SCENARIOS), ("pico2", "access"), ("pico2", "code")],
)
def test_a_granted_command_is_no_hang(board: str, name: str):
    bench = FaultBench(station(board), SCENARIOS[name])
    answers = _granted_answers(bench)
    assert [answer.sw for answer in answers] == [SW_SUCCESS] * 4
    assert all(bool(answer.data) == (name not in ("pin", "code")) for answer in answers)


def test_a_loop_without_an_end_is_a_hang(algorithm: FaultBench):
    device = algorithm.device
    algorithm.way.go_to(algorithm.window.indices[0])
    # B to itself, from where the run is.
    at = device.machine.core.read("pc")
    device.machine.map.poke(at, b"\xfe\xe7")
    with pytest.raises(OutOfPatience):
        algorithm._striker.run_on()


@pytest.mark.parametrize(
    ("name", "gain"),
    [
        ("pin", "it tells at no cost whether the secret is right"),
        ("count", "a use was not counted"),
    ],
)
def test_an_answer_that_left_nothing_in_the_flash_came_at_no_cost(
    name: str, gain: str, monkeypatch: pytest.MonkeyPatch
):
    # Whatever the card says of itself as long as it has power.
    bench = FaultBench(station(BOARD), SCENARIOS[name])
    for index, expected in ((0, Outcome.SUCCESS), (-1, Outcome.OTHER)):
        fault = Fault(bench.window.indices[index])
        with monkeypatch.context() as patch:
            patch.setattr(bench, "scenario", replace(bench.scenario, gain=lambda *_: None))
            patch.setattr(bench, "_with_right_secret", _Seen("9000"))
            patch.setattr(bench, "_striker", _Answering(bench, Response(b"data", 0x6F00)))
            result = bench.strike(fault)
        assert result.outcome is expected
        assert (result.detail == gain) == (expected is Outcome.SUCCESS)


class _Seen:
    def __init__(self, seen: str) -> None:
        self._seen = (seen,)

    def sees(self, fault: Fault) -> tuple[str, ...]:
        del fault
        return self._seen


class _Answering(_Seen):
    # With a fault that does nothing but answer, wherever it strikes.
    def __init__(self, bench: FaultBench, response: Response) -> None:
        super().__init__(f"{response.sw:04X}")
        self._bench = bench
        self._response = response

    def strike(self, fault: Fault) -> Ending:
        self._bench.way.go_to(self._bench.run.stop_before(fault.index))
        return Ending(Outcome.OTHER, self._seen[0], self._response)


def test_a_blob_must_open_with_the_key_of_its_domain():
    gain = SCENARIOS["domain"].gain
    blobs = [KeyBlob(key_blob.AES, 32, [bytes(32)]).encode(dkek) for dkek in SHARES]
    # The check value of the right key before what the wrong one encrypted.
    mixed = blobs[1][:8] + blobs[0][8:]
    card = Card(lambda _: b"\x6d\x00")
    found = [gain(card, Response(data, SW_SUCCESS)) for data in (blobs[0], mixed)]
    assert all(what and "another domain" in what.what for what in found)
    for data in (blobs[1], b""):
        assert gain(card, Response(data, SW_SUCCESS)) is None


@pytest.mark.parametrize(
    ("file", "function", "words"),
    [
        ("hsm/commands/sign.py", "nowhere", "the image has no nowhere of hsm/commands/sign.py"),
        ("hsm/commands/verify.py", "reset_retry_counter", "reset_retry_counter was not reached"),
    ],
)
def test_a_window_that_is_not_there_is_told_in_one_line(
    file: str, function: str, words: str, monkeypatch: pytest.MonkeyPatch
):
    gone = replace(SCENARIOS["access"], file=file, function=function)
    monkeypatch.setitem(SCENARIOS, "access", gone)
    task = Task(BOARD, "access")
    assert words in run_task(task, Plan()).error
    monkeypatch.setattr(sys, "argv", ["faults", "--replay", campaign.fault_id(task, Fault(1))])
    with pytest.raises(ToolError, match=words) as told:
        command_line.main()
    assert told.value.status == 2
    assert len(str(told.value).splitlines()) == 1


def test_one_of_each_kind_is_struck():
    window = Window((1, 2, 3, 4), ((8, 0, 1), (8, 0, 2), (8, 9, 1), (8, 0, 1)), 0)
    by_caller = window.one_of_each(random.Random(0))
    assert len(by_caller) == 2
    assert 3 in by_caller
    assert len(window.one_of_each(random.Random(0), by_python=True)) == 3
    others = {tuple(window.one_of_each(random.Random(seed))) for seed in range(20)}
    assert others == {(1, 3), (2, 3), (3, 4)}


def test_a_plan_is_the_same_for_the_same_seed(algorithm: FaultBench):
    plan = Plan(share=4, flips=5)
    faults = plan.faults(algorithm, "a")
    assert (
        faults
        == plan.faults(algorithm, "a")
        != Plan(share=4, flips=5, seed=1).faults(algorithm, "a")
    )
    kinds = {kind[:2] for kind in algorithm.window.kinds}
    assert len(faults) == -(-len(kinds) // 4) + 5
    assert len(Plan().faults(algorithm, "a")) == len(kinds)


def test_a_brief_run_takes_all_kinds_of_cheap_windows_and_some_of_others(
    algorithm: FaultBench, monkeypatch: pytest.MonkeyPatch
):
    kinds = len({kind[:2] for kind in algorithm.window.kinds})
    assert len(Plan(share=None).faults(algorithm, "a")) == kinds
    dear = replace(algorithm.scenario, brief_share=SCENARIOS["code"].brief_share)
    monkeypatch.setattr(algorithm, "scenario", dear)
    assert len(Plan(share=None).faults(algorithm, "a")) == -(-kinds // 12)


def test_what_a_chip_model_cannot_go_on_with_fails_the_run(monkeypatch: pytest.MonkeyPatch):
    def give_up(*_: object) -> None:
        raise ZeroDivisionError("no such thing")

    monkeypatch.setattr(FaultBench, "strike", give_up)
    tally = run_task(Task(BOARD, "access"), Plan())
    assert "ZeroDivisionError: no such thing; to repeat it: --replay ft/" in tally.error
    assert report.failures([tally]) == [tally.error]


@pytest.mark.parametrize(("skips", "status"), [({}, 2), ({"success": 1}, 1)])
def test_what_could_not_be_tried_is_no_failure(
    skips: dict[str, int], status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    tally = _tally("pin", skips, {})
    tally.error = "pico/pin: no such window"
    monkeypatch.setattr(campaign, "run", lambda *_: [tally])
    arguments = ["--board", BOARD, "--json", str(tmp_path / "report.json")]
    monkeypatch.setattr(sys, "argv", ["faults", *arguments])
    assert command_line.main() == status


def _tally(scenario: str, skips: dict[str, int], flips: dict[str, int]) -> Tally:
    tally = Tally(Task(BOARD, scenario), 1200, 400, 30, "one+0x2 for a.py:1 f", "two+0x4")
    tally.skips.update(skips)
    tally.flips.update(flips)
    return tally


def test_figures_of_windows_gather_and_are_shown(tmp_path: Path):
    path = tmp_path / "faults" / "report.json"
    report.write(path, [_tally("pin", {"crash": 5}, {}), _tally("code", {}, {"reset": 1})])
    report.write(path, [_tally("pin", {"unchanged": 70, "success": 30}, {"hang": 2})])
    lines = report.section(report.read(path)).splitlines()
    assert f"| {BOARD}/pin | `one+0x2` | `two+0x4` | 1,200 | 30 | 400 |" in lines
    assert f"| {BOARD}/pin | 100 | 25% | 70 | 0 | 0 | 0 | 0 | 30 |" in lines
    assert f"| {BOARD}/pin | 2 | - | 0 | 0 | 0 | 0 | 2 | 0 |" in lines
    assert f"| {BOARD}/code | 1 | - | 0 | 0 | 0 | 1 | 0 | 0 |" in lines


def test_figures_of_another_image_are_left_out(tmp_path: Path):
    path = tmp_path / "report.json"
    report.write(path, [_tally("pin", {"crash": 5}, {})])
    path.write_text(path.read_text().replace(image_name(BOARD), "00000000"))
    assert report.read(path) == {}


@pytest.mark.parametrize("text", ["{", "[]", '{"elsewhere": 1}', '{"pico/pin": {}}'])
def test_a_file_that_holds_no_figures_is_told_in_one_line(tmp_path: Path, text: str):
    path = tmp_path / "report.json"
    path.write_text(text)
    with pytest.raises(ToolError, match="no figures of faults") as told:
        report.read(path)
    assert len(str(told.value).splitlines()) == 1


def test_figures_that_cannot_be_added_to_are_told_before_the_work(tmp_path: Path):
    path = tmp_path / "report.json"
    path.write_text("{")
    command = [sys.executable, "-m", "campaigns.faults", "--json", str(path)]
    done = subprocess.run(command, cwd=PROJECT, text=True, capture_output=True, timeout=PATIENCE_S)
    assert done.returncode == 2
    assert "no figures of faults" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_ids_name_the_fault():
    for fault in (Fault(4711), Fault(12, 3, 31)):
        name = campaign.fault_id(Task(BOARD, "pin"), fault)
        assert campaign.parse_id(name) == (Task(BOARD, "pin"), image_name(BOARD), fault)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nonsense", "ids look like"),
        ("", "ids look like"),
        (f"ft/{BOARD}/00000000/pin/1/skip", "belongs to the image 00000000"),
        ("ft/pico9/00000000/pin/1/skip", "no board is called pico9"),
        (f"ft/{BOARD}/00000000/nowhere/1/skip", "no window is called nowhere"),
        (f"ft/{BOARD}/00000000/pin/1/r13.0", "r0 to r12"),
    ],
)
def test_an_id_that_cannot_be_replayed_is_told_in_one_line(name: str, words: str):
    command = [sys.executable, "-m", "campaigns.faults", "--replay", name]
    told = subprocess.run(command, cwd=PROJECT, text=True, capture_output=True)
    assert told.returncode == 2
    assert told.stdout == ""
    assert words in told.stderr
    assert len(told.stderr.splitlines()) == 1
