# SPDX-License-Identifier: GPL-2.0-or-later
"""The wire to vpcd, the virtual reader in pcscd: we are its card, over TCP.

vpcd listens, a card connects. Each message is a 16-bit big-endian length and that many bytes; from
vpcd a message of one byte is a control code, anything longer a command APDU ([SCHSM] 1.4).
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable

HOST = "127.0.0.1"
PORT = 35963

POWER_OFF = 0
POWER_ON = 1
RESET = 2
GET_ATR = 4

# pcscd asks an inserted card for its ATR at least once a second; silence means the slot is taken.
FIRST_MESSAGE_TIMEOUT_S = 6.0
POLL_S = 0.2


class SlotError(Exception):
    """The reader's slot cannot be had; one line for the user."""


class Closed(Exception):
    """vpcd closed the connection: pcscd stopped."""


class VpcdLink:
    """One connection to vpcd."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection

    @classmethod
    def connect(cls, timeout_s: float = 0.0) -> VpcdLink | None:
        """Connect, trying for `timeout_s`; None when nobody listens."""
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                connection = socket.create_connection((HOST, PORT), timeout=POLL_S * 5)
            except TimeoutError:
                # The listener's queue is full: a card holds the slot and another one waits.
                raise SlotError(SLOT_TAKEN) from None
            except OSError:
                if time.monotonic() >= deadline:
                    return None
                time.sleep(POLL_S / 2)
                continue
            connection.settimeout(None)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return cls(connection)

    def wait_for_first_message(self, stop: Callable[[], bool]) -> None:
        """Return when vpcd speaks or `stop` says so; SlotError when it stays silent."""
        deadline = time.monotonic() + FIRST_MESSAGE_TIMEOUT_S
        while not self._readable() and not stop():
            if time.monotonic() >= deadline:
                raise SlotError(SLOT_TAKEN)

    def receive(self, stop: Callable[[], bool]) -> bytes | None:
        """The next message; None when `stop` becomes true while waiting. Raises Closed."""
        while not self._readable():
            if stop():
                return None
        length = int.from_bytes(self._exactly(2), "big")
        return self._exactly(length)

    def send(self, message: bytes) -> None:
        """Send one message; raises Closed."""
        try:
            self._socket.sendall(len(message).to_bytes(2, "big") + message)
        except OSError:
            raise Closed from None

    def close(self) -> None:
        """Take the card out."""
        self._socket.close()

    def _readable(self) -> bool:
        return bool(select.select([self._socket], [], [], POLL_S)[0])

    def _exactly(self, length: int) -> bytes:
        data = b""
        while len(data) < length:
            try:
                part = self._socket.recv(length - len(data))
            except OSError:
                raise Closed from None
            if not part:
                raise Closed
            data += part
            # vpcd sends length and message apart and waits for our ACK in between: without this,
            # the kernel lets it wait 40 ms each time.
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        return data


SLOT_TAKEN = (
    f"another card holds the slot of vpcd (port {PORT}): stop the other program, "
    "or the pcscd it is attached to"
)
