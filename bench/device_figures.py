# SPDX-License-Identifier: GPL-2.0-or-later
"""What a user of the simulator feels: boot, snapshot restore, APDUs a second."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from pathlib import Path

from sim.apdu import command
from sim.device import Device
from sim.life import card as hsm
from sim.life.card import Card

RESTORES = 200
READS = 200
BOOTS = 5


@dataclass
class DeviceFigures:
    """One board."""

    board: str
    boot_instructions: int
    boot_cpu_s: float
    restore_ms: float
    apdus_per_s: float


def measure(board: str, image: Path, flash_file: Path) -> DeviceFigures:
    """On an HSM with one key: cold boot to the first answered APDU, restores, SELECT + READ."""
    boots = [_boot(board, image, flash_file) for _ in range(BOOTS)]
    device = boots[0][0]
    return DeviceFigures(
        board,
        boot_instructions=boots[0][1],
        boot_cpu_s=statistics.median(cpu_s for _, _, cpu_s in boots),
        restore_ms=_restore_ms(device),
        apdus_per_s=_apdus_per_s(device),
    )


def _boot(board: str, image: Path, flash_file: Path) -> tuple[Device, int, float]:
    device = Device.from_uf2(board, image, flash_file)
    start_s = time.process_time()
    device.power_on()
    Card(device.transmit).select()
    return device, device.instructions, time.process_time() - start_s


def _restore_ms(device: Device) -> float:
    """The median over snapshots restored after a command has changed the device."""
    card = Card(device.transmit)
    snapshot = device.snapshot()
    times_s = []
    for _ in range(RESTORES):
        card.list_objects()
        start_s = time.process_time()
        device.restore(snapshot)
        times_s.append(time.process_time() - start_s)
    return statistics.median(times_s) * 1000


def _apdus_per_s(device: Device) -> float:
    """SELECT by file identifier and READ BINARY of a key description, in turn."""
    file_id = hsm.DESCRIPTION_PREFIX | 1
    select = command(0x00, 0xA4, 0x00, 0x00, file_id.to_bytes(2, "big"), 256)
    read = command(0x00, 0xB1, 0x00, 0x00, bytes.fromhex("54020000"), 256)
    for apdu in (select, read):
        assert device.transmit(apdu).endswith(b"\x90\x00")
    start_s = time.process_time()
    for _ in range(READS):
        device.transmit(select)
        device.transmit(read)
    return 2 * READS / (time.process_time() - start_s)
