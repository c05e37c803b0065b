# SPDX-License-Identifier: GPL-2.0-or-later
"""A wrong PIN takes the same instructions, wherever it differs.

Every instruction of the command is counted at its address, from one snapshot: same noise, same
flash, same length. Two wrong PINs must agree in every count.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest

import boards
from sim.apdu import command
from sim.device import Device, DeviceSnapshot
from sim.life.card import PIN_ITERATIONS_MIN, SO_PIN_REFERENCE, USER_PIN_REFERENCE, Card
from sim.residue.watch import watched
from tests.image.conftest import PIN, SO_PIN, image_path

NEW_PIN = b"135790"
RANDOM_GUESSES = 12

Counts = dict[int, int]


def guesses(right: bytes) -> list[bytes]:
    """Wrong values of the same length: first digit, last, one inside, all, and by chance."""
    choices = random.Random(1)
    changed = [0, len(right) - 1, len(right) // 2]
    found = [right[:at] + bytes((right[at] ^ 1,)) + right[at + 1 :] for at in changed]
    found += [bytes(digit ^ 1 for digit in right), bytes(len(right)), b"\xff" * len(right)]
    return found + [choices.randbytes(len(right)) for _ in range(RANDOM_GUESSES)]


@pytest.fixture(scope="module", params=boards.names())
def ready(request: pytest.FixtureRequest) -> Iterator[tuple[Device, DeviceSnapshot]]:
    """An initialised device that counts, all modules of the commands loaded, nobody logged in."""
    device = watched(
        Device.from_uf2(request.param, image_path(request.param), exact=True, coverage=True)
    )
    device.power_on()
    card = Card(device.transmit)
    card.select()
    card.initialize(PIN, SO_PIN, tries=10, pin_iterations=PIN_ITERATIONS_MIN)
    for reference, right in ((USER_PIN_REFERENCE, PIN), (SO_PIN_REFERENCE, SO_PIN)):
        card.try_pin(bytes(len(right)), reference)
        card.verify(right, reference)
    card.select()
    yield device, device.snapshot()
    device.power_off()


def counts_of(device: Device, snapshot: DeviceSnapshot, apdu: bytes, expected: str) -> Counts:
    """How often each instruction ran from the APDU to its answer."""
    device.restore(snapshot)
    device.machine.clear_coverage()
    assert device.transmit(apdu).hex() == expected
    return device.machine.execution_counts()


def verify(pin: bytes, reference: int = USER_PIN_REFERENCE) -> bytes:
    """VERIFY."""
    return command(0x00, 0x20, 0x00, reference, pin)


COMMANDS: dict[str, tuple[bytes, str, Callable[[bytes], bytes]]] = {
    "VERIFY": (PIN, "63c9", verify),
    "VERIFY SO-PIN": (SO_PIN, "63ce", lambda guess: verify(guess, SO_PIN_REFERENCE)),
    "CHANGE REFERENCE DATA": (
        PIN,
        "63c9",
        lambda guess: command(0x00, 0x24, 0x00, USER_PIN_REFERENCE, guess + NEW_PIN),
    ),
    "RESET RETRY COUNTER": (
        SO_PIN,
        "63ce",
        lambda guess: command(0x00, 0x2C, 0x00, USER_PIN_REFERENCE, guess + NEW_PIN),
    ),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_wrong_pins_cannot_be_told_apart(ready: tuple[Device, DeviceSnapshot], name: str) -> None:
    right, refused, apdu_of = COMMANDS[name]
    first, *others = guesses(right)
    expected = counts_of(*ready, apdu_of(first), refused)
    for guess in others:
        found = counts_of(*ready, apdu_of(guess), refused)
        differing = {
            hex(address): found.get(address, 0) - expected.get(address, 0)
            for address in found.keys() | expected.keys()
            if found.get(address, 0) != expected.get(address, 0)
        }
        assert not differing, f"{guess.hex()}: {differing}"


def test_the_right_pin_takes_other_instructions(ready: tuple[Device, DeviceSnapshot]) -> None:
    """The counts would show a difference: here there is one, and it is no secret."""
    wrong = counts_of(*ready, verify(guesses(PIN)[0]), "63c9")
    assert counts_of(*ready, verify(PIN), "9000") != wrong
