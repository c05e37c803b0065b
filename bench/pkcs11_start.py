# SPDX-License-Identifier: GPL-2.0-or-later
"""What the start of a PKCS#11 library costs: LIST, and READ for 50 keys."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench.counting import CountingDevice
from tests.image import full_store


@dataclass(frozen=True)
class Pkcs11Start:
    """One board; `estimated_ms` is the card's part, without the host's and the bus's."""

    board: str
    keys: int
    apdus: int
    instructions: int
    estimated_ms: float


def measure(board: str, image: Path, folder: Path) -> Pkcs11Start:
    """`folder` is for the flash contents between two devices."""
    personalised = full_store.with_pkcs11_objects(board, image)
    personalised.device.power_off()
    flash_file = folder / f"{board}.pkcs11.flash"
    personalised.device.flash.save(flash_file)
    counting = CountingDevice(board, image, flash_file)
    apdus = 0

    def start() -> None:
        nonlocal apdus
        apdus = full_store.start_pkcs11(counting.card)

    count = counting.count(start)
    milliseconds = counting.estimated_ms(count)
    return Pkcs11Start(board, full_store.PKCS11_KEYS, apdus, count.instructions, milliseconds)
