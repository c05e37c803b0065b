# SPDX-License-Identifier: GPL-2.0-or-later
"""Fuzzing guided by coverage: planted faults are found, a run can be repeated."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from fuzz import __main__ as fuzz_command
from fuzz.coverage import campaign, cards, command, corpus, findings, measure, picture, targets
from fuzz.coverage.bench import Bench
from fuzz.coverage.campaign import Worker
from fuzz.coverage.engine import Engine, shorten
from fuzz.coverage.findings import KINDS, RESIDUE, Finding
from fuzz.coverage.inputs import Input, UnknownInputError, parse_replay_id, replay_id
from fuzz.coverage.mutation import Mutator
from fuzz.coverage.targets import ApduTarget, CcidTarget, Run
from sim.device import DeviceSnapshot
from sim.life.card import RESCUE_AID
from sim.native.edge_map import EdgeMap
from sim.peripherals.usb import Handshake, UsbControllerMisuse
from tests.sim.bare_metal import assemble
from tools.errors import ToolError, exit_with
from tools.product import image_of

BOARD = "pico2"
CHALLENGE = bytes.fromhex("0084000008")
QUIET = bytes.fromhex("00200081")
SELECT_RESCUE = bytes.fromhex("00A4040008") + RESCUE_AID
SEEDS = 12


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench(BOARD)


@pytest.fixture(scope="module")
def apdu(bench: Bench) -> ApduTarget:
    return ApduTarget(bench)


@pytest.fixture(scope="module")
def ccid(bench: Bench) -> CcidTarget:
    return CcidTarget(bench)


# --- Planted faults -------------------------------------------------------------------------------

Plant = Callable[[str], None]
WATCHDOG_CONTROL = 0x400D_8000
# random_into(buffer) that fills the buffer with the PIN.
TELL_THE_PIN = """
push {{r4, lr}}
sub sp, #16
mov r1, r0
mov r0, sp
movs r2, #0
ldr r3, =0x{write:x}
blx r3
ldr r0, [sp]
ldr r1, =0x{pin_begin:x}
str r1, [r0]
ldr r1, =0x{pin_end:x}
str r1, [r0, #4]
movs r0, #1
add sp, #16
pop {{r4, pc}}
"""


@pytest.fixture
def plant(bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Plant:
    """Put a program in the place of what GET CHALLENGE gets its bytes from; `ready` has it."""

    def put(source: str) -> None:
        monkeypatch.setitem(bench.starts, "ready", planted(bench, source, tmp_path))

    return put


def planted(bench: Bench, source: str, folder: Path) -> DeviceSnapshot:
    """The start `ready` with that program."""
    device = bench.device
    assert device.symbols is not None
    entry = device.symbols["random_into"].address
    layout = device.board.flash
    # Free flash, the last sector before the data: what is called there stands at 4n.
    offset = layout.data_offset - 4096
    program = assemble(f"_start:\n{source}\n", device.board.chip, folder)
    target = (0x1000_0000 + offset) | 1
    jump = f"_start:\nldr r3, =0x{target:x}\nbx r3\n"
    code = assemble(jump, device.board.chip, folder)
    if entry % 4:
        code = b"\x00\xbf" + code
    device.restore(bench.starts["ready"])
    device.flash.poke(offset, program)
    device.flash.poke(entry - 0x1000_0000, code)
    return device.snapshot()


def jump_to(bench: Bench, function: str) -> str:
    assert bench.device.symbols is not None
    return f"ldr r3, =0x{bench.device.symbols[function].address | 1:x}\nbx r3"


def telling(bench: Bench) -> str:
    assert bench.device.symbols is not None
    pin = cards.PIN.ljust(8, b"\0")
    words = [int.from_bytes(pin[at : at + 4], "little") for at in (0, 4)]
    write = bench.device.symbols["hsm_crypto_write"].address | 1
    return TELL_THE_PIN.format(write=write, pin_begin=words[0], pin_end=words[1])


PLANTED: dict[str, tuple[str, Callable[[Bench], str]]] = {
    "undefined instruction": ("fault", lambda bench: "udf #0"),
    "nothing is there": ("unmodelled", lambda bench: "ldr r0, =0x5f000000\nldr r0, [r0]"),
    "endless loop": ("hang", lambda bench: "loop: b loop"),
    "watchdog": (
        "reset",
        lambda bench: (
            f"ldr r0, =0x{WATCHDOG_CONTROL:x}\nmovs r1, #1\nlsls r1, #31\n"
            "str r1, [r0]\nloop: b loop"
        ),
    ),
    "heap": ("exhausted", lambda bench: jump_to(bench, "m_malloc_fail")),
    "recursion": ("exhausted", lambda bench: jump_to(bench, "mp_raise_recursion_depth")),
    "unforeseen error": ("6F00", lambda bench: jump_to(bench, "mp_raise_TypeError_no_msg")),
    "the PIN": ("leak", telling),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_found(name: str, bench: Bench, apdu: ApduTarget, plant: Plant) -> None:
    kind, source = PLANTED[name]
    good = Input("ready", (CHALLENGE,))
    assert apdu.run(good).finding is None
    plant(source(bench))
    run = apdu.run(good)
    assert run.finding is not None and run.finding.kind == kind, run
    assert apdu.run(Input("ready", (QUIET,))).finding is None


def test_every_kind_of_finding_is_planted_somewhere() -> None:
    others = {"link", "stopped", RESIDUE}
    assert {kind for kind, _ in PLANTED.values()} | others == set(KINDS)


def test_what_was_kept_is_searched_for_secrets_left_in_memory(tmp_path: Path) -> None:
    worker = Worker(BOARD, 0, 0)
    random = Random(0)
    engine = Engine(ApduTarget(worker.bench), Mutator(random, "apdu"), random)
    # What a host sends where no secret belongs may stay in memory.
    cipher = bytes.fromhex("8078035120") + cards.SHARE
    engine.add_all([Input("ready", (QUIET, CHALLENGE)), Input("ready", (cipher,))])
    worker.engines["apdu"] = engine
    worker.search_memory()
    assert len(engine.corpus) == 2 and not engine.findings
    watched = worker.watched_bench()
    watched.starts["ready"] = planted(watched, telling(watched), tmp_path)
    found = worker.outcome().found
    assert [(one.finding.kind, one.input.messages) for one in found] == [(RESIDUE, (CHALLENGE,))]


def test_the_engine_finds_a_planted_fault_and_makes_it_short(
    bench: Bench, apdu: ApduTarget, plant: Plant
) -> None:
    plant(PLANTED["unforeseen error"][1](bench))
    random = Random(3)
    engine = Engine(apdu, Mutator(random, "apdu"), random)
    # Without Ne it is refused before the fault, and is news to a bench that ran the tests above.
    engine.add_all([Input("ready", (CHALLENGE[:4],))])
    assert engine.corpus and not engine.findings
    while not engine.findings:
        engine.step()
        assert engine.tally.executions < 2000
    (finding, one), *_ = engine.findings.values()
    short = shorten(one, lambda candidate: apdu.run(candidate).finding == finding)
    assert (finding.kind, len(short.messages)) == ("6F00", 1)
    assert short.messages[0][1] == 0x84 and len(short.messages[0]) <= 7


def test_a_reader_that_does_not_come_back_is_found(
    ccid: CcidTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Input("locked", (bytes.fromhex("65000000000007000000"),))
    assert ccid.run(one).finding is None
    # What the host sends never arrives.
    monkeypatch.setattr(ccid.device.host.controller, "token_out", lambda *_: _no_response())
    finding = ccid.run(one).finding
    assert finding is not None and finding.kind == "link"


def _no_response() -> Handshake:
    return Handshake.NONE


def test_misuse_of_the_controller_is_found(
    apdu: ApduTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise UsbControllerMisuse("EP1 IN: not sendable")

    monkeypatch.setattr(apdu.device.host.controller, "token_in", refuse)
    finding = apdu.run(Input("ready", (QUIET,))).finding
    assert finding == Finding("stopped", "EP1 IN: not sendable", "EP1 IN: not sendable")


def test_a_reset_that_was_asked_for_is_no_finding(apdu: ApduTarget) -> None:
    reboot = bytes.fromhex("801F0000")
    assert apdu.run(Input("blank", (SELECT_RESCUE, reboot, CHALLENGE))).finding is None


def test_what_a_file_was_given_it_may_tell(apdu: ApduTarget) -> None:
    write = bytes.fromhex("00D7CA070C") + b"\x54\x02\0\0\x53\x06" + cards.PIN
    read = bytes.fromhex("00B1CA07045402000000")
    assert apdu.run(Input("ready", (write, read))).finding is None


def test_a_slow_command_is_cut_short_and_no_hang(
    apdu: ApduTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(targets, "INSTRUCTIONS_MAX", 1_000_000)
    iterations = bytes.fromhex("9E04000F4240")  # the most: seconds
    data = b"\x80\x02\x00\x01\x81\x06" + cards.PIN + b"\x82\x08" + cards.SO_PIN + iterations
    initialize = bytes.fromhex("80500000") + bytes((len(data),)) + data
    run = apdu.run(Input("blank", (initialize,)))
    assert run.cut and run.slow and run.finding is None


def test_what_was_cut_short_is_waited_for_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(findings, "SLOW", findings.SLOW | {CHALLENGE[1]})
    for module in (campaign, targets):
        monkeypatch.setattr(module, "PATIENT_INSTRUCTIONS_MAX", 70_000_000)
    worker = Worker(BOARD, 0, 0)
    random = Random(0)
    engine = Engine(ApduTarget(worker.bench), Mutator(random, "apdu"), random)
    worker.engines["apdu"] = engine
    endless = PLANTED["endless loop"][1](worker.bench)
    worker.bench.starts["ready"] = planted(worker.bench, endless, tmp_path)
    assert engine.execute(Input("ready", (QUIET, CHALLENGE))).cut and not engine.findings
    worker.wait_longer()
    assert [kind for kind, _ in engine.findings] == ["hang"]


# --- The engine -----------------------------------------------------------------------------------


class Toy:
    """Goes deeper with every byte of a word that is right; each depth is an edge of its own."""

    name = "toy"
    WORD = b"\x11\x22\x33\x44"

    def __init__(self) -> None:
        self._edges = EdgeMap()

    def seeds(self) -> list[Input]:
        return [Input("blank", (bytes(4),))]

    def run(self, one: Input, instructions_max: int = 0) -> Run:
        edges = self._edges
        edges.begin()
        depth = 0
        for right, byte in zip(self.WORD, one.messages[0], strict=False):
            edges.counts[depth] = 1
            if right != byte:
                break
            depth += 1
        finding = Finding("fault", "the end", "") if depth == len(self.WORD) else None
        return Run(edges.news(), 10, finding=finding)


class OneByte:
    """Changes one byte."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def mutate(self, one: Input, other: Input) -> Input:
        message = bytearray(one.messages[0])
        message[self._random.randrange(len(message))] = self._random.randrange(256)
        return Input(one.start, (bytes(message),))


def toy_engine(guided: bool) -> Engine:
    random = Random(3)
    engine = Engine(Toy(), OneByte(random), random, guided)
    engine.add_seeds()
    return engine


def test_coverage_finds_a_deep_branch_that_chance_does_not() -> None:
    executions = 20_000
    guided, blind = toy_engine(True), toy_engine(False)
    for _ in range(executions):
        guided.step()
        blind.step()
    assert guided.findings and not blind.findings
    assert len(blind.corpus) == 1 and len(guided.corpus) == len(Toy.WORD)


def test_shortening_keeps_what_matters() -> None:
    one = Input("ready", (b"abcdefgh", b"xxNEEDLExx", b"12345678"))
    short = shorten(one, lambda candidate: any(b"NEEDLE" in part for part in candidate.messages))
    assert short == Input("ready", (b"NEEDLE",))


@pytest.mark.parametrize("target", ("apdu", "ccid"))
def test_mutants_can_be_sent(target: str, bench: Bench) -> None:
    random = Random(4)
    mutator = Mutator(random, target)
    inputs = targets.TARGETS[target](bench).seeds()[:SEEDS]
    for _ in range(3000):
        new = mutator.mutate(random.choice(inputs), random.choice(inputs))
        assert 1 <= len(new.messages) <= 4 and new.start in cards.STARTS
        assert all(1 <= len(part) <= 65_600 for part in new.messages)
        assert Input.parse(new.text) == new
        inputs.append(new)


def test_the_same_seed_is_the_same_run() -> None:
    def run() -> tuple:
        worker = Worker(BOARD, 0, 5)
        first = worker.round("ccid", (), 60, None)
        again = worker.round("ccid", (), 60, None)
        sample = vars(again.sample) | {"seconds": 0}
        return sample, first.fresh, again.fresh

    one = run()
    assert one == run() and one[0]["executions"] > 120


def test_what_others_found_is_tried(bench: Bench) -> None:
    random = Random(0)
    engine = Engine(ApduTarget(bench), Mutator(random, "apdu"), random)
    engine.add_all([Input("blank", (QUIET,)), Input("blank", (QUIET,))])
    assert engine.tally.executions in (1, 2)


# --- Coverage -------------------------------------------------------------------------------------


def test_blocks_have_parts_and_a_whole_function_is_reached() -> None:
    elf = image_of(BOARD).with_suffix(".elf")
    blocks = measure.blocks_of(elf)
    totals = blocks.totals()
    assert totals.total() > 10_000 and totals["port"] > 300 and totals["native_crypto"] > 1000
    assert totals[measure.OTHERS] < totals.total() / 20
    assert blocks.reached({}) == {}
    assert blocks.reached({0x1000_0000: 1 << 21, 0x2000_0000: 1 << 19}) == totals


def test_curves_become_a_picture() -> None:
    svg = picture.plot({"pico, process 1": [(0, 10), (100, 20)], "pico2 <1>": [(50, 5)]})
    assert svg.count("<polyline") == 2 and "pico2 &lt;1&gt;" in svg and ">100<" in svg


# --- The command ----------------------------------------------------------------------------------


def test_ids_are_read_back() -> None:
    one = Input("ready", (b"\0\x84\0\0\x08", QUIET))
    name = replay_id("apdu", "pico", one)
    assert name == "fc/apdu/pico/ready/0084000008-00200081"
    assert parse_replay_id(name + "\n") == ("apdu", "pico", one)
    for wrong in ("", "fc/apdu/pico", "fi/apdu/pico/ready/00", "fc/a/b/open/00", "fc/a/b/ready/xx"):
        with pytest.raises(UnknownInputError):
            parse_replay_id(wrong)


def test_a_run_writes_reports_and_a_corpus_that_can_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--board", BOARD, "--target", "ccid", "--output", str(tmp_path)]
    assert command.main([*options, "--executions", "40"]) == 0
    assert "0 findings" in capsys.readouterr().out
    data = json.loads((tmp_path / "coverage.json").read_text())
    assert data["findings"] == [] and data["targets"]["ccid"]["executions"] >= 40
    assert data["blocks"][BOARD]["port"][0] > 100 and data["lines"][BOARD]["all"][0] > 100
    page = (tmp_path / "coverage.html").read_text()
    assert "<svg" in page and "hsm/apdu/dispatcher.py" in page
    folder = tmp_path / "corpus"
    kept = corpus.load(folder, BOARD, "ccid", adopt=False)
    assert len(kept) >= 15
    assert command.main([*options, "--executions", "10", "--corpus", str(folder)]) == 0
    assert set(kept) <= set(corpus.load(folder, BOARD, "ccid", adopt=False))


@pytest.fixture
def other_image(tmp_path: Path) -> Iterator[Path]:
    corpus.save(tmp_path, BOARD, "apdu", [Input("ready", (QUIET,))])
    path = corpus.path_of(tmp_path, BOARD, "apdu")
    path.write_text(path.read_text().replace("image ", "image 00", 1))
    yield tmp_path


def test_a_corpus_of_another_image_is_refused_or_adopted(other_image: Path) -> None:
    options = ["--board", BOARD, "--target", "apdu", "--corpus", str(other_image)]
    with pytest.raises(ToolError, match="is of another image: --adopt") as caught:
        command.main(options)
    assert caught.value.status == 2
    assert corpus.load(other_image, BOARD, "apdu", adopt=True) == [Input("ready", (QUIET,))]
    corpus.path_of(other_image, BOARD, "apdu").write_text("nonsense\n")
    with pytest.raises(ToolError, match="is no corpus"):
        command.main(options)
    with pytest.raises(ToolError, match="is no folder"):
        corpus.load(corpus.path_of(other_image, BOARD, "apdu"), BOARD, "apdu", adopt=False)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--executions", "0"], "must be positive"),
        (["--adopt"], "--adopt needs --corpus"),
        (["--replay", "fc/apdu/pico/open/00"], "unknown input"),
        (["--replay", "fc/apdu/nano/ready/00"], "no target apdu on a board nano"),
        (["--replay", "/nowhere/file"], "ids look like"),
        (["--replay", "fc/apdu/pico/ready/"], "messages are hexadecimal"),
    ],
)
def test_bad_arguments_are_one_line(
    options: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.argv", ["fuzz", "coverage", *options])
    with pytest.raises(SystemExit) as caught:
        exit_with(fuzz_command.main)
    error = capsys.readouterr().err
    assert caught.value.code == 2 and message in error and error.count("\n") == 1


def test_a_replay_tells_what_happened(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "finding.txt"
    path.write_text(f"fc/apdu/{BOARD}/ready/00200081-0084000008\n")
    assert command.main(["--replay", str(path)]) == 0
    output = capsys.readouterr().out
    assert "0084000008" in output and "finding            None" in output
