# SPDX-License-Identifier: GPL-2.0-or-later
"""Secure messaging with the image: the PIN and a key, through a channel."""

import pytest

from sim.device import Device
from sim.life import card as hsm
from sim.life.card import Card
from sim.life.secure_channel import SecureChannel
from tests.image.conftest import EC_KEY, PIN, SO_PIN
from tests.image.test_residue import ram

SECRET = 0x1234567890ABCDEF1234567890ABCDEF
SIGN = bytes((0x80, 0x68, EC_KEY, hsm.SIGN_ECDSA_SHA256))
CONTENTS = bytes(i * 7 % 251 for i in range(900))


@pytest.fixture
def channel(personalised: Device) -> SecureChannel:
    channel = SecureChannel(personalised.transmit, SECRET)
    channel.send("00200081", PIN, None)
    return channel


def test_a_key_is_used_in_the_channel(channel: SecureChannel) -> None:
    for _ in range(3):
        assert len(channel.send(SIGN, b"message", 256)) > 64


def test_long_data_in_the_channel(channel: SecureChannel) -> None:
    field = hsm.tlv(0x54, b"\0\0") + hsm.tlv(0x53, CONTENTS)
    channel.send("10D7CD01", field[:500])
    channel.send("00D7CD01", field[500:])
    assert channel.send("00B1CD01", hsm.tlv(0x54, b"\0\0")) == CONTENTS
    answer = channel.transmit("00B1CD01", hsm.tlv(0x54, b"\0\0"), None)
    collected = b""
    while answer[-2] == 0x61:
        answer = channel.transmit("00C00000", b"", 256)
        collected += answer[:-2]
    assert collected == CONTENTS and answer[-2:] == b"\x90\x00"


def test_a_wrong_mac_ends_channel_and_session(personalised: Device, channel: SecureChannel) -> None:
    apdu = bytearray(channel.wrap(SIGN, b"message"))
    apdu[-3] ^= 1
    assert personalised.transmit(bytes(apdu)) == b"\x69\x88"
    assert personalised.transmit(channel.wrap(SIGN, b"message")) == b"\x6e\x00"
    assert Card(personalised.transmit).pin_status() == 0x63C3


def test_a_plain_command_ends_channel_and_session(
    personalised: Device, channel: SecureChannel
) -> None:
    assert Card(personalised.transmit).pin_status() == 0x63C3
    assert personalised.transmit(channel.wrap(SIGN, b"message")) == b"\x6e\x00"


def test_power_off_ends_the_channel(personalised: Device, channel: SecureChannel) -> None:
    personalised.icc_power_off()
    personalised.icc_power_on()
    assert personalised.transmit(channel.wrap(SIGN, b"message")) == b"\x6e\x00"


# --- What it leaves in RAM ------------------------------------------------------------------------


def test_protected_data_do_not_stay(personalised: Device, channel: SecureChannel) -> None:
    pieces = (CONTENTS[:16], CONTENTS[-16:])
    field = hsm.tlv(0x54, b"\0\0") + hsm.tlv(0x53, CONTENTS)
    channel.send("10D7CD01", field[:500])
    channel.send("00D7CD01", field[500:])
    personalised.run_for_ms(1)
    assert not any(piece in ram(personalised) for piece in pieces)
    assert channel.send("00B1CD01", hsm.tlv(0x54, b"\0\0")) == CONTENTS
    personalised.run_for_ms(1)
    assert not any(piece in ram(personalised) for piece in pieces)
    # The rest of an answer waits for GET RESPONSE; the search finds it.
    assert channel.transmit("00B1CD01", hsm.tlv(0x54, b"\0\0"), None) == b"\x61\x00"
    personalised.run_for_ms(1)
    assert CONTENTS[-16:] in ram(personalised)
    channel.send("00840000", b"", 8)
    personalised.run_for_ms(1)
    assert not any(piece in ram(personalised) for piece in pieces)


def test_pins_do_not_stay(device: Device) -> None:
    card = Card(device.transmit)
    card.select()
    card.initialize(b"a user pin", SO_PIN, pin_iterations=16, options=0x0005)
    channel = SecureChannel(device.transmit, SECRET)
    channel.send("00200081", b"a user pin", None)
    session_pin = channel.send("805A0181", b"", 256)
    assert len(session_pin) == 12
    device.run_for_ms(1)
    assert not any(pin in ram(device) for pin in (b"a user pin", session_pin))
    channel.send("00200081", session_pin, None)
    device.run_for_ms(1)
    assert session_pin not in ram(device)
    assert channel.send("00200081") == b""
