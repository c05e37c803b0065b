# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands under power cuts: each flash operation of each command, each tear.

Invariants ATOM-1, ATOM-2, PIN-1, PIN-2, KEY-1, KEY-2 as seen from the host.
"""

from collections.abc import Callable, Iterator

import hsm_crypto
import pytest
from device import SO_PIN, USER_PIN, Device
from nor_flash import TEARS, NorFlash, PowerCut

P256 = hsm_crypto.curve_parameters(hsm_crypto.CURVE_SECP256R1)[0]
NEW_PIN = b"brandnew"


def prepared() -> Device:
    """A device with a key, a file and one try spent, powered and not logged in."""
    device = Device(sectors=16)
    device.initialize()
    device.verify()
    device.generate_ec(1, P256, b"\x90\x04\0\0\0\x09")
    device.write(0xCF01, 0, b"contents" * 20)
    device.power_on()
    device.verify(b"000000", expect=0x63C2)
    return device


IMAGE = prepared().flash.image()


def at_start(login: bool, image: bytes = IMAGE) -> Device:
    device = Device(sectors=16)
    device.board.flash = NorFlash(16, image)
    device.power_on()
    device.select()
    if login:
        device.verify()
    return device


def state(device: Device) -> tuple:
    """What a host can see, without changing anything."""
    user = device.transmit(bytes.fromhex("00200081"))
    so_pin = device.transmit(bytes.fromhex("00200088"))
    files = tuple(
        (fid, device.read(fid)) for fid in (0x2F02, 0xCF01, 0xC401, 0xCE01) if has(device, fid)
    )
    return user, so_pin, tuple(device.list()), files


def has(device: Device, fid: int) -> bool:
    return device.transmit(b"\0\xa4\0\0\2" + fid.to_bytes(2, "big"))[-2:] != b"\x6a\x82"


def uses(device: Device) -> bytes:
    return device.transmit(bytes.fromhex("00A4000002CC0100"))[-8:-2]


def cuts(
    command: Callable[[Device], object], login: bool = True, image: bytes = IMAGE
) -> Iterator[Device]:
    """Yield the device after each cut, powered again; `command` runs from the same image."""
    device = at_start(login, image)
    before = device.flash.operations
    command(device)
    count = device.flash.operations - before
    assert count
    seen = set()
    for at in range(count):
        for tear in TEARS:
            device = at_start(login, image)
            device.flash.arm(at, tear)
            with pytest.raises(PowerCut):
                command(device)
            torn = device.flash.image()
            if torn in seen:
                continue
            seen.add(torn)
            device.power_on()
            device.select()
            for secret in (USER_PIN, SO_PIN, NEW_PIN):
                assert secret not in torn, "KEY-2"
            yield device


def atomic(command: Callable[[Device], object]) -> Iterator[Device]:
    """ATOM-1 for a command of a logged-in user; yields the devices in state "after"."""
    device = at_start(True)
    device.select()
    before = state(device)
    device = at_start(True)
    command(device)
    device.select()
    after = state(device)
    for device in cuts(command):
        found = state(device)
        assert found in (before, after)
        if found == after:
            yield device


def test_verify_right() -> None:
    for device in cuts(lambda device: device.verify(), login=False):
        answer = device.transmit(bytes.fromhex("00200081"))
        assert answer in (b"\x63\xc1", b"\x63\xc2", b"\x63\xc3")
        device.verify()


def test_verify_wrong() -> None:
    def wrong(device: Device) -> None:
        device.verify(b"111111", expect=0x63C1)

    for device in cuts(wrong, login=False):
        assert device.transmit(bytes.fromhex("00200081")) in (b"\x63\xc1", b"\x63\xc2")


def test_last_try_is_never_gained_back() -> None:
    device = at_start(False)
    device.verify(b"111111", expect=0x63C1)
    start = device.flash.image()
    for tear in TEARS:
        flash = NorFlash(16, start)
        device.board.flash = flash
        device.power_on()
        flash.arm(0, tear)
        with pytest.raises(PowerCut):
            device.verify(b"111111")
        device.power_on()
        answer = device.transmit(bytes.fromhex("00200081"))
        assert answer in (b"\x63\xc1", b"\x69\x83")
        if answer == b"\x63\xc1":
            device.verify(b"111111", expect=0x6983)


def test_change_pin() -> None:
    def change(device: Device) -> None:
        device.send(b"\0\x24\0\x81\x0e" + USER_PIN + NEW_PIN)

    for device in cuts(change):
        answers = {
            device.transmit(b"\0\x20\0\x81" + bytes([len(pin)]) + pin)[:1]
            for pin in (USER_PIN, NEW_PIN)
        }
        assert answers == {b"\x90", b"\x63"}
        if device.transmit(b"\0\x20\0\x81\x06" + USER_PIN) != b"\x90\x00":
            device.verify(NEW_PIN)
        device.sign(1, 0x70, bytes(32))


def test_reset_retry_counter() -> None:
    def reset(device: Device) -> None:
        device.send(b"\0\x2c\0\x81\x10" + SO_PIN + NEW_PIN)

    for device in cuts(reset, login=False):
        answers = [
            device.transmit(b"\0\x20\0\x81" + bytes([len(pin)]) + pin)[:1]
            for pin in (USER_PIN, NEW_PIN)
        ]
        assert sorted(answers) == [b"\x63", b"\x90"]


def test_generated_key_is_whole() -> None:
    for device in cuts(lambda device: device.generate_ec(2, P256)):
        device.verify()
        listed = device.list()
        assert (0xCC02 in listed) == (0xC402 in listed) == has(device, 0xCE02)
        device.sign(2, 0x70, bytes(32), expect=0x9000 if 0xCC02 in listed else 0x6A82)
        device.sign(1, 0x70, bytes(32))


def test_delete_key() -> None:
    deleted = 0
    for device in atomic(lambda device: device.delete(0xCC01)):
        device.verify()
        device.sign(1, 0x70, bytes(32), expect=0x6A82)
        deleted += 1
    assert deleted


def test_write_file() -> None:
    for command in (
        lambda device: device.write(0xCF01, 0, b"replaced" * 300),
        lambda device: device.write(0xCF01, 100, b"longer" * 300),
    ):
        assert sum(1 for _ in atomic(command))


def test_use_counter_never_rises() -> None:
    for device in cuts(lambda device: device.sign(1, 0x70, bytes(32))):
        assert uses(device) in (b"\x90\x04\0\0\0\x08", b"\x90\x04\0\0\0\x09")


def test_initialize() -> None:
    for device in cuts(lambda device: device.initialize(user_pin=NEW_PIN), login=False):
        old = device.transmit(b"\0\x20\0\x81\x06" + USER_PIN)
        new = device.transmit(b"\0\x20\0\x81\x08" + NEW_PIN)
        assert sorted((old[:1], new[:1])) == [b"\x63", b"\x90"]
        assert (0xCC01 in device.list()) == (old[:1] == b"\x90")
        device.initialize()


def test_first_initialize() -> None:
    def first(device: Device) -> None:
        device.initialize()

    device = Device(sectors=16)
    first(device)
    count = device.flash.operations
    for at in range(count):
        for tear in TEARS:
            device = Device(sectors=16)
            device.flash.arm(at, tear)
            with pytest.raises(PowerCut):
                first(device)
            device.power_on()
            answer = device.transmit(bytes.fromhex("00200081"))
            assert answer in (b"\x6a\x88", b"\x63\xc3")
            device.initialize()
            device.verify()
            device.generate_ec(1, P256)
