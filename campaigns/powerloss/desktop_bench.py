# SPDX-License-Identifier: GPL-2.0-or-later
"""The whole firmware on the desktop: the boards' commands over the twins."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

from campaigns import twins
from campaigns.powerloss import card_hosts as host
from campaigns.powerloss.card_starts import STARTS
from sim.entropy import Entropy
from sim.flash.cells import ERASED_SECTOR
from sim.life.card import Card
from sim.scenario.image_bench import Booted
from sim.scenario.images import Image
from sim.scenario.subject import Recording

# ruff: isort: split
import hsm_crypto
from device import Device

from campaigns.powerloss.recording_flash import RecordingFlash

BOARD = "card"
SECTORS = 32
SECRET_BYTES_MIN = 16
PRESS_MS = 300
SCALAR_BYTES_MAX = 66
ROOT_RECORD_BYTES = 33
assert twins.FOLDERS


class DesktopBench:
    """The firmware over the twins, its noise made of `seed` alone."""

    board = BOARD
    geometry = f"{SECTORS}x4096"

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._device = Device(sectors=SECTORS)
        self._starts: dict[str, Image] = {}
        self.card = Card(self._transmit)

    def _transmit(self, apdu: bytes) -> bytes:
        if not host.wants_a_press(apdu):
            return self._device.transmit(apdu)
        board = self._device.board
        board.presses_ms = [(board.uptime_ms + PRESS_MS, board.uptime_ms + 2 * PRESS_MS)]
        answer = self._device.transmit(apdu)
        board.presses_ms = []
        return answer

    # --- starts ---------------------------------------------------------------------------------

    def start(self, name: str, opening: Callable[[Card], object]) -> None:
        """Bring the card to the start called `name`, then open the session."""
        if name not in self._starts:
            self._power_on(Image.of(ERASED_SECTOR * SECTORS), "start")
            STARTS[name](self.card)
            self._starts[name] = self._flash.image_now()
        self._power_on(self._starts[name], "opening")
        opening(self.card)

    def _power_on(self, image: Image, purpose: str = "boot") -> None:
        # Two lives of one card must not draw the same numbers.
        hsm_crypto.draw = Entropy(self._seed, purpose).data
        hsm_crypto.live_handles.clear()
        self._flash = RecordingFlash(image)
        self._device.board.flash = self._flash
        self._device.power_on()

    # --- commands and boots ---------------------------------------------------------------------

    def record(self, command: Callable[[Card], object]) -> tuple[Recording, list[bytes]]:
        """Run the command; its journal, and what the crypto module's handles held."""
        start = self._flash.image_now()
        done = len(self._flash.entries)
        with _Watched(self._flash) as watched:
            command(self.card)
        entries = self._flash.entries[done:]
        first = None if watched.compared_at is None else watched.compared_at - done
        return Recording(start, entries, first), sorted(watched.secrets)

    def boot(self, image: Image) -> Booted:
        """Boot `image`; the card then answers."""
        self._power_on(image)
        return Booted(self._flash.entries, image.replay(self._flash.entries), 0)

    def shortcut_problem(self, image: Image) -> str:
        """Every boot is one from power-on."""
        return ""

    def undone(self, ask: Callable[[], None]) -> None:
        """Run `ask`, then boot from the flash as it was."""
        image = self._flash.image_now()
        ask()
        self._power_on(image)


class _Watched:
    """Looks on while a command runs: when a PIN is stretched, and what handles hold."""

    def __init__(self, flash: RecordingFlash) -> None:
        self._flash = flash
        self.compared_at: int | None = None
        self.secrets: set[bytes] = set()
        self._patches = ExitStack()
        self._stretch = hsm_crypto.Secret.stretch
        self._make = hsm_crypto._Handle._make.__func__

    def __enter__(self) -> _Watched:
        stretch = staticmethod(self._stretched)
        self._patches.enter_context(patch.object(hsm_crypto.Secret, "stretch", stretch))
        make = classmethod(self._made)
        self._patches.enter_context(patch.object(hsm_crypto._Handle, "_make", make))
        return self

    def __exit__(self, *exc: object) -> None:
        self._patches.close()

    def _stretched(self, *arguments: Any) -> Any:
        if self.compared_at is None:
            self.compared_at = len(self._flash.entries)
        return self._stretch(*arguments)

    def _made(self, kind: type, content: Any) -> Any:
        if isinstance(content, int):
            content_bytes = content.to_bytes(SCALAR_BYTES_MAX, "big").lstrip(b"\0")
        else:
            content_bytes = content if isinstance(content, bytes) else b""
        # The root record stands in the flash as it is: it is no secret.
        if len(content_bytes) >= SECRET_BYTES_MIN and len(content_bytes) != ROOT_RECORD_BYTES:
            self.secrets.add(content_bytes)
        return self._make(kind, content)
