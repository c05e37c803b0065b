# SPDX-License-Identifier: GPL-2.0-or-later
"""What a command costs on the chip: instructions, time, the share outside crypto.

The commands run in the chip model with every instruction counted where it lies; the cycle model
turns counts into cycles and the board's clock turns these into milliseconds. RSA key generation is
left out here: its time is a matter of luck, and `make sim` shows it with the primes tried.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import boards
from bench.cycle_model import CycleModel
from bench.link_map import LinkMap
from sim.device import Device, DeviceSnapshot
from sim.life import card as hsm
from sim.life.card import Card
from sim.soc import CHIPS

PIN = b"648219"
SO_PIN = b"57621880"
KEY_P256, KEY_RSA, KEY_NEW = 1, 2, 3
MESSAGE = b"Attack at dawn."
CRYPTO_LIBRARY = "libhsm_crypto_core.a"


@dataclass
class Operation:
    """One command on one board."""

    board: str
    clock_mhz: int
    name: str
    instructions: int
    outside_library: int
    cycles: int

    @property
    def estimated_ms(self) -> float:
        """Milliseconds on the chip, if code and tables come without wait states."""
        return self.cycles / self.clock_mhz / 1000


class Bench:
    """A personalised device with exact counts, and its commands."""

    def __init__(self, board: str, image: Path, flash_file: Path) -> None:
        self._board = boards.load(board)
        self._map = LinkMap(image.with_suffix(".map"))
        self._device = Device.from_uf2(board, image, flash_file, exact=True, coverage=True)
        self._device.power_on()
        self._card = Card(self._device.transmit)
        self._card.select()
        self._card.verify(PIN)
        self._ready: DeviceSnapshot = self._device.snapshot()
        core = CHIPS[self._board.chip].cpu_model
        self._cycles = CycleModel(core, self._device.machine.read_memory)

    def measure(self) -> list[Operation]:
        """All commands of the table, each from the same state."""
        card = self._card
        p256 = hsm.ec_key_template("secp256r1")
        return [
            self._one("VERIFY", lambda: card.verify(PIN)),
            self._one("GENERATE P-256", lambda: card.generate_key_pair(KEY_NEW, p256)),
            self._one("SIGN P-256", lambda: card.sign(KEY_P256, hsm.SIGN_ECDSA_SHA256, MESSAGE)),
            self._one(
                "SIGN RSA-2048", lambda: card.sign(KEY_RSA, hsm.SIGN_RSA_PKCS1_SHA256, MESSAGE)
            ),
        ]

    def _one(self, name: str, run: Callable[[], object]) -> Operation:
        self._device.restore(self._ready)
        # The first use of a command imports its module; what a host feels is the second.
        if name.startswith("SIGN"):
            run()
        machine = self._device.machine
        machine.clear_coverage()
        run()
        counts = machine.execution_counts()
        outside = sum(
            count
            for address, count in counts.items()
            if CRYPTO_LIBRARY not in self._map.origin(address)
        )
        return Operation(
            self._board.name,
            self._board.clock_hz // 1_000_000,
            name,
            sum(counts.values()),
            outside,
            self._cycles.cycles(counts),
        )


def personalise(board: str, image: Path, flash_file: Path) -> None:
    """Makes the flash contents that the other measurements start from: one EC and one RSA key."""
    device = Device.from_uf2(board, image)
    device.power_on()
    card = Card(device.transmit)
    card.select()
    card.initialize(PIN, SO_PIN)
    card.generate_key_pair(KEY_P256, hsm.ec_key_template("secp256r1"))
    card.generate_key_pair(KEY_RSA, hsm.rsa_key_template(2048))
    device.power_off()
    device.flash.save(flash_file)
