# SPDX-License-Identifier: GPL-2.0-or-later
"""The fault campaign finds what is weak, and does not take a crash for a success."""

from __future__ import annotations

import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from campaigns.faults import campaign, report
from campaigns.faults.bench import FaultBench
from campaigns.faults.campaign import Plan, Tally, Task, run_task
from campaigns.faults.patience import MARGIN, OutOfPatience
from campaigns.faults.scenarios import PIN, SCENARIOS, Gain
from campaigns.faults.station import Station, image_name, station
from campaigns.faults.striker import Ending, Fault, Outcome
from campaigns.faults.windows import Window
from sim.apdu import SW_SUCCESS, Response
from sim.device import Device
from sim.life.card import Card
from sim.tracing.python_code import PythonCode, PythonFunction
from sim.usb.transfer import UsbError
from tools.errors import ToolError
from tools.paths import PROJECT

BOARD = "pico"
KEY_STORE = "hsm/keys/key_store.py"
# MicroPython's JUMP, and what its operand counts from.
JUMP, JUMP_BASE = 0x42, 0x40
CALL_BYTES = 9
FLASH_MASK = 0xFF_FFFF


@pytest.fixture(scope="module")
def algorithm() -> FaultBench:
    return FaultBench(station(BOARD), SCENARIOS["algorithm"])


@pytest.fixture(scope="module")
def pin() -> FaultBench:
    return FaultBench(station(BOARD), SCENARIOS["pin"])


def _without_second_check(device: Device, code: PythonCode) -> None:
    # The second call of _check in open_for_use is jumped over.
    function = code.named(KEY_STORE, "KeyStore_open_for_use")
    body = device.machine.read_memory(function.code, function.end - function.code)
    at = body.index(body[:CALL_BYTES], CALL_BYTES)
    jump = bytes((JUMP, JUMP_BASE + CALL_BYTES - 2))
    device.flash.poke((function.code + at) & FLASH_MASK, jump)


def _decisions(bench: FaultBench, function: PythonFunction, line: int) -> list[Fault]:
    # What serves the `raise` of `not info.allows(algorithm)`, and the jump before it.
    run = bench.run
    return [
        Fault(index)
        for index in bench.window.indices
        if function.code <= run.positions[index] < function.end
        and function.line_at(run.positions[index]) == line
    ]


def _line_of_check(function: PythonFunction) -> int:
    source = (PROJECT / "firmware_py" / KEY_STORE).read_text().splitlines()
    lines = [line for _, line in function.lines if "info.allows(" in source[line - 1]]
    return lines[0]


def _gains(bench: FaultBench, code: PythonCode) -> int:
    check = code.named(KEY_STORE, "KeyStore__check")
    faults = _decisions(bench, check, _line_of_check(check))
    chosen = random.Random(0).sample(faults, min(len(faults), 400))
    assert len(chosen) > 100
    return sum(bench.strike(fault).outcome is Outcome.SUCCESS for fault in chosen)


def test_a_check_made_once_is_found_and_made_twice_holds(algorithm: FaultBench):
    weak = Station(BOARD, _without_second_check)
    assert _gains(FaultBench(weak, SCENARIOS["algorithm"]), weak.code) > 0
    assert _gains(algorithm, station(BOARD).code) == 0


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
    striker = pin._striker
    with monkeypatch.context() as patch:
        patch.setattr(striker, "strike", lambda _fault: silent)
        assert striker.sees(Fault(pin.window.indices[0])) == ("hang", "63CA", "63CF")


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


def test_ids_name_the_fault():
    for fault in (Fault(4711), Fault(12, 3, 31)):
        name = campaign.fault_id(Task(BOARD, "pin"), fault)
        assert campaign.parse_id(name) == (Task(BOARD, "pin"), image_name(BOARD), fault)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nonsense", "ids look like"),
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
