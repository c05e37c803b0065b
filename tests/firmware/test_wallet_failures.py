# SPDX-License-Identifier: GPL-2.0-or-later
"""Trees of keys, lock and rescue application: what cuts and failures leave behind.

A flash operation that is cut or fails, or a failing crypto operation, wherever it comes.
"""

from collections.abc import Callable

import hsm_crypto
import pytest
from device import USER_PIN, Device, UnexpectedStatus
from nor_flash import NorFlash
from test_flash_failures import ERRORS, failures
from test_handles import expected
from test_hierarchical_keys import HASH, R1, SYMMETRIC, crypt, hd, public, select, sign
from test_physical_settings import ALL, NAME, read, write
from test_power_cut import cuts
from test_rescue_commands import PUBLIC_KEY, STORE_CERTIFICATE, attest
from test_secure_lock import DISABLE, ENABLE, LOCKED, MASK, UNLOCK, Host, can_sign, lock, options

P256 = hsm_crypto.curve_parameters(hsm_crypto.CURVE_SECP256R1)[0]
RESCUE = "00A4040008A0583FC19B7E4F2100"
OLD_SEED, NEW_SEED = b"the old seed.", b"the new seed."
Command = Callable[[Device], object]


def prepared(locked: bool = False) -> bytes:
    device = Device(sectors=16)
    device.initialize()
    device.generate_ec(1, P256)
    hd(device, R1, 0, OLD_SEED)
    hd(device, SYMMETRIC, 1, OLD_SEED)
    device.send(RESCUE)
    write(device, NAME)
    device.select()
    device.verify()
    if locked:
        turn_lock(device, ENABLE)
    return device.flash.image()


def turn_lock(device: Device, action: int) -> None:
    host = Host(device)
    host.agree()
    lock(device, action, host.sealed(MASK))


def put_seed(device: Device) -> None:
    hd(device, R1, 0, NEW_SEED)


def sign_by_node(device: Device) -> None:
    select(device, 0, 7)
    sign(device, HASH)


def crypt_by_node(device: Device) -> None:
    select(device, 1, b"label")
    crypt(device, 0x51, bytes(32), b"label")


def write_settings(device: Device) -> None:
    device.send(RESCUE)
    write(device, ALL)


def keep_certificate(device: Device) -> None:
    device.send(RESCUE)
    point = attest(device, PUBLIC_KEY)
    device.board.presses_ms = [(device.board.uptime_ms + 100, device.board.uptime_ms + 500)]
    attest(device, STORE_CERTIFICATE, b"\x30\x41" + point)


def set_options(device: Device) -> None:
    device.send("806406000102")


IMAGE, LOCKED_IMAGE = prepared(), prepared(locked=True)

COMMANDS: dict[str, tuple[bytes, Command]] = {
    "seed": (IMAGE, put_seed),
    "random seed": (IMAGE, lambda device: hd(device, R1, 0)),
    "public data": (IMAGE, lambda device: public(device, 0, 1, 2)),
    "public data refused": (IMAGE, lambda device: public(device, 0, b"label", expect=0x6A80)),
    "select": (IMAGE, lambda device: select(device, 0, 1)),
    "select again": (IMAGE, lambda device: [select(device, 0, 1), select(device, 1, b"l")]),
    "sign": (IMAGE, sign_by_node),
    "cipher": (IMAGE, crypt_by_node),
    "lock": (IMAGE, lambda device: turn_lock(device, ENABLE)),
    "unlock": (LOCKED_IMAGE, lambda device: turn_lock(device, UNLOCK)),
    "disable": (LOCKED_IMAGE, lambda device: turn_lock(device, DISABLE)),
    "options": (IMAGE, set_options),
    "settings": (IMAGE, write_settings),
    "attestation": (IMAGE, keep_certificate),
}


def at_start(image: bytes) -> Device:
    device = Device(sectors=16)
    device.board.flash = NorFlash(16, image)
    hsm_crypto.live_handles.clear()
    device.power_on()
    device.verify(USER_PIN)
    return device


def attempt(device: Device, command: Command) -> None:
    try:
        command(device)
    except UnexpectedStatus:
        pass


@pytest.mark.parametrize("name", COMMANDS)
def test_nothing_is_left_behind_when_the_crypto_fails(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, command = COMMANDS[name]
    for at in range(1000):
        device = at_start(image)
        monkeypatch.setattr(hsm_crypto, "operations_left", at)
        attempt(device, command)
        failed = hsm_crypto.operations_left is None
        monkeypatch.setattr(hsm_crypto, "operations_left", None)
        assert hsm_crypto.live_handles == expected(device)
        device.card.end_session()
        assert len(hsm_crypto.live_handles) == 4
        if not failed:
            return
    raise AssertionError("no end")


@pytest.mark.parametrize("name", COMMANDS)
def test_nothing_is_left_behind_when_the_flash_fails(name: str) -> None:
    image, command = COMMANDS[name]
    device = at_start(image)
    before = device.flash.operations
    command(device)
    for at in range(device.flash.operations - before):
        device = at_start(image)
        device.flash.arm(at, fault=OSError)
        attempt(device, command)
        assert not device.flash.armed()
        assert hsm_crypto.live_handles == expected(device)


def key_of(device: Device) -> bytes:
    device.verify()
    return public(device, 0)[45:]


def after(image: bytes, command: Command, observe: Callable[[Device], object]) -> object:
    device = at_start(image)
    command(device)
    device.power_on()
    return observe(device)


OBSERVED: dict[str, Callable[[Device], object]] = {
    "seed": key_of,
    "lock": options,
    "disable": options,
    "options": options,
    "settings": read,
}


@pytest.mark.parametrize("name", OBSERVED)
def test_a_cut_leaves_the_old_or_the_new(name: str) -> None:
    image, command = COMMANDS[name]
    observe = OBSERVED[name]
    old, new = after(image, lambda device: None, observe), after(image, command, observe)
    assert old != new
    found = []
    for device in cuts(command, image=image):
        found.append(observe(device))
        assert found[-1] in (old, new)
    assert old in found and new in found


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("name", OBSERVED)
def test_a_failure_leaves_the_old_or_the_new(name: str, error: type[Exception]) -> None:
    image, command = COMMANDS[name]
    observe = OBSERVED[name]
    old, new = after(image, lambda device: None, observe), after(image, command, observe)
    for device, done in failures(command, error, image=image):
        device.power_on()
        assert observe(device) == (new if done else old)


@pytest.mark.parametrize("error", ERRORS)
def test_a_lock_that_failed_does_not_lock_out(error: type[Exception]) -> None:
    for device, _ in failures(lambda device: turn_lock(device, ENABLE), error, image=IMAGE):
        is_locked = options(device) == LOCKED
        device.verify()
        assert can_sign(device) != is_locked
        if is_locked:
            turn_lock(device, UNLOCK)
            assert can_sign(device)
