# SPDX-License-Identifier: GPL-2.0-or-later
"""Key domains when power or flash fails: DOM-1, ATOM-1, ATOM-2, KEY-1, KEY-2.

Each flash operation of each change is cut with each tear, and fails once with each effect.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from device import Device
from hsm.files.object_ids import ID_DKEK, ID_KEY_DOMAIN
from test_flash_failures import failures
from test_key_domains import CLEAR, DELETE, IMPORT, SET_UP, SHARES, STATUS, check_value, domains_tlv
from test_power_cut import cuts

DOMAINS = 3


def prepared() -> Device:
    """Domain 0 is not set up, domain 1 waits for two of three shares, domain 2 is complete."""
    device = Device(sectors=16)
    device.initialize(more=domains_tlv(DOMAINS))
    # The log has left their sector, and nothing in it outlives INITIALIZE, which gives it back as
    # it is, but for what is vital.
    device.write(0xCF01, 0, bytes(3000))
    device.key_domain(SET_UP, 1, b"\3")
    device.key_domain(IMPORT, 1, SHARES[0])
    device.key_domain(SET_UP, 2, b"\1")
    device.key_domain(IMPORT, 2, SHARES[2])
    device.write(0xCF02, 0, bytes(3000))
    return device


def sealed(device: Device, id: int) -> bytes:
    """An object's payload in the flash."""
    return bytes(device.card.store.raw(id)[1])


PREPARED = prepared()
IMAGE = PREPARED.flash.image()
# What the secret is in: the shares so far, which the device opens, and a DKEK of the user's.
SEALED = {1: sealed(PREPARED, ID_KEY_DOMAIN + 1), 2: sealed(PREPARED, ID_DKEK + 2)}


@dataclass(frozen=True)
class Change:
    """A command that changes one domain, and the domain's status before and after it."""

    domain: int
    before: bytes
    after: bytes
    command: Callable[[Device], object]


NOT_SET_UP = bytes.fromhex("6A88")
NO_KEY = bytes(8)
WAITING = b"\3\2" + NO_KEY + b"\x90\0"
COMPLETE_2 = b"\1\0" + check_value(SHARES[2]) + b"\x90\0"
TWO = b"\3\1" + NO_KEY + b"\x90\0"

CHANGES = {
    "set up": Change(
        0,
        NOT_SET_UP,
        b"\2\2" + NO_KEY + b"\x90\0",
        lambda device: device.key_domain(SET_UP, 0, b"\2"),
    ),
    "import": Change(1, WAITING, TWO, lambda device: device.key_domain(IMPORT, 1, SHARES[1])),
    "clear": Change(
        1, WAITING, b"\3\3" + NO_KEY + b"\x90\0", lambda device: device.key_domain(CLEAR, 1)
    ),
    "clear a key": Change(
        2, COMPLETE_2, b"\1\1" + NO_KEY + b"\x90\0", lambda device: device.key_domain(CLEAR, 2)
    ),
    "delete": Change(
        2,
        COMPLETE_2,
        NOT_SET_UP,
        lambda device: device.key_domain(DELETE, 2, expect=0x6A88),
    ),
}
CHANGED = pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())


def statuses(device: Device) -> list[bytes]:
    """Of all domains, with the status word."""
    return [device.transmit(bytes([0x80, 0x52, STATUS, n, 0])) for n in range(DOMAINS)]


def expected(change: Change, status: bytes) -> list[bytes]:
    """The statuses of all domains when the changed one has `status`."""
    found = [NOT_SET_UP, WAITING, COMPLETE_2]
    found[change.domain] = status
    return found


def no_share_in_the_clear(device: Device) -> None:
    image = device.flash.image()
    assert not any(share in image for share in SHARES), "KEY-2"


def finish(device: Device) -> None:
    """The domain that collects shares comes to the right key, however often it was cut."""
    device.verify()
    device.key_domain(CLEAR, 1)
    for share in SHARES:
        answer = device.key_domain(IMPORT, 1, share)
    assert answer == b"\3\0" + check_value(*SHARES)


@CHANGED
def test_a_cut_leaves_before_or_after(change: Change) -> None:
    states = [expected(change, change.before), expected(change, change.after)]
    found = []
    for device in cuts(change.command, image=IMAGE):
        found.append(statuses(device))
        assert found[-1] in states
        no_share_in_the_clear(device)
        if change.domain in SEALED:
            is_there = SEALED[change.domain] in device.flash.image()
            assert is_there == (found[-1] == states[0]), "KEY-1"
        device.power_on()
        assert statuses(device) == found[-1]
        finish(device)
    assert all(state in found for state in states)


def test_the_share_that_completes_a_key() -> None:
    """Two of three are there: a cut costs no share, and none counts twice."""
    device = prepared()
    device.key_domain(IMPORT, 1, SHARES[1])
    image = device.flash.image()
    complete = b"\3\0" + check_value(*SHARES) + b"\x90\0"
    found = set()
    for device in cuts(
        lambda device: device.key_domain(IMPORT, 1, SHARES[2]), login=False, image=image
    ):
        status = statuses(device)[1]
        found.add(status)
        if status == TWO:
            device.key_domain(IMPORT, 1, SHARES[2])
        else:
            device.key_domain(IMPORT, 1, SHARES[2], expect=0x6986)
        assert statuses(device)[1] == complete
    assert found == {TWO, complete}


def test_initialize_with_shares_is_all_or_nothing() -> None:
    def initialize(device: Device) -> None:
        device.initialize(more=b"\x92\1\2")

    old = expected(CHANGES["clear"], WAITING)
    new = [b"\2\2" + NO_KEY + b"\x90\0", b"\x6a\x86", b"\x6a\x86"]
    found = []
    for device in cuts(initialize, login=False, image=IMAGE):
        found.append(statuses(device))
        assert found[-1] in (old, new)
        no_share_in_the_clear(device)
        for payload in SEALED.values():
            assert (payload in device.flash.image()) == (found[-1] == old), "KEY-1"
    assert old in found and new in found


@CHANGED
@pytest.mark.parametrize("error", [OSError, MemoryError])
def test_a_flash_that_fails_once(change: Change, error: type[Exception]) -> None:
    """What succeeds is done, what is refused is not, and the next power-up finds the same."""
    states = {False: expected(change, change.before), True: expected(change, change.after)}
    outcomes = set()
    for device, done in failures(change.command, error, image=IMAGE):
        outcomes.add(done)
        assert statuses(device) == states[done]
        no_share_in_the_clear(device)
        device.power_on()
        assert statuses(device) == states[done]
        finish(device)
    # A sector where an operation fails is left, and the command succeeds in another one.
    assert outcomes == ({True} if error is OSError else {False, True})
