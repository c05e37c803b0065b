# SPDX-License-Identifier: GPL-2.0-or-later
"""Rescue application: settings, time, reboot, attestation key, on chip models."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature

import boards
from sim.apdu import command
from sim.cpu.processor import StopReason
from sim.device import Device, DeviceStopped
from sim.life.card import tlv

AID = bytes.fromhex("A0583FC19B7E4F21")
HASH = bytes(range(32))
OK = b"\x90\0"
PRESS_TIMEOUT = b"\x66\0"
NOW_S = 1_795_183_200
LED_GPIO = 16
SETTINGS = (
    tlv(0x00, bytes.fromhex("20A04230"))
    + tlv(0x04, bytes([LED_GPIO]))
    + tlv(0x06, b"\0\x08")
    + tlv(0x09, b"Somebody's token\0")
)
WRITE_SETTINGS = command(0x80, 0x1C, 0x01, 0x00, SETTINGS)
READ_SETTINGS = command(0x80, 0x1E, 0x01, 0x00, ne=256)


@pytest.fixture
def rescue(device: Device) -> Device:
    """With the rescue application selected, on a blank chip."""
    assert device.transmit(command(0x00, 0xA4, 0x04, 0x00, AID, 256))[-2:] == OK
    return device


def pressed(device: Device, apdu: bytes) -> bytes:
    """The answer to a command that waits for the button."""
    device.start_transmit(apdu)
    device.run_for_ms(1000)
    device.press_button()
    device.run_for_ms(300)
    device.release_button()
    return device.finish_transmit()


def restarted(device: Device) -> None:
    device.machine.power_off()
    device.power_on()


def identity(device: Device) -> tuple[int, int, str]:
    descriptor = device.host.device
    assert descriptor is not None
    name = device.host.strings[descriptor.product_index]
    return descriptor.vendor_id, descriptor.product_id, name


def test_settings_change_how_the_board_shows_itself(rescue: Device) -> None:
    usb = boards.load(rescue.board.name).usb
    assert rescue.transmit(READ_SETTINGS) == OK
    assert pressed(rescue, WRITE_SETTINGS) == OK
    assert identity(rescue) == (usb.vendor_id, usb.product_id, usb.product)
    restarted(rescue)
    assert identity(rescue) == (0x20A0, 0x4230, "Somebody's token")
    # The LED is at its other place, and steady.
    for _ in range(5):
        rescue.run_for_ms(500)
        outputs = rescue.machine.block("SIO").values["GPIO_OUT"]
        assert outputs & 1 << LED_GPIO and not outputs & 1 << rescue.board.led_gpio
    rescue.transmit(command(0x00, 0xA4, 0x04, 0x00, AID, 256))
    assert rescue.transmit(READ_SETTINGS) == SETTINGS + OK


def test_settings_want_a_press(rescue: Device) -> None:
    assert rescue.transmit(WRITE_SETTINGS) == PRESS_TIMEOUT
    assert rescue.transmit(READ_SETTINGS) == OK


def test_the_clock_runs_by_the_timer_of_the_chip(rescue: Device) -> None:
    read = command(0x80, 0x1E, 0x04, 0x02, ne=256)
    assert rescue.transmit(read) == b"\x69\x85"
    assert rescue.transmit(command(0x80, 0x1C, 0x02, 0x02, NOW_S.to_bytes(4, "big"))) == OK
    begin_ms = rescue.virtual_ms
    rescue.run_for_ms(90_000)
    answer = rescue.transmit(read)
    assert answer[-2:] == OK
    elapsed_s = int.from_bytes(answer[:-2], "big") - NOW_S
    assert abs(elapsed_s - (rescue.virtual_ms - begin_ms) / 1000) <= 1
    # 20 November 2026, a Friday; months count from 0.
    date = bytes.fromhex("07EA 0A 14 05")
    read = command(0x80, 0x1E, 0x04, 0x01, ne=256)
    answer = rescue.transmit(read)
    assert answer[:5] == date and answer[-2:] == OK
    night = date + bytes.fromhex("173B3B")
    assert rescue.transmit(command(0x80, 0x1C, 0x02, 0x01, night)) == OK
    rescue.run_for_ms(1500)
    assert rescue.transmit(read)[:5] == bytes.fromhex("07EA 0A 15 06")


def test_a_reboot_comes_after_its_answer(rescue: Device) -> None:
    assert rescue.transmit(command(0x80, 0x1C, 0x02, 0x02, bytes(4))) == OK
    assert rescue.transmit(command(0x80, 0x1F, 0x00, 0x00)) == OK
    rescue.run_for_ms(1000)
    rescue.attach()
    assert rescue.transmit(command(0x00, 0xA4, 0x04, 0x00, AID, 256))[-2:] == OK
    # The clock has stopped.
    assert rescue.transmit(command(0x80, 0x1E, 0x04, 0x02, ne=256)) == b"\x69\x85"


def test_the_loader_wants_a_press(rescue: Device) -> None:
    apdu = command(0x80, 0x1F, 0x01, 0x00)
    assert rescue.transmit(apdu) == PRESS_TIMEOUT
    assert pressed(rescue, apdu) == OK
    with pytest.raises(DeviceStopped, match=StopReason.BOOTSEL.value):
        rescue.run_for_ms(1000)


def test_the_attestation_key(personalised: Device) -> None:
    def attest(p1: int, data: bytes = b"") -> bytes:
        personalised.transmit(command(0x00, 0xA4, 0x04, 0x00, AID, 256))
        answer = personalised.transmit(command(0x80, 0x10, p1, 0x00, data, 256))
        assert answer[-2:] == OK
        return answer[:-2]

    public = attest(2)
    restarted(personalised)
    signature = attest(1, HASH)
    assert attest(2) == public
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
    key.verify(encode_dss_signature(r, s), HASH, ec.ECDSA(Prehashed(hashes.SHA256())))
