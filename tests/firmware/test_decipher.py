# SPDX-License-Identifier: GPL-2.0-or-later
"""DECIPHER: raw RSA, its checks and its use counter."""

import cvc
import hsm_crypto
import pytest
from device import Device, tlv

P256 = hsm_crypto.curve_parameters(hsm_crypto.CURVE_SECP256R1)[0]
RSA_KEY, EC_KEY = 9, 8
RAW = 0x21


@pytest.fixture(scope="module")
def device() -> Device:
    device = Device(sectors=64)
    device.initialize()
    device.verify()
    return device


@pytest.fixture(scope="module")
def key(device: Device) -> cvc.Rsa:
    certificate = cvc.public_key(cvc.check_certificate(device.read(0x2F02))[0x7F49])
    assert isinstance(certificate, cvc.Ec)
    fields = cvc.check_request(device.generate_rsa(RSA_KEY, 1024), certificate)
    key = cvc.public_key(fields[0x7F49])
    assert isinstance(key, cvc.Rsa)
    device.generate_ec(EC_KEY, P256)
    return key


def decipher(device: Device, key_id: int, p2: int, data: bytes, expect: int = 0x9000) -> bytes:
    """Send DECIPHER with an extended length field."""
    header = bytes((0x80, 0x62, key_id, p2, 0)) + len(data).to_bytes(2, "big")
    return device.send(header + data + b"\x00\x00", expect)


def test_what_was_encrypted_comes_back(device: Device, key: cvc.Rsa) -> None:
    for message in (b"\x00\x02" + b"\xa5" * 126, bytes(127) + b"\x07", bytes(128)):
        number = int.from_bytes(message, "big")
        cryptogram = pow(number, key.exponent, key.modulus).to_bytes(128, "big")
        assert decipher(device, RSA_KEY, RAW, cryptogram) == message


def test_bad_input_is_refused(device: Device, key: cvc.Rsa) -> None:
    for length in (1, 127, 129, 256):
        decipher(device, RSA_KEY, RAW, bytes(length), expect=0x6700)
    decipher(device, RSA_KEY, RAW, key.modulus.to_bytes(128, "big"), expect=0x6400)
    decipher(device, RSA_KEY, RAW, b"\xff" * 128, expect=0x6400)
    decipher(device, EC_KEY, RAW, bytes(128), expect=0x6400)
    decipher(device, 77, RAW, bytes(128), expect=0x6A82)
    for algorithm in (0x00, 0x20, 0x24, 0x70, 0x80, 0xFF):
        decipher(device, RSA_KEY, algorithm, bytes(128), expect=0x6A86)


def test_no_number_above_the_modulus_meets_the_key(
    device: Device, key: cvc.Rsa, monkeypatch
) -> None:
    def used(*_: object) -> None:
        pytest.fail("the key was used")

    monkeypatch.setattr(hsm_crypto.RsaKey, "raw_into", used)
    for number in (key.modulus, key.modulus + 1, (1 << 1024) - 1):
        block = number.to_bytes(128, "big")
        decipher(device, RSA_KEY, RAW, block, expect=0x6400)
        device.sign(RSA_KEY, 0x20, block, expect=0x6400)


def test_the_key_says_what_it_is_for(device: Device) -> None:
    for allowed, expect in ((b"\x21", 0x9000), (b"\x20\x30", 0x6985)):
        device.generate_rsa(RSA_KEY + 1, 1024, tlv(0x91, allowed))
        decipher(device, RSA_KEY + 1, RAW, bytes(128), expect=expect)


def test_uses_are_counted(device: Device) -> None:
    device.generate_rsa(RSA_KEY + 2, 1024, tlv(0x90, bytes((0, 0, 0, 2))))
    decipher(device, RSA_KEY + 2, RAW, bytes(127), expect=0x6700)
    for expect in (0x9000, 0x9000, 0x6A84):
        decipher(device, RSA_KEY + 2, RAW, bytes(128), expect=expect)


def test_nothing_without_login(device: Device, key: cvc.Rsa) -> None:
    device.select()
    decipher(device, RSA_KEY, RAW, bytes(128), expect=0x6982)
