# SPDX-License-Identifier: GPL-2.0-or-later
"""A board with the real image: starts made once, commands recorded, boots."""

from __future__ import annotations

from collections.abc import Callable

from campaigns.powerloss import card_hosts as host
from campaigns.powerloss.card_scenarios import blank
from campaigns.powerloss.card_starts import DERIVED, EARLIER, STARTS, earlier_region
from sim.device import Device, DeviceSnapshot
from sim.life.card import Card
from sim.scenario.image_bench import Booted, ImageBench
from sim.scenario.images import Image
from sim.scenario.subject import Recording
from tools.product import image_of, require_images

# Functions of the port's Python module without which the firmware cannot see its data.
FIRST_LOOK = ("port_flash_view", "port_flash_is_erased")
# Every comparison of reference data begins with the stretch.
COMPARE = "crypto_stretch"
POOL = "arena"
POOL_BLOCK_HEADER_BYTES = 8
POOL_BLOCK_USED = b"DESU"
SECRET_WINDOW_BYTES = 16
# Fewer different bytes than that are a counter or a curve's number, not a secret.
SECRET_DIFFERENT_BYTES_MIN = 8


class BoardBench:
    """One board of `boards/`, seed `seed`."""

    def __init__(self, board: str, seed: int) -> None:
        require_images([board])
        self.board = board
        self.device = Device.from_uf2(board, image_of(board), seed=seed)
        self._bench = ImageBench(self.device, FIRST_LOOK, COMPARE, seed)
        self.geometry = f"{self._bench.sectors}x4096"
        self.card = Card(self._transmit)
        self._starts: dict[str, DeviceSnapshot] = {}

    def _transmit(self, apdu: bytes) -> bytes:
        if host.wants_a_press(apdu):
            return self.device.transmit_and_press(apdu)
        return self.device.transmit(apdu)

    # --- starts ---------------------------------------------------------------------------------

    def start(self, name: str, opening: Callable[[Card], object]) -> None:
        """Bring the card to the start called `name`, then open the session."""
        if name not in self._starts:
            self._make(name)
        self.device.restore(self._starts[name])
        opening(self.card)

    def _make(self, name: str) -> None:
        if name == "blank":
            self._bench.boot(self._bench.erased)
            blank(self.card)
        elif name in STARTS:
            self.start("blank", blank)
            STARTS[name](self.card)
        elif name == EARLIER:
            self._bench.boot(Image.of(earlier_region(self.board, self._bench.sectors)))
        else:
            origin, derive = DERIVED[name]
            self.start(origin, blank)
            derive(self)
        self._starts[name] = self.device.snapshot()

    def operations(self, ask: Callable[[], object]) -> int:
        """Flash operations of `ask`, which is undone."""
        counted: list[int] = []

        def count() -> None:
            before = self.device.flash.operation_count
            ask()
            counted.append(self.device.flash.operation_count - before)

        self.undone(count)
        return counted[0]

    # --- commands and boots ---------------------------------------------------------------------

    def record(self, command: Callable[[Card], object]) -> tuple[Recording, list[bytes]]:
        """Run the command; its journal, and what the crypto pool held at its first operation."""
        secrets: list[bytes] = []
        recording = self._bench.record(
            lambda: command(self.card), lambda: secrets.extend(self._pool_windows())
        )
        return recording, secrets

    def boot(self, image: Image) -> Booted:
        """Boot `image`; the card then answers."""
        return self._bench.boot(image)

    def shortcut_problem(self, image: Image) -> str:
        """What `boot` does otherwise than a boot from power-on; "" if nothing."""
        if self._bench.boot(image) == self._bench.boot_cold(image):
            return ""
        return "a boot from the snapshot before the first look is not like one from power-on"

    def undone(self, ask: Callable[[], None]) -> None:
        """Run `ask`, then put the device back to where it was."""
        snapshot = self.device.snapshot()
        ask()
        self.device.restore(snapshot)

    def _pool_windows(self) -> list[bytes]:
        """Pieces of all that the crypto pool holds: keys, the master key, private numbers."""
        pool = self.device.machine.read_symbol(POOL)
        windows: set[bytes] = set()
        at = 0
        while at + POOL_BLOCK_HEADER_BYTES <= len(pool):
            size = int.from_bytes(pool[at : at + 4], "little")
            if size < POOL_BLOCK_HEADER_BYTES:
                break
            if pool[at + 4 : at + POOL_BLOCK_HEADER_BYTES] == POOL_BLOCK_USED:
                windows |= _windows(pool[at + POOL_BLOCK_HEADER_BYTES : at + size])
            at += size
        return sorted(windows)


def _windows(block: bytes) -> set[bytes]:
    """Every 16 bytes, at words, as they stand and in the other byte order of a whole number."""
    found = set()
    for at in range(0, len(block) - SECRET_WINDOW_BYTES + 1, 4):
        piece = block[at : at + SECRET_WINDOW_BYTES]
        if len(set(piece)) >= SECRET_DIFFERENT_BYTES_MIN:
            found |= {piece, piece[::-1]}
    return found
