# SPDX-License-Identifier: GPL-2.0-or-later
"""After each command, however it ends, only the session's handles are alive."""

import hashlib

import hsm_crypto
import key_blob
import pki
import pytest
from device import SO_PIN, USER_PIN, Device, tlv
from hsm.security.seal import Seal
from key_blob import KeyBlob
from nor_flash import NorFlash
from pki import EcSigner
from test_key_exchange import Group, vouched

P256 = hsm_crypto.curve_parameters(hsm_crypto.CURVE_SECP256R1)[0]
NEW_PIN = b"brandnew"
SHARE = bytes(range(32))
WRONG = b"000000"
EC_KEY = bytes.fromhex("060A04007F00070202020203") + tlv(0x81, P256)


def initialize_apdu(options: int, so_pin: bytes = SO_PIN, more: bytes = b"") -> bytes:
    data = b"\x80\x02" + options.to_bytes(2, "big") + tlv(0x81, USER_PIN) + tlv(0x82, so_pin)
    data += tlv(0x9E, (16).to_bytes(2, "big")) + more
    return b"\x80\x50\0\0" + bytes([len(data)]) + data


def generate_apdu(key_id: int, metadata: bytes = b"", key: bytes = EC_KEY) -> bytes:
    data = tlv(0x7F49, key) + metadata
    return bytes([0, 0x46, key_id, 0, 0]) + len(data).to_bytes(2, "big") + data + b"\0\0"


def raw_key(curve: int) -> bytes:
    prime, _, _, generator, _, _ = hsm_crypto.curve_parameters(curve)
    return bytes.fromhex("060A04007F00070202020203") + tlv(0x81, prime) + tlv(0x83, generator)


def cipher_apdu(algorithm: int, data: bytes) -> bytes:
    """With AES-128-GCM."""
    objects = (
        tlv(0x06, bytes.fromhex("608648016503040106")) + tlv(0x81, data) + tlv(0x82, bytes(12))
    )
    return bytes([0x80, 0x78, 4, algorithm, len(objects)]) + objects + b"\0"


def extended(header: str, data: bytes) -> bytes:
    return bytes.fromhex(header) + b"\0" + len(data).to_bytes(2, "big") + data


# Domain 2 has this DKEK, domain 3 is the group's.
DKEK = hashlib.sha256(b"DKEK").digest()
GROUP, ROOT = Group(), pki.root()
PEER = vouched(GROUP, EcSigner(), ROOT)
_P, _A, _B, _G, _N, _ = hsm_crypto.curve_parameters(hsm_crypto.CURVE_SECP256R1)
BLOB = KeyBlob(key_blob.EC, 256, [_A, _B, _P, _N, _G, b"\1", _G]).encode(DKEK)
POINT = hsm_crypto.curve_parameters(hsm_crypto.CURVE_SECP256R1)[3]
COMMANDS = {
    "verify": b"\0\x20\0\x81\x06" + USER_PIN,
    "verify wrong": b"\0\x20\0\x81\x06" + WRONG,
    "verify state": bytes.fromhex("00200081"),
    "verify SO-PIN": b"\0\x20\0\x88\x08" + SO_PIN,
    "verify SO-PIN wrong": b"\0\x20\0\x88\x08wrongpin",
    "change": b"\0\x24\0\x81\x0e" + USER_PIN + NEW_PIN,
    "change wrong": b"\0\x24\0\x81\x0e" + WRONG + NEW_PIN,
    "change refused": b"\0\x24\0\x81\x07" + USER_PIN + b"1",
    "change SO-PIN": b"\0\x24\0\x88\x10" + SO_PIN + b"87654321",
    "reset": b"\0\x2c\0\x81\x10" + SO_PIN + NEW_PIN,
    "reset wrong": b"\0\x2c\0\x81\x10" + b"wrongpin" + NEW_PIN,
    "reset without PIN": b"\0\x2c\1\x81\x08" + SO_PIN,
    "reset without session": b"\0\x2c\2\x81\x08" + NEW_PIN,
    "initialize": initialize_apdu(1),
    "initialize without reset": initialize_apdu(0),
    "initialize wrong": initialize_apdu(1, b"wrongpin"),
    "initialize refused": initialize_apdu(4),
    "initialize with a random DKEK": initialize_apdu(1, more=tlv(0x92, b"\0")),
    "initialize with key domains": initialize_apdu(1, more=tlv(0x97, b"\2")),
    "key domain state": bytes.fromhex("8052000000"),
    "key domain import": b"\x80\x52\0\0\x20" + SHARE + b"\0",
    "key domain import refused": b"\x80\x52\0\1\x20" + SHARE + b"\0",
    "key domain set up": bytes.fromhex("8052010101 02 00"),
    "key domain set up at random": bytes.fromhex("8052010101 00 00"),
    "key domain delete": bytes.fromhex("8052030000"),
    "key domain clear": bytes.fromhex("8052040000"),
    "generate": generate_apdu(2),
    "generate over it": generate_apdu(1),
    "generate refused": generate_apdu(2, tlv(0x92, b"\1")),
    "sign": b"\x80\x68\1\x70\x20" + bytes(32) + b"\0",
    "sign refused": b"\x80\x68\1\x70\0",
    "sign no key": b"\x80\x68\x09\x70\x20" + bytes(32) + b"\0",
    "sign wrong kind": b"\x80\x68\1\x20\x20" + bytes(32) + b"\0",
    "decipher": b"\x80\x62\3\x21\x80" + bytes(128) + b"\0",
    "decipher refused": b"\x80\x62\3\x21\x20" + bytes(32) + b"\0",
    "decipher v1.5 refused": b"\x80\x62\3\x22\x80" + bytes(128) + b"\0",
    "decipher OAEP refused": b"\x80\x62\3\x23\x80" + bytes(128) + b"\0",
    "agree": b"\x80\x62\1\x80\x41" + POINT + b"\0",
    "agree refused": b"\x80\x62\1\x80\x41\4" + bytes(64) + b"\0",
    "derive": bytes.fromhex("807601 02 02 9801"),
    "derive over another": bytes.fromhex("807601 03 02 9801"),
    "derive refused": bytes.fromhex("807601 02 01 98"),
    "generate Ed25519": generate_apdu(2, key=raw_key(hsm_crypto.CURVE_ED25519)),
    "generate X25519": generate_apdu(2, key=raw_key(hsm_crypto.CURVE_X25519)),
    "generate AES": bytes.fromhex("004802B2"),
    "generate AES over a pair": bytes.fromhex("004803B0"),
    "cipher": b"\x80\x78\4\x10\x10" + bytes(16) + b"\0",
    "cipher extended": cipher_apdu(0x51, b"a"),
    "cipher refused": cipher_apdu(0x52, bytes(16)),
    "wrap": bytes.fromhex("80720692000000"),
    "wrap refused": bytes.fromhex("80720192000000"),
    "unwrap": extended("80740793", BLOB),
    "unwrap over another": extended("80740193", BLOB),
    "unwrap the staged blob": bytes.fromhex("80740793"),
    "unwrap refused": extended("80740793", BLOB[:-1] + bytes([BLOB[-1] ^ 1])),
    "join refused": extended("80520201", GROUP.signer.contents() + tlv(0x54, bytes(64))),
    "agree on a DKEK": extended("80620584", PEER),
    "agree on a DKEK refused": extended("80620184", PEER),
    "write": bytes.fromhex("00D7CD01") + b"\x08\x54\x02\0\0\x53\x02ab",
    "read": bytes.fromhex("00B1CD010454020000") + b"\0",
    "delete": bytes.fromhex("00E4020002CC01"),
    "select": bytes.fromhex("00A404000BE82B0601040181C31F020100"),
}


def prepared() -> bytes:
    device = Device(sectors=16)
    device.initialize(more=tlv(0x97, b"\4"))
    device.key_domain(1, 0, b"\2")
    device.key_domain(0, 0, SHARE)
    device.generate_ec(1, P256, tlv(0x90, bytes([0, 0, 0, 9])))
    device.generate_rsa(3, 1024)
    device.generate_aes(4, 128)
    device.key_domain(1, 2, b"\1")
    GROUP.join(device, 3)
    device.generate_ec(5, P256, tlv(0x91, b"\x84") + tlv(0x92, b"\3"))
    device.generate_aes(6, 128, tlv(0x92, b"\2"))
    device.write(0x2F10, 0, BLOB)
    device.write(0xCA00, 0, ROOT.certificate())
    device.write(0xCD01, 0, b"private data")
    device.select()
    # Whoever logs in moves it to the user class.
    device.key_domain(0, 2, DKEK)
    device.verify(WRONG, expect=0x63C2)
    return device.flash.image()


@pytest.fixture(scope="module")
def image() -> bytes:
    return prepared()


def at_start(image: bytes, user: bool, so: bool) -> Device:
    device = Device(sectors=16)
    device.board.flash = NorFlash(16, image)
    hsm_crypto.live_handles.clear()
    device.power_on()
    if user:
        device.verify()
    if so:
        device.verify_so()
    return device


def expected(device: Device) -> set:
    """Handles that may be alive between two commands."""
    seal, status = device.card.store.seal, device.card.status
    handles = set()
    if seal is not None:
        assert isinstance(seal, Seal)
        handles |= {seal._device, seal._log, seal._set, seal.pepper, seal._user}
    handles |= {status._so_secret, status._selected, status._waiting, status._mask}
    lock = device.card._secure_lock
    if lock is not None:
        handles.add(lock._agreed)
    return handles - {None}


SESSIONS = [(False, False), (True, False), (False, True), (True, True)]


@pytest.mark.parametrize("name", COMMANDS)
def test_nothing_is_left_behind(image: bytes, name: str) -> None:
    for user, so in SESSIONS:
        device = at_start(image, user, so)
        assert hsm_crypto.live_handles == expected(device)
        device.transmit(COMMANDS[name])
        assert hsm_crypto.live_handles == expected(device)
        device.card.end_session()
        assert len(hsm_crypto.live_handles) == 4


@pytest.mark.parametrize("name", COMMANDS)
def test_nothing_is_left_behind_when_the_flash_fails(image: bytes, name: str) -> None:
    for user, so in SESSIONS:
        device = at_start(image, user, so)
        before = device.flash.operations
        device.transmit(COMMANDS[name])
        for at in range(device.flash.operations - before):
            device = at_start(image, user, so)
            device.flash.arm(at, fault=OSError)
            answer = device.transmit(COMMANDS[name])
            assert not device.flash.armed()
            assert len(answer) >= 2
            assert hsm_crypto.live_handles == expected(device)


@pytest.mark.parametrize("name", COMMANDS)
def test_nothing_is_left_behind_when_the_crypto_fails(image: bytes, name: str, monkeypatch) -> None:
    for user in (False, True):
        for at in range(1000):
            device = at_start(image, user, False)
            monkeypatch.setattr(hsm_crypto, "operations_left", at)
            answer = device.transmit(COMMANDS[name])
            failed = hsm_crypto.operations_left is None
            monkeypatch.setattr(hsm_crypto, "operations_left", None)
            assert len(answer) >= 2
            assert hsm_crypto.live_handles == expected(device)
            if not failed:
                break


@pytest.mark.parametrize("options", [0, 1])
def test_nothing_is_left_behind_by_a_new_store(image: bytes, options: int) -> None:
    """A store that another chip wrote is damaged, and INITIALIZE formats it."""
    device = Device(sectors=16)
    device.board.flash = NorFlash(16, image)
    device.board.unique_id = bytes(8)
    hsm_crypto.live_handles.clear()
    device.power_on()
    device.send(COMMANDS["verify"], 0x6581)
    assert hsm_crypto.live_handles == expected(device)
    for number in (options, 1 - options):
        device.send(initialize_apdu(number))
        assert hsm_crypto.live_handles == expected(device)
