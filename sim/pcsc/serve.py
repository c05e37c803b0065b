# SPDX-License-Identifier: GPL-2.0-or-later
"""`serve`: the image as the PC/SC reader "Virtual PCD 00 00" until Ctrl-C.

Ctrl-C while a command runs is like pulling the plug: the command ends where it is, what it has
written to the flash is kept.
"""

from __future__ import annotations

import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from sim.device import Device
from sim.pcsc import daemon
from sim.pcsc.bridge import Bridge, FlashFile
from sim.pcsc.vpcd import Closed

READER_NAME = "Virtual PCD 00 00"
SEED_BITS = 128


class _Unplugged(Exception):
    """Ctrl-C during a command."""


class _StopFlag:
    """Set by SIGINT, SIGTERM and SIGHUP (a closed terminal); asked wherever we wait."""

    def __init__(self) -> None:
        self.stopping = False

    def __call__(self) -> bool:
        return self.stopping

    def unplug_if_set(self) -> None:
        """For the device's slices: leave the command under way."""
        if self.stopping:
            raise _Unplugged

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Catch the signals while the context lasts."""

        def handle(number: int, frame: FrameType | None) -> None:
            self.stopping = True

        signals = [signal.SIGINT, signal.SIGTERM]
        # `nohup` has it ignored: then it stays so.
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            signals.append(signal.SIGHUP)
        before = [signal.signal(number, handle) for number in signals]
        try:
            yield
        finally:
            for number, handler in zip(signals, before, strict=True):
                signal.signal(number, handler)


class _Announcement:
    """Says that the card is there as soon as other programs can see it."""

    def __init__(self, board_name: str, say: Callable[[str], None]) -> None:
        self._text = f'{board_name} is in the reader "{READER_NAME}"; Ctrl-C takes it out'
        self._say = say
        self._onlooker: subprocess.Popen[bytes] | None = subprocess.Popen(
            [sys.executable, "-m", "sim.pcsc.onlooker", READER_NAME], start_new_session=True
        )

    def __call__(self) -> None:
        """Look, until it was said."""
        if self._onlooker is not None and self._onlooker.poll() is not None:
            self._onlooker = None
            self._say(self._text)

    def close(self) -> None:
        """Nobody has to know any more."""
        if self._onlooker is not None:
            self._onlooker.kill()
            self._onlooker.wait()


def fresh_seed() -> int:
    """A seed that nobody knows: what a served device draws must not repeat in the next session."""
    return secrets.randbits(SEED_BITS)


def serve(
    device: Device, flash_path: Path | None, say: Callable[[str], None], verbose: bool = False
) -> None:
    """Serve `device` (not yet powered) to PC/SC until a signal or until pcscd ends.

    Raises SlotError with one line when the slot cannot be had.
    """
    stop = _StopFlag()
    # Before pcscd is started: it is in a session of its own, nothing else would end it.
    with stop.installed():
        link, pcscd = daemon.connect()
        try:
            link.wait_for_first_message(stop)
            device.power_on()
            flash_file = FlashFile(device.flash, flash_path)
            bridge = Bridge(link, device, flash_file, say if verbose else lambda line: None)
            announce = _Announcement(device.board.name, say)
            flash_file.save_changes()
            device.host.on_slice = stop.unplug_if_set
            try:
                # Asked again and again, also while pcscd has nothing to say.
                bridge.serve(lambda: announce() or stop())
            except _Unplugged:
                say("unplugged during a command")
            except Closed:
                say("pcscd has ended")
            finally:
                announce.close()
                flash_file.save_changes()
        finally:
            link.close()
            pcscd.stop()
