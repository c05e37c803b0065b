# SPDX-License-Identifier: GPL-2.0-or-later
"""A run's figures: tables, JSON, one line for each finding."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from fuzz.coverage import picture
from fuzz.coverage.campaign import Outcome, Result
from fuzz.coverage.inputs import replay_id
from fuzz.coverage.measure import blocks_of
from tools.product import image_of

TOTAL = "all"
# What the card's firmware has of its own; the rest is library code, of which it uses a part.
OWN_PARTS = ("port", "native_crypto")


def figures(result: Result) -> dict[str, Any]:
    """Everything that the tables and the page have."""
    boards = sorted({outcome.board for outcome in result.outcomes})
    return {
        "seed": result.seed,
        "wall_s": round(result.wall_s, 1),
        "targets": {name: _speed(result, name) for name in _targets(result)},
        "blocks": {board: _blocks(result, board) for board in boards},
        "lines": {board: _lines(result, board) for board in boards},
        "growth": [vars(sample) for sample in result.samples],
        "findings": _findings(result),
    }


def _targets(result: Result) -> list[str]:
    return list(dict.fromkeys(name for outcome in result.outcomes for name in outcome.tallies))


def _of(result: Result, board: str) -> list[Outcome]:
    return [outcome for outcome in result.outcomes if outcome.board == board]


def _speed(result: Result, target: str) -> dict[str, Any]:
    tallies = [one.tallies[target] for one in result.outcomes if target in one.tallies]
    # Processes run beside each other: their rates add up.
    rate = sum(one.executions / one.seconds for one in tallies if one.seconds)
    quick = sum(one.quick_executions / one.quick_seconds for one in tallies if one.quick_seconds)
    commands = sum(one.quick_messages / one.quick_seconds for one in tallies if one.quick_seconds)
    return {
        "processes": len(tallies),
        "executions": sum(one.executions for one in tallies),
        "executions_per_s": round(rate),
        "without_public_keys": sum(one.quick_executions for one in tallies),
        "without_public_keys_per_s": round(quick),
        "messages_without_public_keys_per_s": round(commands),
        "cut_short": sum(one.cut for one in tallies),
        "corpus": sum(len(one.corpora.get(target, ())) for one in result.outcomes),
    }


def _blocks(result: Result, board: str) -> dict[str, list[int]]:
    blocks = blocks_of(image_of(board).with_suffix(".elf"))
    ran: dict[int, int] = {}
    for outcome in _of(result, board):
        for address, length in outcome.blocks_ran.items():
            ran[address] = max(length, ran.get(address, 0))
    reached, totals = blocks.reached(ran), blocks.totals()
    parts = {part: [reached[part], totals[part]] for part in sorted(totals)}
    return {TOTAL: [reached.total(), totals.total()], **parts}


def _lines(result: Result, board: str) -> dict[str, list[int]]:
    """By file: lines that inputs reached, those and boot and set-up, all."""
    counts: dict[str, list[int]] = {}
    outcomes = _of(result, board)
    for file, lines in sorted(outcomes[0].all_lines.items()):
        by_inputs = set().union(*(one.lines.get(file, set()) for one in outcomes))
        started = set().union(*(one.lines_of_starts.get(file, set()) for one in outcomes))
        counts[file] = [len(by_inputs), len(by_inputs | started), len(lines)]
    sums = [sum(column) for column in zip(*counts.values(), strict=True)]
    return {TOTAL: sums, **counts}


def _findings(result: Result) -> list[dict[str, str]]:
    found = {}
    for outcome in result.outcomes:
        for one in outcome.found:
            name = replay_id(one.target, one.board, one.input)
            found[name] = {"id": name, "kind": one.finding.kind, "text": one.finding.text}
    return list(found.values())


def line_of(finding: dict[str, str]) -> str:
    """One line to repeat it."""
    return (
        f"{finding['kind']}: {finding['text']}; "
        f"to repeat it: nox -s fuzz -- coverage --replay {finding['id']}"
    )


# --- Where it goes --------------------------------------------------------------------------------


def show(console: Console, data: dict[str, Any]) -> None:
    """The tables."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title="fuzzing guided by coverage")
    heads = ("inputs", "a second", "without\npublic keys", "a second", "messages\na second")
    for title in ("target", *heads, "cut\nshort", "corpus"):
        table.add_column(title, justify="left" if title == "target" else "right")
    for name, speed in data["targets"].items():
        numbers = [value for key, value in speed.items() if key != "processes"]
        table.add_row(name, *(f"{number:,}" for number in numbers))
    console.print(table)
    for board, blocks in data["blocks"].items():
        console.print(f"{board}: {_summary(blocks, data['lines'][board])}", soft_wrap=True)


def _summary(blocks: dict[str, list[int]], lines: dict[str, list[int]]) -> str:
    own = Counter[int]()
    for part in OWN_PARTS:
        for column, count in enumerate(blocks.get(part, (0, 0))):
            own[column] += count
    by_inputs, with_starts, total = lines[TOTAL]
    return (
        f"{_percent(*blocks[TOTAL])} of the blocks of C ({_percent(own[0], own[1])} of its own), "
        f"{_percent(by_inputs, total)} of the lines of Python "
        f"({_percent(with_starts, total)} with boot and set-up)"
    )


def _percent(part: int, whole: int) -> str:
    return f"{part:,} of {whole:,} = {100 * part / whole:.1f} %" if whole else "none"


def write(folder: Path, data: dict[str, Any]) -> None:
    """`coverage.json` and `coverage.html`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "coverage.json").write_text(json.dumps(data, indent=1) + "\n")
    (folder / "coverage.html").write_text(picture.page(data))
