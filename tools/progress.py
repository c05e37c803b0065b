# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs a long command with a progress bar; shows its output only when it fails."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tools.errors import EXIT_FAILED, ToolError

console = Console(highlight=False, soft_wrap=True)

LOG_LINES_SHOWN = 40
# Ninja repeats the command of a failed step, which can be tens of thousands of characters long.
LOG_COLUMNS_SHOWN = 240
# Ninja's "[12/345]" and make's "[ 12%]".
STEP = re.compile(r"^\[\s*(\d+)(?:/(\d+)|%)\]")


def run(
    title: str,
    command: Sequence[str | Path],
    environment: Mapping[str, str] | None = None,
    repeat: str = "",
) -> str:
    """Runs `command` under a progress bar called `title`; returns its output.

    `repeat` is the line that does it again, for the error message (default: the command).

    Raises ToolError (status 1) for a command that fails, after printing the end of its output.
    """
    words = [str(word) for word in command]
    output: list[str] = []
    with _progress() as progress:
        task = progress.add_task(title, total=None)
        with subprocess.Popen(
            words,
            env=dict(environment) if environment else None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process:
            assert process.stdout
            for line in process.stdout:
                output.append(line)
                if step := STEP.match(line):
                    progress.update(task, completed=int(step[1]), total=int(step[2] or 100))
        if process.returncode == 0:
            progress.update(task, total=1, completed=1)
    if not console.is_terminal:
        console.print(f"{title}: {'done' if process.returncode == 0 else 'failed'}")
    if process.returncode:
        for line in output[-LOG_LINES_SHOWN:]:
            console.print(line.rstrip("\n")[:LOG_COLUMNS_SHOWN], markup=False)
        raise ToolError(f"{title} failed; to repeat it: {repeat or shlex.join(words)}", EXIT_FAILED)
    return "".join(output)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description:<34}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=False,
        disable=not console.is_terminal,
    )
