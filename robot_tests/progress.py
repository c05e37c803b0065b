# SPDX-License-Identifier: GPL-2.0-or-later
"""What a run tells its parent: one line of JSON per event, on standard output."""

from __future__ import annotations

import json
import sys
from typing import Any

ROBOT_LISTENER_API_VERSION = 3


def start_suite(data: Any, result: Any) -> None:
    """The number of tests, once, from the suite that contains all others."""
    if data.parent is None:
        _tell(total=data.test_count)


def end_suite(data: Any, result: Any) -> None:
    """A file's suite has ended; `tests` of it were run."""
    if data.source and data.source.is_file():
        _tell(ended=data.source.stem, tests=len(result.tests))


def end_test(data: Any, result: Any) -> None:
    """How a test ended; a suite's name is that of its file."""
    suite = data.parent.source.stem if data.parent.source else data.parent.name
    message = result.message.splitlines()[0] if result.message else ""
    _tell(suite=suite, test=data.name, status=result.status, message=message)


def _tell(**event: Any) -> None:
    # Robot Framework puts its own stream in the place of stdout while a keyword runs.
    print(json.dumps(event), file=sys.__stdout__, flush=True)
