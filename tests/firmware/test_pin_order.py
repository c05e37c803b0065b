# SPDX-License-Identifier: GPL-2.0-or-later
"""PINs: the try is spent before the comparison, and a change is one commit.

Invariants PIN-1, PIN-2, ATOM-1: what stands in the flash when the comparison begins, and how many
transactions a command takes.
"""

from collections.abc import Callable
from dataclasses import dataclass

import hsm_crypto
import pytest
from device import SO_PIN, USER_PIN, Device
from hsm.store import Store
from nor_flash import NorFlash

NEW_PIN = b"brandnew"
WRONG = b"000000"
WRONG_SO = b"00000000"
SECTORS = 16
USER_STATE, SO_STATE = bytes.fromhex("00200081"), bytes.fromhex("00200088")

Command = Callable[[Device], object]


@dataclass(frozen=True)
class Attempt:
    """A command that compares reference data, and how its state is asked for."""

    state: bytes
    run: Command
    commits: int


def change(old: bytes, expect: int = 0x9000) -> Command:
    apdu = b"\0\x24\0\x81" + bytes([len(old + NEW_PIN)]) + old + NEW_PIN
    return lambda device: device.send(apdu, expect)


def change_so(old: bytes, expect: int = 0x9000) -> Command:
    return lambda device: device.send(b"\0\x24\0\x88\x10" + old + SO_PIN[::-1], expect)


def reset(p1: int, so_pin: bytes, new: bytes = b"", expect: int = 0x9000) -> Command:
    data = so_pin + new
    apdu = bytes([0, 0x2C, p1, 0x81, len(data)]) + data
    return lambda device: device.send(apdu, expect)


ATTEMPTS = {
    "verify": Attempt(USER_STATE, lambda device: device.verify(), 0),
    "verify wrong": Attempt(USER_STATE, lambda device: device.verify(WRONG, expect=0x63C1), 0),
    "verify SO-PIN": Attempt(SO_STATE, lambda device: device.verify_so(), 0),
    "change": Attempt(USER_STATE, change(USER_PIN), 1),
    "change wrong": Attempt(USER_STATE, change(WRONG, 0x63C1), 0),
    "change SO-PIN": Attempt(SO_STATE, change_so(SO_PIN), 1),
    "reset with a new PIN": Attempt(SO_STATE, reset(0, SO_PIN, NEW_PIN), 1),
    "reset": Attempt(SO_STATE, reset(1, SO_PIN), 0),
    "reset wrong": Attempt(SO_STATE, reset(0, WRONG_SO, NEW_PIN, 0x63CD), 0),
}
EACH = pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS.keys())


@pytest.fixture
def device() -> Device:
    """One try of each PIN is spent; nobody is logged in."""
    device = Device(SECTORS)
    device.initialize()
    device.select()
    device.verify(WRONG, expect=0x63C2)
    device.verify_so(WRONG_SO, expect=0x63CE)
    return device


def tries(image: bytes, state: bytes) -> int:
    """Tries left, as a device with this flash would boot."""
    device = Device(SECTORS)
    device.board.flash = NorFlash(SECTORS, image)
    device.power_on()
    answer = device.transmit(state)
    return 0 if answer == b"\x69\x83" else answer[1] & 0x0F


@EACH
def test_the_try_is_in_the_flash_before_the_comparison(
    device: Device, attempt: Attempt, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PIN-2: whoever cuts the power when it knows the outcome has lost the try."""
    compared: list[tuple[bytes, int]] = []
    stretch = hsm_crypto.Secret.stretch

    def observed(*arguments) -> hsm_crypto.Secret:
        compared.append((device.flash.image(), device.flash.operations))
        return stretch(*arguments)

    before, operations = device.flash.image(), device.flash.operations
    with monkeypatch.context() as patch:
        patch.setattr(hsm_crypto.Secret, "stretch", staticmethod(observed))
        attempt.run(device)
    image, operations_then = compared[0]
    # One program, and no erase: nothing else can be between the command and the comparison.
    assert operations_then == operations + 1
    assert tries(image, attempt.state) == tries(before, attempt.state) - 1


@EACH
def test_a_change_is_one_transaction(
    device: Device, attempt: Attempt, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ATOM-1: new PIN and all tries together; an attempt alone commits nothing."""
    commits: list[int] = []
    commit = Store.commit

    def observed(store: Store, number: int, *arguments) -> None:
        commits.append(number)
        commit(store, number, *arguments)

    monkeypatch.setattr(Store, "commit", observed)
    attempt.run(device)
    assert len(commits) == attempt.commits


def test_a_read_back_that_disagrees_is_no_attempt(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flash that drops the program: nothing is compared, not even the right PIN."""
    compared = []
    monkeypatch.setattr(
        hsm_crypto.Secret, "stretch", staticmethod(lambda *arguments: compared.append(arguments))
    )
    device.flash.ignores_programs = True
    device.verify(expect=0x6581)
    device.verify(WRONG, expect=0x6581)
    assert not compared
