# SPDX-License-Identifier: GPL-2.0-or-later
"""What model and image were led to: a table, JSON, one line for each finding."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from fuzz.machine.campaign import Result
from fuzz.machine.conversation import Tally
from fuzz.model.card import NOT_MODELLED, RULES


def findings(results: Sequence[Result]) -> list[str]:
    """One line for each, with the run that repeats it."""
    return [
        f"{result.run.board}: {result.finding}; "
        f"to repeat it: nox -s fuzz -- model --replay {result.run.name}"
        for result in results
        if result.run
    ]


def figures(results: Sequence[Result], seed: int, seconds: float) -> dict:
    """Everything that is told."""
    tally = Tally()
    for result in results:
        tally.add(result.tally)
    steps = sum(tally.steps.values())
    reached = {ins for ins, _ in tally.answers} & RULES.keys()
    answers: dict[str, dict[str, int]] = {}
    for (ins, status_word), count in sorted(tally.answers.items()):
        answers.setdefault(f"{ins:02X}", {})[f"{status_word:04X}"] = count
    return {
        "seed": seed,
        "examples": sum(result.examples for result in results),
        "steps": steps,
        "seconds": round(seconds, 1),
        "steps_per_second": round(steps / seconds, 1),
        "kinds_of_steps": dict(sorted(tally.steps.items())),
        "after_interruptions": dict(sorted(tally.after_cuts.items())),
        "answers": answers,
        "pairs_of_instruction_and_status_word": len(tally.answers),
        "instructions": f"{len(reached)} of {len(RULES) + len(NOT_MODELLED)}",
        "transitions": {
            f"{before} -> {after}": count
            for (before, after), count in sorted(tally.transitions.items())
        },
        "not_predicted": {f"{ins:02X}": n for ins, n in sorted(tally.not_predicted.items())},
        "findings": findings(results),
    }


def show(console: Console, data: dict) -> None:
    """The table: a row for each instruction, how often each status word came."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title="answers as predicted")
    table.add_column("INS")
    table.add_column("status words, how often each")
    for ins, words in data["answers"].items():
        table.add_row(ins, "  ".join(f"{word} {count:,}" for word, count in words.items()))
    console.print(table)
    for title, name in (("steps", "kinds_of_steps"), ("interrupted", "after_interruptions")):
        counts = ", ".join(f"{key} {count:,}" for key, count in data[name].items())
        console.print(f"{title}: {counts or 'none'}")
    console.print(
        f"{data['examples']:,} examples, {data['steps']:,} steps, "
        f"{data['steps_per_second']:,} steps/s; instructions {data['instructions']}, "
        f"{data['pairs_of_instruction_and_status_word']} pairs with status words, "
        f"{len(data['transitions'])} transitions"
    )


def write_json(path: Path, data: dict) -> None:
    """The same as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, indent=2) + "\n")
