# SPDX-License-Identifier: GPL-2.0-or-later
"""A network and mount namespace of one's own, with an empty /run/pcscd in it.

Inside, vpcd's port is always free and no pcscd of the machine is met. Works as root, and else in a
user namespace.
"""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from types import TracebackType

PROJECT = Path(__file__).parents[2]
PREPARE = "ip link set lo up && mkdir -p /run/pcscd && mount -t tmpfs tmpfs /run/pcscd"
HOLD = f"{PREPARE} && echo ready && exec cat"


class Namespace:
    """Holds the namespaces open while the context lasts."""

    def __init__(self) -> None:
        self._holder: subprocess.Popen[str] | None = None

    def __enter__(self) -> Namespace:
        user = [] if os.geteuid() == 0 else ["--map-root-user"]
        self._holder = subprocess.Popen(
            ["unshare", *user, "--mount", "--net", "bash", "-c", HOLD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._holder.stdout is not None
        line = self._holder.stdout.readline()
        if line != "ready\n":
            raise RuntimeError("a namespace of our own could not be made")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._holder is not None and self._holder.stdin is not None
        self._holder.stdin.close()
        self._holder.wait()

    def command(self, *arguments: str) -> list[str]:
        """The command line that runs `arguments` inside."""
        assert self._holder is not None
        user = [] if os.geteuid() == 0 else ["--user", "--preserve-credentials"]
        enter = ["nsenter", f"--target={self._holder.pid}", *user, "--mount", "--net"]
        return [*enter, f"--wd={PROJECT}", *arguments]

    def run(self, *arguments: str, timeout_s: float = 300) -> subprocess.CompletedProcess[str]:
        """Run a program inside and collect what it prints."""
        return subprocess.run(
            self.command(*arguments),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a program inside; its output is one pipe."""
        return subprocess.Popen(
            self.command(*arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # The tests may run under `nohup`, whose children ignore it.
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
        )
