# SPDX-License-Identifier: GPL-2.0-or-later
"""What a store used to its limits costs: memory of its index, mount, reading.

For the tests of the image and for the benchmark: everything goes through APDUs. PINs have the
lowest stretching cost, which is not measured here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sim.apdu import SW_SUCCESS
from sim.device import Device
from sim.life import card as hsm
from sim.life.card import Card
from sim.residue.watch import watched
from tests.image import gc_heap

PIN = b"648219"
SO_PIN = b"57621880"

KEYS_MAX = 255
SMALL_FILES = 200
SMALL_FILE_BYTES = 100
PUBLIC_DATA_PREFIX = 0xCF00
PRIVATE_DATA_PREFIX = 0xCD00
DATA_DESCRIPTION_PREFIX = 0xC900

PKCS11_KEYS = 50
CERTIFICATE_BYTES = 700

LARGE_FILE_BYTES = 120_000
WRITE_BYTES = 3900
SW_NOT_ENOUGH_MEMORY = 0x6A84

# Enough commands for several automatic collections of the garbage.
EXCHANGES = 400


@dataclass
class FullStoreFigures:
    """One board."""

    board: str
    index_heap_bytes: int
    list_instructions: int
    read_instructions: int
    file_bytes: int
    full_boot_instructions: int


def content(number: int, length: int) -> bytes:
    """Bytes of a file that no other file has."""
    return hashlib.shake_128(number.to_bytes(4, "big")).digest(length)


class Personalised:
    """An initialised device, logged in, and instructions counted around its commands."""

    def __init__(self, board: str, image: Path) -> None:
        self.device = watched(Device.from_uf2(board, image))
        self.device.power_on()
        self.card = Card(self.device.transmit)
        self.card.select()
        self.card.initialize(PIN, SO_PIN, pin_iterations=hsm.PIN_ITERATIONS_MIN)

    def instructions(self, run: Callable[[], object]) -> int:
        """Instructions that the device spends while `run` uses it."""
        before = self.device.instructions
        run()
        return self.device.instructions - before

    def boot_instructions(self) -> int:
        """From power-on to the first answer: the mount, mostly."""
        self.device.power_off()
        before = self.device.instructions
        self.device.power_on()
        self.card.select()
        return self.device.instructions - before

    def live_heap_bytes(self) -> int:
        """What lives in the heap after a cold boot."""
        self.boot_instructions()
        return gc_heap.lowest_use_bytes(self.device, self.card.select, EXCHANGES)


def measure(board: str, image: Path) -> FullStoreFigures:
    """All figures of a board."""
    index = measure_index(board, image)
    return FullStoreFigures(board=board, **index, **measure_capacity(board, image))


def measure_index(board: str, image: Path) -> dict[str, int]:
    """255 keys and 200 files: what the index takes of the heap, what LIST and READ cost."""
    hsm_device = Personalised(board, image)
    empty = hsm_device.live_heap_bytes()
    hsm_device.card.verify(PIN)
    template = hsm.ec_key_template("secp256r1")
    for key_id in range(1, KEYS_MAX + 1):
        hsm_device.card.generate_key_pair(key_id, template)
    for number in range(SMALL_FILES):
        data = content(number, SMALL_FILE_BYTES)
        hsm_device.card.write_file(PUBLIC_DATA_PREFIX | number, data)
    full = hsm_device.live_heap_bytes()
    # The index is a table made at boot, far larger than anything else in the heap.
    table = gc_heap.largest_object_bytes(hsm_device.device)
    card = hsm_device.card
    last = PUBLIC_DATA_PREFIX | SMALL_FILES - 1
    card.read_file(last)
    return {
        "index_heap_bytes": table + full - empty,
        "list_instructions": hsm_device.instructions(card.list_objects),
        "read_instructions": hsm_device.instructions(lambda: card.read_file(last)),
    }


def with_pkcs11_objects(board: str, image: Path) -> Personalised:
    """A device with PKCS11_KEYS keys and certificates."""
    hsm_device = Personalised(board, image)
    template = hsm.ec_key_template("secp256r1")
    for key_id in range(1, PKCS11_KEYS + 1):
        hsm_device.card.generate_key_pair(key_id, template)
        certificate = content(key_id, CERTIFICATE_BYTES)
        hsm_device.card.write_file(hsm.CERTIFICATE_PREFIX | key_id, certificate)
    return hsm_device


def start_pkcs11(card: Card) -> int:
    """LIST, then description and certificate of all keys, as PKCS#11 libraries start; APDUs."""
    apdus = 1
    for file_id in card.list_objects():
        key_id = file_id ^ hsm.KEY_PREFIX
        if 0 < key_id <= KEYS_MAX:
            card.read_file(hsm.DESCRIPTION_PREFIX | key_id)
            card.read_file(hsm.CERTIFICATE_PREFIX | key_id)
            apdus += 2
    return apdus


def measure_capacity(board: str, image: Path) -> dict[str, int]:
    """Files until the card says 6A84; all must be there after a cold boot, which is counted."""
    hsm_device = Personalised(board, image)
    lengths: dict[int, int] = {}
    for number in range(256):
        written = _write_until_full(hsm_device.card, number)
        if written:
            lengths[PUBLIC_DATA_PREFIX | number] = written
        if written < LARGE_FILE_BYTES:
            break
    boot = hsm_device.boot_instructions()
    for file_id, length in lengths.items():
        expected = content(file_id & 0xFF, LARGE_FILE_BYTES)[:length]
        if hsm_device.card.read_file(file_id, 3900) != expected:
            raise AssertionError(f"{board}: file {file_id:04X} is not what was written")
    return {"file_bytes": sum(lengths.values()), "full_boot_instructions": boot}


def _write_until_full(card: Card, number: int) -> int:
    """Bytes of a large file that were accepted."""
    data = content(number, LARGE_FILE_BYTES)
    for offset in range(0, len(data), WRITE_BYTES):
        block = data[offset : offset + WRITE_BYTES]
        sw = card.update_binary(PUBLIC_DATA_PREFIX | number, offset, block)
        if sw == SW_NOT_ENOUGH_MEMORY:
            return offset
        if sw != SW_SUCCESS:
            raise AssertionError(f"UPDATE BINARY: {sw:04X}")
    return len(data)
