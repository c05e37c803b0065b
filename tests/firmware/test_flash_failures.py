# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands when a flash operation fails: 9000 means after, an error means before.

Each flash operation of each changing command fails once, with no, half or full effect: the command
succeeds in another sector. Or memory runs out there. Then the card goes on working, and a power
cycle finds what was acknowledged and nothing else.
"""

from collections.abc import Callable

import hsm_crypto
import pytest
from device import SO_PIN, USER_PIN, Device, UnexpectedStatus
from hsm.store.field import RETRY_SLOTS
from nor_flash import NorFlash, tear_full, tear_none, tear_prefix
from test_power_cut import IMAGE, NEW_PIN, at_start, has, state, uses

P256 = hsm_crypto.curve_parameters(hsm_crypto.CURVE_SECP256R1)[0]
EFFECTS = (tear_none, tear_prefix, tear_full)
ERRORS = (OSError, MemoryError)
MEMORY_FAILURE, NO_PRECISE_DIAGNOSIS = 0x6581, 0x6F00

Command = Callable[[Device], object]


def change_pin(device: Device) -> None:
    device.send(b"\0\x24\0\x81\x0e" + USER_PIN + NEW_PIN)


def reset_retry_counter(device: Device) -> None:
    device.send(b"\0\x2c\0\x81\x10" + SO_PIN + NEW_PIN)


def failures(command: Command, error: type[Exception], login: bool = True, image: bytes = IMAGE):
    """Yield (device, answered 9000) for each failure; `command` runs from the same image."""

    def start() -> Device:
        device = at_start(False)
        device.board.flash = NorFlash(16, image)
        device.power_on()
        device.select()
        if login:
            device.verify()
        return device

    device = start()
    before = device.flash.operations
    command(device)
    count = device.flash.operations - before
    assert count
    for at in range(count):
        for effect in EFFECTS:
            device = start()
            device.flash.arm(at, effect, error)
            done = True
            try:
                command(device)
            except UnexpectedStatus as answer:
                done = False
                assert error is MemoryError
                assert answer.status_word == NO_PRECISE_DIAGNOSIS
            assert not device.flash.armed()
            yield device, done


def pin_of(device: Device) -> bytes:
    """The user PIN that is right, and only one is."""
    right = []
    for pin in (USER_PIN, NEW_PIN):
        apdu = b"\0\x20\0\x81" + bytes([len(pin)]) + pin
        if device.transmit(apdu) == b"\x90\x00":
            right.append(pin)
    assert len(right) == 1
    device.verify(right[0])
    return right[0]


def goes_on(device: Device, pin: bytes = USER_PIN) -> None:
    """Other changes work and last, and nothing else changes with the next power-up."""
    device.verify(pin)
    device.write(0xCF05, 0, b"later")
    device.select()
    before = state(device)
    device.power_on()
    device.select()
    assert state(device) == before
    assert device.read(0xCF05) == b"later"
    device.verify(pin)


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize(
    "command",
    [
        lambda device: device.delete(0xCC01),
        lambda device: device.write(0xCF01, 0, b"replaced" * 300),
        lambda device: device.write(0xCF01, 100, b"longer" * 300),
        lambda device: device.write(0xCD01, 0, b"private" * 300),
    ],
)
def test_atomic_commands(command: Command, error: type[Exception]) -> None:
    device = at_start(True)
    device.select()
    before = state(device)
    device = at_start(True)
    command(device)
    device.select()
    after = state(device)
    for device, done in failures(command, error):
        device.select()
        assert state(device) == (after if done else before)
        goes_on(device)


@pytest.mark.parametrize("error", ERRORS)
def test_generate(error: type[Exception]) -> None:
    for device, done in failures(lambda device: device.generate_ec(2, P256), error):
        device.select()
        assert (0xCC02 in device.list()) == done
        assert has(device, 0xCE02) == done
        goes_on(device)
        device.sign(2, 0x70, bytes(32), expect=0x9000 if done else 0x6A82)
        device.sign(1, 0x70, bytes(32))


@pytest.mark.parametrize("error", ERRORS)
def test_change_pin(error: type[Exception]) -> None:
    for device, done in failures(change_pin, error):
        pin = pin_of(device)
        assert (pin == NEW_PIN) == done
        goes_on(device, pin)
        device.sign(1, 0x70, bytes(32))


@pytest.mark.parametrize("error", ERRORS)
def test_reset_retry_counter(error: type[Exception]) -> None:
    for device, done in failures(reset_retry_counter, error, login=False):
        pin = pin_of(device)
        assert (pin == NEW_PIN) == done
        goes_on(device, pin)
        device.sign(1, 0x70, bytes(32))


@pytest.mark.parametrize("error", ERRORS)
def test_verify(error: type[Exception]) -> None:
    for device, done in failures(lambda device: device.verify(), error, login=False):
        device.sign(1, 0x70, bytes(32), expect=0x9000 if done else 0x6982)
        device.select()
        # One try was spent before; this one may be, unless it was answered.
        answer = device.transmit(bytes.fromhex("00200081"))
        assert answer == b"\x63\xc3" if done else answer in (b"\x63\xc1", b"\x63\xc2", b"\x63\xc3")
        goes_on(device)


@pytest.mark.parametrize("error", ERRORS)
def test_verify_with_a_wrong_pin(error: type[Exception]) -> None:
    def wrong(device: Device) -> None:
        device.verify(b"111111", expect=0x63C1)

    for device, _ in failures(wrong, error, login=False):
        assert device.transmit(bytes.fromhex("00200081")) in (b"\x63\xc1", b"\x63\xc2")
        goes_on(device)


@pytest.mark.parametrize("error", ERRORS)
def test_sign_with_a_counter(error: type[Exception]) -> None:
    for device, done in failures(lambda device: device.sign(1, 0x70, bytes(32)), error):
        if done:
            assert uses(device) == b"\x90\x04\0\0\0\x08"
        else:
            assert uses(device) in (b"\x90\x04\0\0\0\x08", b"\x90\x04\0\0\0\x09")
        device.select()
        goes_on(device)


@pytest.mark.parametrize("error", ERRORS)
def test_initialize(error: type[Exception]) -> None:
    def initialize(device: Device) -> None:
        device.initialize(user_pin=NEW_PIN)

    for device, done in failures(initialize, error, login=False):
        device.select()
        assert (0xCC01 in device.list()) == (not done)
        pin = pin_of(device)
        assert (pin == NEW_PIN) == done
        goes_on(device, pin)
        device.initialize()


@pytest.mark.parametrize("error", ERRORS)
def test_first_initialize(error: type[Exception]) -> None:
    blank = NorFlash(16).image()
    first = Device.initialize
    for device, done in failures(first, error, login=False, image=blank):
        if not done:
            assert device.transmit(bytes.fromhex("00200081")) == b"\x6a\x88"
            device.power_on()
            device.select()
            assert device.transmit(bytes.fromhex("00200081")) == b"\x6a\x88"
            device.initialize()
        device.select()
        goes_on(device)


def test_a_session_does_not_outlive_its_seal() -> None:
    device = at_start(True)
    device.verify_so()
    status = device.card.status
    assert status.user_is_authenticated() and status.so_is_authenticated()
    seal = device.card.store.seal
    assert seal is not None
    keys = [seal.key(0), seal.key(1), seal._log, seal._set, seal.pepper]
    device.flash.arm(0, tear_none, MemoryError)
    device.write(0xCF01, 0, b"replaced", expect=NO_PRECISE_DIAGNOSIS)
    assert not status.user_is_authenticated()
    assert not status.so_is_authenticated()
    assert status.so_secret() is None
    for key in keys:
        with pytest.raises(ValueError):
            key.derive(b"wiped")
    device.sign(1, 0x70, bytes(32), expect=0x6982)
    device.verify()
    device.sign(1, 0x70, bytes(32))


def test_a_wiped_seal_opens_no_class() -> None:
    seal = at_start(True).card.store.seal
    assert seal is not None
    keys = (seal.key(0), seal.key(1))
    seal.wipe()
    assert not seal.user_class_is_open()
    for key in keys:
        with pytest.raises(ValueError):
            key.derive(b"wiped")


def test_a_flash_that_programs_nothing_opens_and_signs_nothing() -> None:
    device = at_start(False)
    device.flash.ignores_programs = True
    for _ in range(5):
        device.verify(expect=MEMORY_FAILURE)
        device.sign(1, 0x70, bytes(32), expect=0x6982)
    device.flash.ignores_programs = False
    device.verify()
    left = uses(device)
    device.flash.ignores_programs = True
    device.sign(1, 0x70, bytes(32), expect=MEMORY_FAILURE)
    assert uses(device) == left


def test_a_flash_at_its_end_opens_while_there_are_slots(monkeypatch: pytest.MonkeyPatch) -> None:
    device = at_start(True)
    device.generate_ec(2, P256)
    real = device.flash.program

    def in_place_only(offset: int, data) -> None:
        # Bits of a counter can still be cleared; nothing new can be written, nothing erased.
        if len(data) > 1:
            raise OSError(5)
        real(offset, data)

    def nothing(offset: int) -> None:
        raise OSError(5)

    monkeypatch.setattr(device.flash, "program", in_place_only)
    monkeypatch.setattr(device.flash, "erase", nothing)
    logins = 0
    while logins < 2 * RETRY_SLOTS:
        try:
            device.verify()
        except UnexpectedStatus as error:
            assert error.status_word == MEMORY_FAILURE
            break
        device.sign(2, 0x70, bytes(32))
        logins += 1
    # Two logins and a wrong PIN came before; not one of the slots is given away.
    assert logins == RETRY_SLOTS - 3


def test_a_failure_that_passed_does_not_open_initialize(monkeypatch: pytest.MonkeyPatch) -> None:
    device = at_start(True)

    def fails(*_arguments) -> None:
        raise OSError(5)

    # A record is half written, then nothing works: the mount that would settle it fails, too.
    device.flash.arm(1, tear_prefix, OSError)
    with monkeypatch.context() as patch:
        real = device.flash._apply
        patch.setattr(
            device.flash, "_apply", lambda *each: (real if device.flash.armed() else fails)(*each)
        )
        device.write(0xCF01, 0, b"replaced" * 300, expect=MEMORY_FAILURE)
        device.verify(expect=MEMORY_FAILURE)
    device.initialize(so_pin=b"00000000", expect=0x63CE)
    device.verify()
    device.sign(1, 0x70, bytes(32))
    assert device.read(0xCF01) == b"contents" * 20
