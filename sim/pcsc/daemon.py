# SPDX-License-Identifier: GPL-2.0-or-later
"""pcscd: find the running one, or start one for as long as we need it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path

from sim.pcsc.vpcd import PORT, SlotError, VpcdLink

PCSCD_SOCKET = Path("/run/pcscd/pcscd.comm")
VPCD_CONFIGURATION = Path("/etc/reader.conf.d/vpcd")
START_TIMEOUT_S = 10.0
RUNNING_TIMEOUT_S = 2.0
STOP_TIMEOUT_S = 5.0


class Pcscd:
    """A pcscd that we started (`process`), or one that was there."""

    def __init__(self, process: subprocess.Popen[bytes] | None) -> None:
        self.process = process

    def stop(self) -> None:
        """End it if it is ours."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None


def is_running() -> bool:
    """True when a pcscd (or the socket that starts one) accepts clients."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(RUNNING_TIMEOUT_S)
        try:
            client.connect(str(PCSCD_SOCKET))
        except OSError:
            return False
    return True


def connect() -> tuple[VpcdLink, Pcscd]:
    """A link to vpcd, and the pcscd behind it. Raises SlotError with one line."""
    link = VpcdLink.connect()
    if link is not None:
        return link, Pcscd(None)
    if is_running():
        link = VpcdLink.connect(RUNNING_TIMEOUT_S)
        if link is None:
            raise SlotError(
                f"pcscd runs, but its virtual reader does not listen on port {PORT}: "
                "install vsmartcard-vpcd and restart pcscd"
            )
        return link, Pcscd(None)
    pcscd = Pcscd(_start())
    link = VpcdLink.connect(START_TIMEOUT_S)
    if link is None:
        pcscd.stop()
        raise SlotError(
            f"pcscd was started, but nothing listens on port {PORT}: is vsmartcard-vpcd installed?"
        )
    return link, pcscd


def _start() -> subprocess.Popen[bytes]:
    program = shutil.which("pcscd", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if program is None:
        raise SlotError("pcscd is not installed: apt-get install pcscd vsmartcard-vpcd")
    if not VPCD_CONFIGURATION.exists():
        raise SlotError("vpcd is not installed: apt-get install vsmartcard-vpcd")
    if os.geteuid() != 0:
        raise SlotError("no pcscd runs, and only root can start one: sudo systemctl start pcscd")
    PCSCD_SOCKET.parent.mkdir(parents=True, exist_ok=True)
    # Its own session, so that Ctrl-C reaches us alone and we end it after the card is out.
    return subprocess.Popen(
        [program, "--foreground"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
