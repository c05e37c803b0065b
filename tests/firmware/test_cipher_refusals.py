# SPDX-License-Identifier: GPL-2.0-or-later
"""GENERATE SYMMETRIC KEY and CIPHER: what they refuse, and what stays then."""

import hsm_crypto
import pytest
from device import Device, tlv
from test_cipher import (
    CBC,
    CBC_DECRYPT,
    CBC_ENCRYPT,
    CCM,
    CHACHA,
    CMAC_16,
    CTR,
    DECRYPT,
    DERIVE,
    ECB,
    ENCRYPT,
    GCM,
    HMAC,
    IV,
    P256,
    PBES2,
    PBKDF2,
    SIZES,
    SMIME,
    X963,
    XTS,
    extended,
    oid,
    pbes2_parameters,
    pbkdf2_parameters,
)

EC_KEY = 9


@pytest.fixture
def device() -> Device:
    """Keys 1 to 4 of 128 to 512 bits."""
    device = Device(sectors=64)
    device.initialize()
    device.verify()
    for key_id, bits in enumerate(SIZES, 1):
        device.generate_aes(key_id, bits)
    device.generate_ec(EC_KEY, P256)
    return device


# --- Generation -----------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", SIZES)
def test_description_of_a_secret_key(device: Device, bits: int) -> None:
    device.generate_aes(0x20, bits, tlv(0x91, b"\x10\x11\x18\x99"))
    assert device.read(0xC420).hex() == (
        "a81f30020c003009040233320303" + f"07c010a00630040202{bits:04x}" + "a106300430020400"
    )
    assert {0xCC20, 0xC420} <= set(device.list())
    device.read(0xCE20, expect=0x6A82)
    answer = device.send("00A4000002CC2000")
    assert answer.endswith(tlv(0x91, b"\x10\x11\x18\x99"))
    device.power_on()
    device.verify()
    device.cipher(0x20, DERIVE, b"info")


def test_a_secret_key_replaces_a_pair(device: Device) -> None:
    device.generate_aes(EC_KEY, 256)
    device.read(0xCE09, expect=0x6A82)
    device.sign(EC_KEY, 0x70, bytes(32), expect=0x6400)
    device.cipher(EC_KEY, CMAC_16, b"x")


def test_fresh_entropy_before_a_secret_key(device: Device, monkeypatch) -> None:
    monkeypatch.setattr(hsm_crypto, "entropy_failed", True)
    before = device.flash.image()
    device.generate_aes(5, 256, expect=0x6400)
    assert device.flash.image() == before


@pytest.mark.parametrize(
    ("apdu", "status_word"),
    [
        ("004800B0", 0x6A86),
        ("004805AF", 0x6A86),
        ("004805B4", 0x6A86),
        ("00480500", 0x6A86),
        ("004805B003900100", 0x6700),
        ("004805B0029100", 0x6700),
        ("004805B003920101", 0x6A86),
        ("004805B00692010092 0100", 0x6700),
        ("004805B00190", 0x6700),
    ],
)
def test_generation_refuses(device: Device, apdu: str, status_word: int) -> None:
    before = device.flash.image()
    device.send(apdu, status_word)
    device.select()
    device.send("004805B0", 0x6982)
    assert device.flash.image() == before
    device.verify()
    device.send("004805B0")


def test_key_domain_must_be_set_up() -> None:
    device = Device(sectors=64)
    device.initialize(more=tlv(0x97, b"\2"))
    device.verify()
    device.generate_aes(1, 128, tlv(0x92, b"\1"), expect=0x6A88)
    device.generate_aes(1, 128, tlv(0x92, b"\2"), expect=0x6A86)
    device.key_domain(1, 1, b"\1")
    device.generate_aes(1, 128, tlv(0x92, b"\1"))
    device.key_domain(3, 1, expect=0x6A89)


def test_every_key_gets_a_counter_if_the_device_wants() -> None:
    device = Device(sectors=64)
    device.initialize(options=0x0201)
    device.verify()
    device.generate_aes(1, 128)
    device.generate_ec(2, P256)
    device.generate_ec(3, P256, tlv(0x90, bytes([0, 0, 0, 2])))
    for key_id, uses in ((1, "fffffffe"), (2, "fffffffe"), (3, "00000002")):
        assert ("9004" + uses) in device.send(f"00A4000002CC{key_id:02X}00").hex()
    device.cipher(1, CMAC_16, b"x")
    device.sign(2, 0x70, bytes(32))
    for key_id in (1, 2):
        assert "9004fffffffd" in device.send(f"00A4000002CC{key_id:02X}00").hex()


# --- CIPHER ---------------------------------------------------------------------------------------


def test_who_may_not_use_a_key(device: Device) -> None:
    for algorithm in set(range(256)) - {0x10, 0x11, 0x18, 0x51, 0x52, 0x99}:
        device.cipher(1, algorithm, bytes(16), expect=0x6A86)
    request = extended(oid(CBC, 1), bytes(16))
    operations = device.flash.operations
    for key_id, expect in ((0, 0x6A82), (77, 0x6A82), (EC_KEY, 0x6400)):
        device.cipher(key_id, CBC_ENCRYPT, bytes(16), expect=expect)
        device.cipher(key_id, ENCRYPT, request, expect=expect)
    device.sign(1, 0x20, bytes(128), expect=0x6400)
    device.decipher(1, 0x21, bytes(128), expect=0x6400)
    device.decipher(1, 0x80, bytes(65), expect=0x6400)
    device.select()
    device.cipher(1, CBC_ENCRYPT, bytes(16), expect=0x6982)
    device.cipher(1, ENCRYPT, request, expect=0x6982)
    device.cipher(1, ENCRYPT, b"", expect=0x6982)
    assert device.flash.operations == operations
    device.verify()
    device.cipher(1, ENCRYPT, request)


def test_limits_of_a_key(device: Device) -> None:
    metadata = tlv(0x90, bytes([0, 0, 0, 2])) + tlv(0x91, bytes([DECRYPT, CBC_DECRYPT]))
    device.generate_aes(5, 128, metadata)
    operations = device.flash.operations
    request = extended(oid(CBC, 1), bytes(16))
    for algorithm in (CBC_ENCRYPT, CMAC_16, DERIVE):
        device.cipher(5, algorithm, bytes(16), expect=0x6985)
    device.cipher(5, ENCRYPT, request, expect=0x6985)
    device.cipher(5, DECRYPT, extended(HMAC + b"\x09", b"x"), expect=0x6A86)
    device.cipher(5, DECRYPT, extended(oid(GCM, 1), bytes(16), IV), expect=0x6400)
    assert device.flash.operations == operations
    device.cipher(5, DECRYPT, request)
    device.cipher(5, CBC_DECRYPT, bytes(16))
    device.cipher(5, DECRYPT, request, expect=0x6A84)


NONCE = IV[:12]
BLOCK = bytes(16)


@pytest.mark.parametrize(
    ("key_id", "request_data"),
    [
        (1, b""),
        (1, b"\x06"),
        (1, tlv(0x81, BLOCK)),
        (1, extended(b"", BLOCK)),
        (1, extended(oid(CBC, 1))),
        (1, extended(oid(CBC, 1), BLOCK) + tlv(0x81, BLOCK)),
        (1, extended(oid(CBC, 1), BLOCK) + tlv(0x06, oid(CBC, 1))),
        (1, extended(oid(CBC, 1), BLOCK) + tlv(0x84, b"")),
        (1, extended(oid(CBC, 1), BLOCK, IV) + b"\x82"),
        *((2, extended(oid(mode, 1), BLOCK)) for mode in (ECB, CBC, CTR)),
        *((1, extended(oid(mode, 2), BLOCK)) for mode in (ECB, CBC, CTR)),
        *((4, extended(oid(mode, 3), BLOCK)) for mode in (ECB, CBC, CTR)),
        *((1, extended(oid(mode, 1), BLOCK)) for mode in (0, 5, 8, 10, 19, 20)),
        (3, extended(oid(CBC, 4), BLOCK)),
        (1, extended(oid(ECB, 1), b"")),
        (1, extended(oid(ECB, 1), bytes(32))),
        (1, extended(oid(ECB, 1), BLOCK, IV)),
        (1, extended(oid(CBC, 1), bytes(15))),
        (1, extended(oid(CBC, 1), BLOCK, IV[:15])),
        (1, extended(oid(CBC, 1), BLOCK, IV + b"\0")),
        (1, extended(oid(CBC, 1), BLOCK, IV, b"info")),
        (1, extended(oid(CTR, 1), BLOCK, NONCE)),
        (1, extended(oid(GCM, 1), BLOCK)),
        (1, extended(oid(GCM, 1), BLOCK, b"")),
        (1, extended(oid(GCM, 1), BLOCK, bytes(129))),
        (1, extended(oid(CCM, 1), BLOCK)),
        (1, extended(oid(CCM, 1), BLOCK, bytes(6))),
        (1, extended(oid(CCM, 1), BLOCK, bytes(14))),
        (3, extended(CHACHA, BLOCK)),
        (3, extended(CHACHA, BLOCK, bytes(11))),
        (2, extended(CHACHA, BLOCK, NONCE)),
        (4, extended(CHACHA, BLOCK, NONCE)),
        (1, extended(XTS + b"\1", BLOCK, IV)),
        (4, extended(XTS + b"\1", BLOCK, IV)),
        (3, extended(XTS + b"\2", BLOCK, IV)),
        (3, extended(XTS + b"\1", bytes(15), IV)),
        (3, extended(XTS + b"\3", BLOCK, IV)),
        (1, extended(HMAC + b"\x09")),
        (1, extended(HMAC + b"\x09", BLOCK, IV)),
        (1, extended(HMAC + b"\x09", BLOCK, info=b"x")),
        (1, extended(HMAC + b"\x06", BLOCK)),
        (1, extended(HMAC, BLOCK)),
        (1, extended(SMIME + b"\x1d", BLOCK, info=b"x")),
        (1, extended(SMIME + b"\x1c", BLOCK)),
        (1, extended(PBKDF2)),
        (1, extended(PBKDF2, pbkdf2_parameters(b"s", 1), IV)),
        (1, extended(PBKDF2[:-1] + b"\x0e", pbkdf2_parameters(b"s", 1))),
        (1, extended(PBES2, BLOCK)),
        (1, extended(PBES2, info=pbes2_parameters(128))),
        (1, extended(PBES2, BLOCK, IV, pbes2_parameters(128))),
        (1, extended(X963, info=b"x")),
        (1, extended(X963, HMAC + b"\x09", IV)),
    ],
)
def test_extended_ciphers_refuse(device: Device, key_id: int, request_data: bytes) -> None:
    operations = device.flash.operations
    device.cipher(key_id, ENCRYPT, request_data, expect=0x6700)
    assert device.flash.operations == operations
    device.cipher(1, CMAC_16, b"")


def test_one_way_functions_have_no_reverse(device: Device) -> None:
    for request in (
        extended(HMAC + b"\x09", BLOCK),
        extended(SMIME + b"\x1d", BLOCK),
        extended(PBKDF2, pbkdf2_parameters(b"salt", 1)),
        extended(X963, HMAC + b"\x09"),
    ):
        device.cipher(1, DECRYPT, request, expect=0x6A86)
        device.cipher(1, ENCRYPT, request)
