# SPDX-License-Identifier: GPL-2.0-or-later
"""One kind of error for all tools: a line that tells what is wrong and what to do.

Exit status of every tool: 0 done, 1 something was tried and failed, 2 it could not be tried
(wrong argument, missing tool, missing file).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

EXIT_FAILED = 1
EXIT_UNUSABLE = 2


class ToolError(Exception):
    """Ends a tool; the message is the one line that the user sees."""

    def __init__(self, message: str, status: int = EXIT_UNUSABLE) -> None:
        super().__init__(message)
        self.status = status


def tell(failures: Sequence[str], summary: str) -> int:
    """Print a line for each failure, and one for all; the exit status."""
    for line in failures:
        print(line)
    print(summary)
    return EXIT_FAILED if failures else 0


def exit_with(main: Callable[[], int]) -> None:
    """Runs `main` and ends the process with its status, or with one line for a ToolError."""
    try:
        status = main()
    except ToolError as error:
        print(f"error: {error}", file=sys.stderr)
        status = error.status
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        status = 130
    sys.exit(status)
