# SPDX-License-Identifier: GPL-2.0-or-later
"""What the campaign runs: scenarios by name and board, each with its depth."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any, Protocol

import boards
from campaigns.powerloss import (
    card_scenarios,
    card_starts,
    desktop_bench,
    desktop_store,
    failures,
    service_scenarios,
    store_scenarios,
)
from campaigns.powerloss.board_bench import BoardBench
from campaigns.powerloss.card_invariants import CardInvariants
from campaigns.powerloss.card_scenarios import CardScenario
from campaigns.powerloss.card_subject import TWO_JOURNALS, CardBench, CardSubject
from campaigns.powerloss.desktop_store import StoreScenario, StoreSubject
from campaigns.powerloss.store_invariants import StoreInvariants
from sim.scenario.explorer import Node, Place
from sim.scenario.invariants import Invariant, Verdict
from sim.scenario.subject import Recording, Subject
from tools.errors import ToolError

CARD_SCENARIOS = [*card_scenarios.SCENARIOS, *service_scenarios.SCENARIOS]
CORE_DEPTH = 2
# One chip model is enough for the second cut in a run of minutes: what is cut is the same Python.
# There GENERATE and CHANGE, whose cuts are most, have the first one alone.
DEEP = {
    desktop_bench.BOARD: (*card_scenarios.CORE, *service_scenarios.CORE),
    "pico": tuple(
        name for name in card_scenarios.CORE if name not in ("generate_ec", "change_pin")
    ),
}
# The longest ones run on one chip model in such a run, for the same reason.
ON_ONE_BOARD = {
    "initialize_equipped": "pico",
    "compact_and_write": "pico",
    "initialize_used": "pico2",
}
# So that board has, beside the deep ones, only these: one of each kind of change, and what depends
# on the chip's sizes. The others have all, but what is tried elsewhere with few tears.
BRIEF_BOARD = "pico"
BRIEFLY = (
    *card_scenarios.CORE,
    *("initialize_blank", "renew_tries", "renew_uses"),
    *("generate_rsa", "write_middle", "sign_counted", "domain_import", "unwrap_rsa"),
    *("lock_enable", "upgrade_at_login"),
)
# What depends on the chip's sizes, or on an earlier firmware of its own, has all tears on both.
ON_CHIPS_OWN_FLASH = ("renew_tries", "renew_uses", "upgrade_at_login")
Tears = Sequence[Collection[str] | None]
ALL_TEARS: Tears = (None,)
# Deeper cuts: after each operation, and a tear of each kind. Before an operation is after the one
# before it.
FEW = ("full", "prefixHalf", "evenBits", "preprogrammed", "marginal")
STORE_TEARS: Tears = (None, None, FEW)
BOARD_TEARS: Tears = (None, FEW)
FEW_TEARS: Tears = (FEW,)
# Behind an operation that failed: the way that the command takes then is long.
FAILING_TEARS: Tears = (("full", "evenBits", "preprogrammed"),)
# To closure: with all of them at any depth, torn destructions combine without an end in sight.
FULL_TEARS: Tears = (None, None, FEW)


@dataclass(frozen=True)
class Task:
    """One scenario on one board; `depth` None: to closure."""

    scenario: str
    board: str
    seed: int
    depth: int | None
    tears: Tears


class Invariants(Protocol):
    """The invariants of one scenario."""

    def all(self) -> list[Invariant[Node]]: ...

    def final(self) -> Verdict: ...


@dataclass(frozen=True)
class Work:
    """A task made ready; `unsound`: why nothing that is found can be trusted, or ""."""

    subject: Subject
    invariants: Invariants
    recording: Recording
    place: Place
    unsound: str
    # FAIL-1; None: operations of this flash cannot be made to fail.
    failures: Callable[[], Iterable[Verdict]] | None = None
    # The same command over a flash in which one of its operations fails.
    failing: Callable[[], Iterable[Work]] = tuple


def board_names() -> list[str]:
    """What a scenario can run on: store and firmware on the desktop, and the boards."""
    return [desktop_store.BOARD, desktop_bench.BOARD, *boards.names()]


def scenario_names(board: str) -> list[str]:
    """The scenarios of a board."""
    return [one.name for one in _scenarios(board)]


def is_known(board: str, scenario: str) -> bool:
    """Whether a board has that scenario; those with a failing operation are not listed."""
    on_store = board == desktop_store.BOARD and store_scenarios.named(scenario) is not None
    return on_store or scenario in scenario_names(board)


def _scenarios(board: str) -> Sequence[Any]:
    if board == desktop_store.BOARD:
        return store_scenarios.SCENARIOS
    if board == desktop_bench.BOARD:
        return [one for one in CARD_SCENARIOS if _suits_the_desktop(one)]
    return CARD_SCENARIOS


def _suits_the_desktop(scenario: CardScenario) -> bool:
    # The twin's RSA keys depend on more than the seed; the rare starts need snapshots of RAM.
    return scenario.start in card_starts.STARTS and scenario.name != "generate_rsa"


def tasks(
    seed: int,
    only_boards: Collection[str] = (),
    only_scenarios: Collection[str] = (),
    depth: int | None = None,
    full: bool = False,
) -> list[Task]:
    """What to run, the longest first. ToolError: nothing has such a name."""
    for board in only_boards:
        if board not in board_names():
            raise ToolError(f"unknown board '{board}'; known: {', '.join(board_names())}")
    chosen_boards = [one for one in board_names() if not only_boards or one in only_boards]
    known = {name for board in chosen_boards for name in scenario_names(board)}
    for name in only_scenarios:
        if name not in known:
            raise ToolError(f"unknown scenario '{name}'; known: {', '.join(sorted(known))}")
    found = [
        _task(name, board, seed, depth, full, brief=not only_scenarios)
        for board in chosen_boards
        for name in scenario_names(board)
        if (name in only_scenarios if only_scenarios else full or _is_usual(name, board))
    ]
    return sorted(found, key=_weight, reverse=True)


def _is_usual(name: str, board: str) -> bool:
    if board in boards.names() and name in ON_ONE_BOARD:
        return ON_ONE_BOARD[name] == board
    return board != BRIEF_BOARD or name in BRIEFLY


def _task(name: str, board: str, seed: int, depth: int | None, full: bool, brief: bool) -> Task:
    on_store = board == desktop_store.BOARD
    if full:
        return Task(name, board, seed, depth, FULL_TEARS)
    deep = name in DEEP.get(board, ())
    usual = CORE_DEPTH if deep else 1
    if on_store:
        usual = next(one.depth for one in store_scenarios.SCENARIOS if one.name == name)
    tears = STORE_TEARS if on_store and usual > CORE_DEPTH else BOARD_TEARS
    if brief and board in boards.names() and _has_all_tears_elsewhere(name, board):
        tears = FEW_TEARS
    return Task(name, board, seed, depth or usual, tears)


def _has_all_tears_elsewhere(name: str, board: str) -> bool:
    """The same Python goes through them on the desktop, or on the other chip."""
    if board == BRIEF_BOARD and name not in ON_ONE_BOARD:
        return False
    on_desktop = name in scenario_names(desktop_bench.BOARD)
    return on_desktop or (name in BRIEFLY and name not in ON_CHIPS_OWN_FLASH)


def _weight(task: Task) -> tuple[bool, bool, bool]:
    # So that no long task is left for one worker at the end.
    on_board = task.board in boards.names()
    deep = on_board and task.depth != 1
    return deep, task.scenario.startswith("compact"), on_board


def make(task: Task) -> Work:
    """Bring a task's scenario to its start and record its command."""
    if task.board == desktop_store.BOARD:
        return _store_work(task)
    scenario = next(one for one in CARD_SCENARIOS if one.name == task.scenario)
    bench = _bench(task.board, task.seed)
    subject = CardSubject(bench, scenario)
    place = Place(task.scenario, task.board, bench.geometry, task.seed)
    invariants = CardInvariants(subject)
    return Work(subject, invariants, subject.recording, place, subject.unsound)


def _store_work(task: Task) -> Work:
    scenario = store_scenarios.named(task.scenario)
    if scenario is None:
        raise ToolError(f"unknown scenario '{task.scenario}'")
    subject = StoreSubject(scenario)
    recording = subject.record()
    place = Place(task.scenario, task.board, subject.geometry, task.seed)
    unsound = "" if subject.record() == recording else TWO_JOURNALS
    fail = partial(failures.verdicts, subject, len(recording.entries))
    work = Work(subject, StoreInvariants(subject), recording, place, unsound, fail)
    if scenario.faults:
        return work
    return replace(work, failing=partial(_failing, task, scenario, len(recording.entries)))


def _failing(task: Task, scenario: StoreScenario, operations: int) -> Iterator[Work]:
    for operation in range(operations):
        failing = store_scenarios.failing(scenario, operation)
        # What a command that gives up leaves is the affair of FAIL-1.
        if not StoreSubject(failing).done.error:
            yield _store_work(replace(task, scenario=failing.name))


@cache
def _bench(board: str, seed: int) -> CardBench:
    # One device for each board in a process: the starts of its scenarios are made once.
    if board == desktop_bench.BOARD:
        return desktop_bench.DesktopBench(seed)
    return BoardBench(board, seed)
