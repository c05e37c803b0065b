# SPDX-License-Identifier: GPL-2.0-or-later
"""Two processes that fuzz, and tell each other what they found at fixed points.

Each has a device of its own; what one board's image was brought to do is tried on the other's, too.
Everything but the seconds is a function of image, seed and number of executions.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from random import Random

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from fuzz.coverage.bench import Bench
from fuzz.coverage.engine import Engine, Tally, shorten
from fuzz.coverage.findings import RESIDUE, UNBOUNDED, Finding
from fuzz.coverage.inputs import Input
from fuzz.coverage.measure import blocks_of
from fuzz.coverage.mutation import Mutator
from fuzz.coverage.targets import INSTRUCTIONS_MAX, PATIENT_INSTRUCTIONS_MAX, TARGETS
from tools.product import image_of
from tools.workers import worker_pool

EXECUTIONS_PER_ROUND = 500
# Not the cores of the machine: the figures of a seed depend on it.
SLOTS = 2


@dataclass(frozen=True)
class Sample:
    """How far a process was at the end of a round."""

    board: str
    slot: int
    target: str
    executions: int
    seconds: float
    blocks: int
    lines: int
    edges: int
    corpus: int


@dataclass(frozen=True)
class Found:
    """A finding and the shortest input that brings it."""

    board: str
    target: str
    finding: Finding
    input: Input


@dataclass(frozen=True)
class Round:
    """What a process has to tell after a round."""

    fresh: list[Input]
    sample: Sample


@dataclass
class Outcome:
    """What a process reached in all. `lines`: of each file those reached by inputs."""

    board: str
    tallies: dict[str, Tally]
    corpora: dict[str, list[Input]]
    found: list[Found]
    blocks_ran: dict[int, int]
    lines: dict[str, set[int]]
    lines_of_starts: dict[str, set[int]]
    all_lines: dict[str, set[int]]


@dataclass
class Result:
    """A whole run."""

    seed: int
    wall_s: float = 0.0
    samples: list[Sample] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)


# --- In the worker processes ----------------------------------------------------------------------


class Worker:
    """One device and an engine for each target; lives in a process of its own."""

    def __init__(self, board: str, slot: int, seed: int) -> None:
        self.board, self.slot, self.seed = board, slot, seed
        self.bench = Bench(board)
        self.engines: dict[str, Engine] = {}
        self._watched: Bench | None = None

    def engine(self, target: str) -> Engine:
        """The engine of a target, with its seeds."""
        if target not in self.engines:
            random = Random(f"{self.seed}/{self.board}/{self.slot}/{target}")
            engine = Engine(TARGETS[target](self.bench), Mutator(random, target), random)
            engine.add_seeds()
            self.engines[target] = engine
        return self.engines[target]

    def round(
        self, target: str, imports: Sequence[Input], executions: int, end_s: float | None
    ) -> Round:
        """Try what others found, then go on by oneself."""
        engine = self.engine(target)
        engine.add_all(imports)
        engine.take_fresh()
        for _ in range(executions):
            if end_s is not None and time.monotonic() >= end_s:
                break
            engine.step()
        return Round(engine.take_fresh(), self._sample(target))

    def _sample(self, target: str) -> Sample:
        engine, bench = self.engines[target], self.bench
        return Sample(
            self.board,
            self.slot,
            target,
            sum(one.tally.executions for one in self.engines.values()),
            sum(one.tally.seconds for one in self.engines.values()),
            bench.blocks_reached(),
            bench.lines_reached(),
            bench.edges.edges_seen(),
            len(engine.corpus),
        )

    def search_memory(self) -> None:
        """Every input that was kept runs once more, watched for secrets that it leaves behind."""
        for name, engine in self.engines.items():
            target = TARGETS[name](self.watched_bench())
            for entry in engine.corpus:
                finding = target.run(entry.input).finding
                if finding is not None and finding.kind == RESIDUE:
                    engine.note(finding, entry.input)

    def wait_longer(self) -> None:
        """What was cut short runs once more, one input of each INS, unless nothing bounds it."""
        for engine in self.engines.values():
            for instruction, one in sorted(engine.cut.items()):
                if instruction not in UNBOUNDED:
                    finding = engine.target.run(one, PATIENT_INSTRUCTIONS_MAX).finding
                    if finding is not None:
                        engine.note(finding, one)

    def watched_bench(self) -> Bench:
        """A second device, which tells what commands leave behind."""
        self._watched = self._watched or Bench(self.board, watched=True)
        return self._watched

    def outcome(self) -> Outcome:
        """Everything at the end; findings are made short."""
        self.search_memory()
        self.wait_longer()
        core, code = self.bench.device.machine.core, self.bench.code
        lines = code.lines_read(self.bench.edges.bytecode)
        ran = {address: core.block_bytes(address) for address in core.execution_counts()}
        return Outcome(
            self.board,
            {name: engine.tally for name, engine in self.engines.items()},
            {name: [one.input for one in engine.corpus] for name, engine in self.engines.items()},
            [one for name in self.engines for one in self._found(name)],
            ran,
            lines,
            self.bench.lines_of_starts,
            code.all_lines(),
        )

    def _found(self, name: str) -> list[Found]:
        engine, found = self.engines[name], []
        for (kind, place), (finding, one) in sorted(engine.findings.items()):
            finding_of = self._way(name, kind, one)

            def still(
                candidate: Input,
                finding_of: Callable[[Input], Finding | None] = finding_of,
                kind: str = kind,
                place: str = place,
            ) -> bool:
                again = finding_of(candidate)
                return again is not None and (again.kind, again.place) == (kind, place)

            found.append(Found(self.board, name, finding, shorten(one, still)))
        return found

    def _way(self, name: str, kind: str, one: Input) -> Callable[[Input], Finding | None]:
        """Runs inputs in the way in which a finding came."""
        engine = self.engines[name]
        target = TARGETS[name](self.watched_bench()) if kind == RESIDUE else engine.target
        is_patient = one in engine.cut.values()
        limit = PATIENT_INSTRUCTIONS_MAX if is_patient else INSTRUCTIONS_MAX
        return lambda candidate: target.run(candidate, limit).finding


_WORKERS: dict[tuple[str, int], Worker] = {}


def _start(board: str, slot: int, seed: int) -> None:
    _WORKERS[board, slot] = Worker(board, slot, seed)
    # Decoded once per process that reports; kept for the end.
    blocks_of(image_of(board).with_suffix(".elf"))


def _round(
    board: str,
    slot: int,
    target: str,
    imports: Sequence[Input],
    executions: int,
    end_s: float | None,
) -> Round:
    return _WORKERS[board, slot].round(target, imports, executions, end_s)


def _outcome(board: str, slot: int) -> Outcome:
    return _WORKERS[board, slot].outcome()


# --- In the process that runs the campaign --------------------------------------------------------


@dataclass(frozen=True)
class Plan:
    """What to run: `executions` in all, or as many as `seconds` allow, for each of the targets.

    `corpora`: inputs to begin with, beside the seeds, by board and target.
    """

    boards: Sequence[str]
    targets: Sequence[str]
    seed: int
    executions: int
    seconds: float | None
    corpora: dict[tuple[str, str], list[Input]]

    @property
    def workers(self) -> list[tuple[str, int]]:
        """Board and slot of each process: one for each board, or two for one."""
        slots = SLOTS // len(self.boards) or 1
        return [(board, slot) for board in self.boards for slot in range(slots)]

    def share(self, target: str) -> float:
        """The part of the run that a target has: commands have most to reach."""
        return 1.0 if len(self.targets) == 1 else (0.75 if target == "apdu" else 0.25)


def run(plan: Plan, console: Console) -> Result:
    """Run the plan, with a progress bar."""
    began_s = time.monotonic()
    result = Result(plan.seed)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress, ExitStack() as stack:
        total = None if plan.seconds else plan.executions
        task = progress.add_task("cards to begin with", total=total)
        pools = [stack.enter_context(worker_pool(processes=1)) for _ in plan.workers]
        _all(pools, plan.workers, lambda board, slot: (_start, board, slot, plan.seed))
        for target in plan.targets:
            progress.update(task, description=f"fuzzing: {target}")
            advance = lambda count: progress.advance(task, count)  # noqa: E731
            result.samples += _fuzz(plan, target, pools, advance)
        progress.update(task, description="coverage")
        result.outcomes = _all(pools, plan.workers, lambda board, slot: (_outcome, board, slot))
    result.wall_s = time.monotonic() - began_s
    return result


def _fuzz(
    plan: Plan, target: str, pools: Sequence[ProcessPoolExecutor], advance: Callable[[int], None]
) -> list[Sample]:
    samples: list[Sample] = []
    share = plan.share(target)
    left = round(plan.executions * share / len(plan.workers))
    end_s = time.monotonic() + plan.seconds * share if plan.seconds else None
    imports = [list(plan.corpora.get((board, target), ())) for board, _ in plan.workers]
    while (left > 0) if end_s is None else (time.monotonic() < end_s):
        count = EXECUTIONS_PER_ROUND if end_s is not None else min(left, EXECUTIONS_PER_ROUND)
        futures = [
            pool.submit(_round, board, slot, target, imports[number], count, end_s)
            for number, (pool, (board, slot)) in enumerate(zip(pools, plan.workers, strict=True))
        ]
        rounds: list[Round] = [future.result() for future in futures]
        samples += [one.sample for one in rounds]
        imports = [
            [new for other in rounds if other is not mine for new in other.fresh] for mine in rounds
        ]
        left -= count
        advance(count * len(rounds))
    return samples


def _all(
    pools: Sequence[ProcessPoolExecutor],
    workers: Sequence[tuple[str, int]],
    call: Callable[[str, int], tuple],
) -> list:
    futures: list[Future] = [
        pool.submit(*call(*worker)) for pool, worker in zip(pools, workers, strict=True)
    ]
    return [future.result() for future in futures]
