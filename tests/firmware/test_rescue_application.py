# SPDX-License-Identifier: GPL-2.0-or-later
"""The rescue application: SELECT, and READ of space and wear ([SCHSM] 24)."""

import struct

import hsm_crypto
import hsm_port
import pytest
from device import Device
from hsm.store import BLANK, READY

P256 = hsm_crypto.curve_parameters(hsm_crypto.CURVE_SECP256R1)[0]
SELECT = "00A4040008A0583FC19B7E4F2100"
SECTORS = 32
ERASES_RATED = 100_000


def space(device: Device) -> tuple[int, ...]:
    """Free, used, total, files, size of the flash."""
    device.send(SELECT)
    return struct.unpack(">5I", device.send("801E020000"))


def wear(device: Device) -> tuple[int, ...]:
    """Highest erase count, sum of erase counts, sectors retired, sectors, erases rated."""
    device.send(SELECT)
    return struct.unpack(">5I", device.send("801E020100"))


@pytest.mark.parametrize(("chip", "platform"), [("rp2040", 0), ("rp2350", 1)])
def test_select(chip: str, platform: int) -> None:
    device = Device(chip=chip)
    assert device.send(SELECT) == bytes([platform, 1, 6, 6]) + device.board.unique_id
    device.send("8058000000", 0x6D00)
    device.select()
    device.send("8058000000")
    device.send("801E020000", 0x6D00)


@pytest.mark.parametrize("p1_p2", ["0000", "0101", "0202", "02FF", "0400", "0403", "0500"])
def test_what_read_does_not_tell(p1_p2: str) -> None:
    device = Device()
    device.send(SELECT)
    device.send(f"801E{p1_p2}00", 0x6A86)


@pytest.mark.parametrize("apdu", ["801E030000", "801D000100", "801D010000", "80DA000000"])
def test_secure_boot_is_not_built(apdu: str) -> None:
    device = Device()
    device.send(SELECT)
    device.send(apdu, 0x6D00)


@pytest.mark.parametrize("ins", ["10010000", "1C020200", "1E020000", "1F000000"])
def test_the_class_is_proprietary(ins: str) -> None:
    device = Device()
    device.send(SELECT)
    before = device.flash.image()
    device.send("00" + ins, 0x6E00)
    device.send("801E020000")
    device.send(SELECT)
    assert device.flash.image() == before and device.card.restart is None


def test_a_blank_chip_is_empty_and_unworn() -> None:
    device = Device(SECTORS)
    free, used, total, files, size = space(device)
    assert (free, used, files) == (total, 0, 0)
    assert 0 < total < SECTORS * 4096
    assert size == hsm_port.FLASH_SIZE_BYTES
    assert wear(device) == (0, 0, 0, SECTORS, ERASES_RATED)


def test_space_follows_the_files() -> None:
    device = Device(SECTORS)
    device.initialize()
    before = space(device)
    assert before[0] + before[1] == before[2]
    # The device's key, description, request and certificate.
    assert before[3] == 4
    device.select()
    device.verify()
    device.generate_ec(1, P256)
    device.write(0xCF01, 0, bytes(3000))
    after = space(device)
    # A key, its description and request, and the file.
    assert after[3] == before[3] + 4
    assert after[2:] == before[2:3] + after[3:4] + before[4:]
    assert before[0] - after[0] == after[1] - before[1] > 3000
    # The same number that INITIALIZE's query tells.
    device.select()
    assert device.send("8050000000")[:4] == after[0].to_bytes(4, "big")
    device.verify()
    device.delete(0xCF01)
    assert space(device)[3] == after[3] - 1


def test_wear_is_that_of_the_flash() -> None:
    device = Device(SECTORS)
    device.initialize()
    device.verify()
    for _ in range(60):
        device.write(0xCF01, 0, bytes(3000))
    highest, total, retired, sectors, rated = wear(device)
    counts = device.flash.erase_counts
    assert (highest, total) == (max(counts), sum(counts))
    assert highest >= 1 and (retired, sectors, rated) == (0, SECTORS, ERASES_RATED)
    device.power_on()
    assert wear(device) == (highest, total, retired, sectors, rated)


def test_a_store_that_cannot_be_read_tells_nothing() -> None:
    device = Device(SECTORS)
    device.initialize()
    # Damaged, or of another version.
    device.card.store.state = max(BLANK, READY) + 1
    device.send(SELECT)
    device.send("801E020000", 0x6581)
    device.send("801E020100", 0x6581)
