# SPDX-License-Identifier: GPL-2.0-or-later
"""What every use of a key costs: instructions, time, the share outside crypto.

Each command starts from the same state of an equipped card. RSA key generation is in
rsa_generation.py: its time is a matter of luck.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.counting import CountingDevice
from sim.device import Device, DeviceSnapshot
from sim.life import card as hsm
from sim.life.card import Card
from tests.image import equipped_card
from tests.image.equipped_card import KEY_NEW, PIN

# A command's first use loads its modules; what a host feels is every later one. These load all.
FIRST_USES = (
    "VERIFY",
    *("SIGN P-256", "SIGN Ed25519", "SIGN RSA-1024"),
    *("DECIPHER RSA-1024", "ECDH P-256", "ECDH X25519"),
    *("WRAP P-256", "UNWRAP P-256"),
    *("CIPHER CMAC", "CIPHER AES-GCM", "CIPHER HMAC SHA-256"),
    *("GENERATE P-256", "GENERATE X25519", "GENERATE AES-256", "DERIVE P-256"),
)


@dataclass(frozen=True)
class Operation:
    """One command on one board. `kind`: the group it is shown in."""

    board: str
    clock_mhz: int
    kind: str
    name: str
    instructions: int
    outside_library: int
    estimated_ms: float


def count() -> int:
    """How many commands are measured on a board."""
    return len(equipped_card.all_uses())


def measure(
    board: str, image: Path, flash_file: Path, advance: Callable[[str], None]
) -> list[Operation]:
    """All of them on an equipped card; `advance` is called with each name before it is counted."""
    counting = CountingDevice(board, image, flash_file)
    counting.card.verify(PIN)
    _load_modules(counting.card)
    ready = counting.device.snapshot()
    return [*_operations(counting, ready, advance)]


def _operations(
    counting: CountingDevice, ready: DeviceSnapshot, advance: Callable[[str], None]
) -> Iterator[Operation]:
    for use in equipped_card.all_uses():
        advance(use.name)
        counting.device.restore(ready)
        count = counting.count(use.prepare(counting.card))
        yield Operation(
            counting.board,
            counting.clock_mhz,
            use.kind,
            use.name,
            count.instructions,
            count.outside_library,
            counting.estimated_ms(count),
        )


def _load_modules(card: Card) -> None:
    for use in equipped_card.all_uses():
        if use.name in FIRST_USES:
            use.prepare(card)()
    card.delete_file(hsm.KEY_PREFIX | KEY_NEW)
    card.delete_file(hsm.DESCRIPTION_PREFIX | KEY_NEW)


def personalise(board: str, image: Path, flash_file: Path) -> None:
    """Makes the flash contents that the other measurements start from."""
    device = Device.from_uf2(board, image)
    device.power_on()
    equipped_card.equip(Card(device.transmit))
    device.power_off()
    device.flash.save(flash_file)
