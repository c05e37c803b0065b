# SPDX-License-Identifier: GPL-2.0-or-later
"""DECIPHER with RSA: raw, v1.5 and OAEP, their checks and the use counter."""

import cvc
import hsm_crypto
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from device import Device, tlv

P256 = hsm_crypto.curve_parameters(hsm_crypto.CURVE_SECP256R1)[0]
RSA_KEY, EC_KEY = 9, 8
RAW, PKCS1, OAEP = 0x21, 0x22, 0x23
OAEP_SHA256 = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)


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


def test_what_was_encrypted_comes_back(device: Device, key: cvc.Rsa) -> None:
    for message in (b"\x00\x02" + b"\xa5" * 126, bytes(127) + b"\x07", bytes(128)):
        number = int.from_bytes(message, "big")
        cryptogram = pow(number, key.exponent, key.modulus).to_bytes(128, "big")
        assert device.decipher(RSA_KEY, RAW, cryptogram) == message


def test_bad_input_is_refused(device: Device, key: cvc.Rsa) -> None:
    for length in (1, 127, 129, 256):
        device.decipher(RSA_KEY, RAW, bytes(length), expect=0x6700)
    device.decipher(RSA_KEY, RAW, key.modulus.to_bytes(128, "big"), expect=0x6400)
    device.decipher(RSA_KEY, RAW, b"\xff" * 128, expect=0x6400)
    device.decipher(EC_KEY, RAW, bytes(128), expect=0x6400)
    device.decipher(77, RAW, bytes(128), expect=0x6A82)
    device.decipher(RSA_KEY, 0x80, bytes(128), expect=0x6400)
    for algorithm in set(range(256)) - {0x21, 0x22, 0x23, 0x80, 0x84}:
        device.decipher(RSA_KEY, algorithm, bytes(128), expect=0x6A86)


@pytest.mark.parametrize("algorithm", [PKCS1, OAEP])
def test_padding_is_taken_off(device: Device, key: cvc.Rsa, algorithm: int) -> None:
    scheme = padding.PKCS1v15() if algorithm == PKCS1 else OAEP_SHA256
    longest = 128 - (11 if algorithm == PKCS1 else 66)
    for message in (b"", b"\0", b"a message", bytes(range(longest))):
        cryptogram = key.key.encrypt(message, scheme)
        assert device.decipher(RSA_KEY, algorithm, cryptogram) == message


def test_every_wrong_padding_looks_the_same(device: Device, key: cvc.Rsa) -> None:
    blocks = {
        PKCS1: [
            b"\0\2" + b"\1" * 126,
            b"\0\2" + b"\1" * 7 + b"\0" + b"\1" * 118,
            b"\0\1" + b"\1" * 8 + b"\0" + b"\1" * 117,
            b"\1\2" + b"\1" * 8 + b"\0" + b"\1" * 117,
            b"\0\2\0" + b"\1" * 125,
            bytes(128),
        ],
        OAEP: [bytes(128), b"\0" + b"\1" * 127, b"\1" + bytes(127), b"\0" * 127 + b"\1"],
    }
    for algorithm, wrong in blocks.items():
        for block in wrong:
            number = int.from_bytes(block, "big")
            cryptogram = pow(number, key.exponent, key.modulus).to_bytes(128, "big")
            answer = device.transmit(
                bytes([0x80, 0x62, RSA_KEY, algorithm, 0, 0, 128]) + cryptogram + b"\0\0"
            )
            assert answer.hex() == "6400", block.hex()


def test_no_number_above_the_modulus_meets_the_key(
    device: Device, key: cvc.Rsa, monkeypatch
) -> None:
    def used(*_: object) -> None:
        pytest.fail("the key was used")

    monkeypatch.setattr(hsm_crypto.RsaKey, "raw_into", used)
    for number in (key.modulus, key.modulus + 1, (1 << 1024) - 1):
        block = number.to_bytes(128, "big")
        device.decipher(RSA_KEY, RAW, block, expect=0x6400)
        device.sign(RSA_KEY, 0x20, block, expect=0x6400)


def test_the_key_says_what_it_is_for(device: Device) -> None:
    for allowed, expect in ((b"\x21", 0x9000), (b"\x20\x30", 0x6985)):
        device.generate_rsa(RSA_KEY + 1, 1024, tlv(0x91, allowed))
        device.decipher(RSA_KEY + 1, RAW, bytes(128), expect=expect)


def test_uses_are_counted(device: Device) -> None:
    device.generate_rsa(RSA_KEY + 2, 1024, tlv(0x90, bytes((0, 0, 0, 2))))
    device.decipher(RSA_KEY + 2, RAW, bytes(127), expect=0x6700)
    for expect in (0x9000, 0x9000, 0x6A84):
        device.decipher(RSA_KEY + 2, RAW, bytes(128), expect=expect)


def test_nothing_without_login(device: Device, key: cvc.Rsa) -> None:
    device.select()
    device.decipher(RSA_KEY, RAW, bytes(128), expect=0x6982)
