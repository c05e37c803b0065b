# SPDX-License-Identifier: GPL-2.0-or-later
"""EXTRAS: device options, and the lock that no PIN opens without the mask."""

import hsm_crypto
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from device import SELECT, SO_PIN, USER_PIN, Device
from test_power_cut import cuts

from sim.life.secure_channel import SecureChannel

P256 = hsm_crypto.curve_parameters(hsm_crypto.CURVE_SECP256R1)[0]
AGREE, ENABLE, UNLOCK, DISABLE = 1, 2, 3, 4
MASK = bytes(range(100, 132))
OTHER_MASK = bytes(32)
HASH = bytes(32)
OPTIONS = 0x0001
LOCKED = 0x0401
USER_CLASS_KEY = 0x100A
PRESS_TO_CONFIRM = 0x0101


class Host:
    """The host's half of the agreement."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self._key = b""
        self.point = b""

    def agree(self, expect: int = 0x9000) -> None:
        private = ec.derive_private_key(0x1234567, ec.SECP256R1())
        public = private.public_key()
        self.point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        card_point = lock(self.device, AGREE, self.point, expect)
        if expect == 0x9000:
            peer = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), card_point)
            shared = private.exchange(ec.ECDH(), peer)
            self._key = HKDF(hashes.SHA256(), 44, None, self.point).derive(shared)

    def sealed(self, mask: bytes = MASK) -> bytes:
        return ChaCha20Poly1305(self._key[12:]).encrypt(self._key[:12], mask, self.point)


def lock(device: Device, p2: int, data: bytes = b"", expect: int = 0x9000) -> bytes:
    field = bytes([len(data)]) + data if data else b""
    return device.send(bytes([0x80, 0x64, 0x3A, p2]) + field + b"\0", expect)


def agreed(device: Device) -> Host:
    host = Host(device)
    host.agree()
    return host


def options(device: Device) -> int:
    """As SELECT tells them."""
    fcp = device.select()
    at = fcp.index(b"\x85\x05") + 2
    return int.from_bytes(fcp[at : at + 2], "big")


def can_sign(device: Device) -> bool:
    answer = device.transmit(b"\x80\x68\1\x70\x20" + HASH + b"\0")
    assert answer[-2:] in (b"\x90\0", b"\x69\x82")
    return answer[-2:] == b"\x90\0"


def sealed_key(device: Device) -> bytes:
    """The record of the user class's key as it stands in the flash."""
    return bytes(device.card.store.raw(USER_CLASS_KEY)[1])


@pytest.fixture
def device() -> Device:
    device = Device(sectors=16)
    device.initialize()
    device.generate_ec(1, P256)
    return device


@pytest.fixture
def locked(device: Device) -> Device:
    lock(device, ENABLE, agreed(device).sealed())
    device.power_on()
    device.select()
    device.verify()
    return device


# --- The lock -------------------------------------------------------------------------------------


def test_the_life_of_a_lock(device: Device) -> None:
    lock(device, ENABLE, agreed(device).sealed())
    assert can_sign(device)
    assert options(device) == LOCKED
    device.verify()
    assert not can_sign(device)
    lock(device, UNLOCK, agreed(device).sealed())
    assert can_sign(device)
    assert options(device) == LOCKED
    device.verify()
    lock(device, DISABLE, agreed(device).sealed())
    assert can_sign(device)
    assert options(device) == OPTIONS
    device.verify()
    assert can_sign(device)


def test_a_locked_device_opens_nothing(locked: Device) -> None:
    # The PIN is right, and does not log in.
    locked.send("00200081", 0x63C3)
    assert not can_sign(locked)
    locked.send("8064060000", 0x6982)
    locked.write(0xCD01, 0, b"private", expect=0x6982)
    seal = locked.card.store.seal
    assert seal is not None and not seal.user_class_is_open()
    locked.verify(b"000000", expect=0x63C2)
    lock(locked, AGREE, bytes(65), expect=0x6982)


def test_pin_changes_keep_the_lock(locked: Device) -> None:
    locked.send(b"\0\x24\0\x81\x0e" + USER_PIN + b"brandnew")
    assert not can_sign(locked)
    locked.send(b"\0\x2c\0\x81\x0e" + SO_PIN + USER_PIN)
    locked.verify()
    assert not can_sign(locked)
    lock(locked, UNLOCK, agreed(locked).sealed())
    assert can_sign(locked)


def test_the_mask_serves_all_logins_of_a_session(locked: Device) -> None:
    lock(locked, UNLOCK, agreed(locked).sealed())
    locked.verify(b"000000", expect=0x63C2)
    assert not can_sign(locked)
    locked.verify()
    assert can_sign(locked)
    locked.send(b"\0\x24\0\x81\x0e" + USER_PIN + b"brandnew")
    assert can_sign(locked)
    locked.send(SELECT)
    locked.verify(b"brandnew")
    assert not can_sign(locked)


def test_initialize_takes_the_lock_away(locked: Device) -> None:
    locked.initialize()
    assert options(locked) == OPTIONS
    locked.verify()
    locked.generate_ec(1, P256)
    assert can_sign(locked)


def test_what_opens_without_the_mask_is_destroyed(device: Device) -> None:
    before = sealed_key(device)
    assert before in device.flash.image()
    lock(device, ENABLE, agreed(device).sealed())
    assert before not in device.flash.image()


def test_no_session_pin_gets_past_the_lock() -> None:
    device = Device(sectors=16)
    device.initialize(options=0x000D)
    device.generate_ec(1, P256)
    channel = SecureChannel(device.transmit, 1)
    pin = channel.send("805A0181", b"", 256)
    device.select()
    device.verify(pin)
    lock(device, ENABLE, agreed(device).sealed())
    device.select()
    device.verify(pin, expect=0x63C2)
    SecureChannel(device.transmit, 1).send("805A0181", b"", 256, expect=0x6985)


# --- Refusals -------------------------------------------------------------------------------------


def refused(device: Device, p2: int, data: bytes, status_word: int) -> None:
    """The command changes nothing, and leaves no handle."""
    before = device.flash.image()
    handles = set(hsm_crypto.live_handles)
    lock(device, p2, data, status_word)
    assert device.flash.image() == before
    assert hsm_crypto.live_handles == handles


@pytest.mark.parametrize("action", [ENABLE, UNLOCK, DISABLE])
def test_without_agreement(device: Device, action: int) -> None:
    refused(device, action, bytes(48), 0x6986)


def test_the_agreement_ends_with_the_session(device: Device) -> None:
    sealed = agreed(device).sealed()
    device.select()
    device.verify()
    refused(device, ENABLE, sealed, 0x6986)


def test_in_the_wrong_state(device: Device) -> None:
    host = agreed(device)
    refused(device, UNLOCK, host.sealed(), 0x6986)
    refused(device, DISABLE, host.sealed(), 0x6986)
    lock(device, ENABLE, host.sealed())
    refused(device, ENABLE, host.sealed(), 0x6986)


@pytest.mark.parametrize("action", [UNLOCK, DISABLE])
@pytest.mark.parametrize("fault", ["mask", "tag", "unlocked before"])
def test_a_wrong_mask(locked: Device, action: int, fault: str) -> None:
    host = agreed(locked)
    sealed = host.sealed(OTHER_MASK)
    if fault == "tag":
        sealed = host.sealed()[:-1] + bytes([host.sealed()[-1] ^ 1])
    if fault == "unlocked before":
        lock(locked, UNLOCK, host.sealed())
    refused(locked, action, sealed, 0x6700)
    assert can_sign(locked) == (fault == "unlocked before")
    lock(locked, action, host.sealed())
    assert can_sign(locked)


def test_a_wrong_tag_does_not_lock(device: Device) -> None:
    host = agreed(device)
    refused(device, ENABLE, host.sealed()[:-1] + b"\0", 0x6700)
    assert options(device) == OPTIONS


@pytest.mark.parametrize(
    ("p2", "length", "status_word"),
    [
        (0, 65, 0x6A86),
        (5, 48, 0x6A86),
        (AGREE, 0, 0x6700),
        (AGREE, 64, 0x6700),
        (ENABLE, 0, 0x6700),
        (ENABLE, 47, 0x6700),
        (UNLOCK, 49, 0x6700),
        (DISABLE, 32, 0x6700),
    ],
)
def test_wrong_parameters(device: Device, p2: int, length: int, status_word: int) -> None:
    refused(device, p2, bytes(length), status_word)


@pytest.mark.parametrize("point", [b"\4" + bytes(64), b"\4" + bytes([1]) * 64, b"\2" + bytes(64)])
def test_a_point_off_the_curve(device: Device, point: bytes) -> None:
    refused(device, AGREE, point, 0x6984)


@pytest.mark.parametrize("p2", [AGREE, ENABLE, UNLOCK, DISABLE])
def test_without_login(device: Device, p2: int) -> None:
    device.select()
    refused(device, p2, bytes(65 if p2 == AGREE else 48), 0x6982)


def test_the_pin_alone_where_custodians_are_wanted() -> None:
    device = Device(sectors=16)
    device.initialize(more=b"\x93\2\1\1")
    refused(device, AGREE, bytes(65), 0x6982)
    refused(device, ENABLE, bytes(48), 0x6982)


@pytest.mark.parametrize("action", [UNLOCK, DISABLE])
def test_a_press_is_asked_for(device: Device, action: int) -> None:
    device.send(b"\x80\x64\6\0\1\1\0")
    host = agreed(device)
    refused(device, ENABLE, host.sealed(), 0x6600)
    device.board.presses_ms = [(device.board.uptime_ms + 100, device.board.uptime_ms + 500)]
    lock(device, ENABLE, host.sealed())
    refused(device, action, host.sealed(), 0x6600)
    device.board.presses_ms = [(device.board.uptime_ms + 100, device.board.uptime_ms + 500)]
    lock(device, action, host.sealed())


# --- Power cuts -----------------------------------------------------------------------------------


@pytest.mark.parametrize("action", [ENABLE, DISABLE])
def test_a_power_cut_leaves_the_lock_on_or_off(device: Device, action: int) -> None:
    unlocked_key = sealed_key(device)
    if action == DISABLE:
        lock(device, ENABLE, agreed(device).sealed())
    found = set()
    for cut in cuts(
        lambda device: lock(device, action, agreed(device).sealed()), image=device.flash.image()
    ):
        is_locked = options(cut) == LOCKED
        found.add(is_locked)
        if is_locked:
            assert unlocked_key not in cut.flash.image(), "KEY-1"
        cut.verify()
        assert can_sign(cut) == (not is_locked)
        if is_locked:
            lock(cut, UNLOCK, agreed(cut).sealed())
            assert can_sign(cut)
    assert found == {True, False}


# --- Options --------------------------------------------------------------------------------------


def test_options_are_told_and_set(device: Device) -> None:
    assert device.send("8064060000") == b"\0\1"
    device.send("806406000102")
    assert device.send("8064060000") == b"\2\1"
    device.power_on()
    assert options(device) == 0x0201
    device.verify()
    device.send("806406000100")
    assert device.send("8064060000") == b"\0\1"


@pytest.mark.parametrize(
    ("apdu", "status_word"),
    [
        ("8064060100", 0x6A86),
        ("806406010102", 0x6A86),
        ("80640600020201", 0x6700),
        ("806406000108", 0x6A81),
        ("806406000180", 0x6A81),
        ("806406000104", 0x6986),
        ("8064070000", 0x6A86),
        ("8064000000", 0x6A86),
        # What older cards had here.
        ("80640A0000", 0x6A86),
        ("80640A000807EA0A1405150203", 0x6A86),
        ("80641B0000", 0x6A86),
        ("80641B00020FFF", 0x6A86),
        ("80644C0000", 0x6A86),
        ("8064050000", 0x6A86),
        ("8064FB0000", 0x6A86),
    ],
)
def test_what_extras_refuses(device: Device, apdu: str, status_word: int) -> None:
    before = device.flash.image()
    device.send(apdu, status_word)
    assert device.flash.image() == before
    assert device.send("8064060000") == b"\0\1"


def test_options_want_a_login(device: Device) -> None:
    device.select()
    device.send("8064060000", 0x6982)
    device.send("806406000102", 0x6982)
    assert options(device) == OPTIONS


def test_options_keep_the_lock(device: Device) -> None:
    lock(device, ENABLE, agreed(device).sealed())
    device.send("806406000100", 0x6986)
    device.send("806406000106")
    assert options(device) == 0x0601


def test_press_to_confirm_cannot_be_taken_away_unseen() -> None:
    device = Device()
    device.initialize(options=PRESS_TO_CONFIRM)
    assert device.send("8064060000") == b"\1\1"
    device.send("806406000100", 0x6600)
    assert options(device) == PRESS_TO_CONFIRM
    device.verify()
    device.board.presses_ms = [(device.board.uptime_ms + 100, device.board.uptime_ms + 500)]
    device.send("806406000100")
    assert options(device) == OPTIONS
