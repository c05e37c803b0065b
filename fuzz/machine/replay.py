# SPDX-License-Identifier: GPL-2.0-or-later
"""A run once more; and without the steps that its finding does not need."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from fuzz.machine.bench import Bench
from fuzz.machine.conversation import FindingError, Tally
from fuzz.machine.steps import Run, Step


def finding(bench: Bench, run: Run, tally: Tally | None = None) -> str:
    """What the run finds; "" if nothing."""
    conversation = bench.conversation(run.start, tally or Tally())
    try:
        for step in run.steps:
            conversation.do(step)
        conversation.finish()
    except FindingError as error:
        return str(error)
    return ""


def kind_of(text: str) -> str:
    """A finding without its numbers and bytes: runs with the same one fail in the same way."""
    return re.sub(r"\b(0x)?[0-9a-f]{3,}\b|\d+", "#", text)


def pruned(bench: Bench, run: Run) -> Run:
    """The run without each step whose absence leaves a finding of its kind; pieces go first."""
    steps: Sequence[Step] = run.steps
    kind = kind_of(finding(bench, run))
    size = len(steps) // 2
    while size:
        at = 0
        while at < len(steps):
            fewer = (*steps[:at], *steps[at + size :])
            if kind_of(finding(bench, replace(run, steps=fewer))) == kind:
                steps = fewer
            else:
                at += size
        size //= 2
    return replace(run, steps=tuple(steps))
