# SPDX-License-Identifier: GPL-2.0-or-later
"""`python -m sim serve` in a namespace, and the tools that talk to it."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType

from tests.interop.namespace import Namespace

STOP_TIMEOUT_S = 30
# For a boot and a command before it, on a machine that has much else to do.
WAIT_TIMEOUT_S = 120


class ToolFailed(AssertionError):
    """A tool ended with an error; the text is what it printed."""


class Server:
    """A served device; `tool` runs a program against it."""

    def __init__(
        self,
        namespace: Namespace,
        board: str,
        flash_file: Path,
        *,
        options: tuple[str, ...] = (),
    ) -> None:
        self.namespace = namespace
        self.board = board
        self.flash_file = flash_file
        self._options = options
        self.output: list[str] = []
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Server:
        self.start()
        return self

    def start(self) -> None:
        """Start the server and wait until its card is in the reader."""
        arguments = ("-m", "sim", "serve", "--board", self.board, "--flash", str(self.flash_file))
        self._process = self.namespace.start(sys.executable, "-u", *arguments, *self._options)
        self.output = []
        self.wait_for("is in the reader")

    def wait_for(self, text: str) -> None:
        """Read the output up to a line with `text`; ToolFailed: it did not come in time."""
        assert self._process is not None and self._process.stdout is not None
        # Whoever should have caused that line may have failed: reading would last for ever.
        watchdog = threading.Timer(WAIT_TIMEOUT_S, self._process.kill)
        watchdog.start()
        try:
            for line in self._process.stdout:
                self.output.append(line)
                if text in line:
                    return
        finally:
            watchdog.cancel()
        raise ToolFailed(f"serve ended: {''.join(self.output)}")

    def stop(self, number: int = signal.SIGINT) -> int:
        """Ctrl-C, or another signal; the exit status."""
        assert self._process is not None and self._process.stdout is not None
        self._process.send_signal(number)
        status = self._process.wait(STOP_TIMEOUT_S)
        self.output += self._process.stdout.readlines()
        self._process.stdout.close()
        self._process = None
        return status

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self.stop()

    def tool(self, *arguments: str, timeout_s: float = 300) -> str:
        """Run a tool inside; its output. Raises ToolFailed."""
        done = self.namespace.run(*arguments, timeout_s=timeout_s)
        if done.returncode != 0:
            raise ToolFailed(f"{' '.join(arguments)}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def pkcs11(self, *arguments: str, timeout_s: float = 300) -> str:
        """Run pkcs11-tool with OpenSC's module."""
        return self.tool("pkcs11-tool", *arguments, timeout_s=timeout_s)
