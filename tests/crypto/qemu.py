# SPDX-License-Identifier: GPL-2.0-or-later
"""QEMU's mps2-an505 (Cortex-M33) as a transport: frames through two named pipes."""

from __future__ import annotations

import os
import select
import struct
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

PROGRAM = "qemu-system-arm"
LOOK_AFTER_QEMU_S = 1.0


class Qemu:
    """One run of the self-test image hsm_selftest_qemu.elf."""

    def __init__(self, image: Path) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="hsm-qemu-")
        self._requests = self._pipe("requests")
        self._answers = self._pipe("answers")
        self._process = subprocess.Popen(
            [PROGRAM, "-M", "mps2-an505", "-display", "none", "-monitor", "none", "-serial", "none",
             "-semihosting-config", "enable=on,target=native", "-kernel", str(image.resolve())],
            cwd=self._folder.name, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip

    def _pipe(self, name: str) -> int:
        path = Path(self._folder.name) / name
        os.mkfifo(path)
        # Open for both directions: neither side waits for the other to open.
        return os.open(path, os.O_RDWR)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()
        if self._process.stderr is not None:
            self._process.stderr.close()
        os.close(self._requests)
        os.close(self._answers)
        self._folder.cleanup()

    def exchange(self, number: int, parts: bytes) -> tuple[int, bytes]:
        """See Transport."""
        frame = struct.pack("<II", number, len(parts)) + parts
        while frame:
            frame = frame[os.write(self._requests, frame) :]
        result, length = struct.unpack("<II", self._read(8))
        return result, self._read(length)

    def _read(self, length: int) -> bytes:
        received = b""
        while len(received) < length:
            if select.select([self._answers], [], [], LOOK_AFTER_QEMU_S)[0]:
                received += os.read(self._answers, length - len(received))
            elif self._process.poll() is not None:
                assert self._process.stderr is not None
                errors = self._process.stderr.read().decode(errors="replace")
                raise RuntimeError(f"QEMU ended: {errors.strip()}")
        return received
