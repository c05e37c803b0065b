# SPDX-License-Identifier: GPL-2.0-or-later
"""UNWRAP KEY and XKEK when power or flash fails: ATOM-1, KEY-1, KEY-2."""

from collections.abc import Callable
from dataclasses import dataclass

import hsm_crypto
import key_blob
import pki
import pytest
from device import Device, tlv
from key_blob import KeyBlob
from pki import EcSigner
from test_flash_failures import failures
from test_key_exchange import Group, exchange, trust, vouched
from test_power_cut import at_start, cuts
from test_wrap_key import DKEK, EF_WRAPPED_KEY

P256 = hsm_crypto.curve_parameters(hsm_crypto.CURVE_SECP256R1)[0]
GROUP, ROOT = Group(), pki.root()
PEER = vouched(GROUP, EcSigner(), ROOT)
KEY = bytes(range(32))
BLOB = KeyBlob(key_blob.AES, 32, [KEY]).encode(DKEK)


def prepared() -> Device:
    """Domain 0 has a DKEK of shares; domain 1 is the group's, with key 1 for two agreements."""
    device = Device(sectors=16)
    device.initialize(more=tlv(0x97, b"\3"))
    device.write(0xCF01, 0, bytes(3000))
    device.key_domain(1, 0, b"\1")
    device.key_domain(0, 0, DKEK)
    GROUP.join(device, 1)
    metadata = tlv(0x91, b"\x84") + tlv(0x92, b"\1") + tlv(0x90, b"\0\0\0\2")
    device.generate_ec(1, P256, metadata)
    trust(device, ROOT.certificate())
    device.generate_ec(2, P256)
    device.write(EF_WRAPPED_KEY, 0, BLOB)
    device.write(0xCF02, 0, bytes(3000))
    return device


IMAGE = prepared().flash.image()


def state(device: Device) -> tuple:
    """What a host sees of keys, domains and the staged blob."""
    device.select()
    domains = [device.transmit(bytes([0x80, 0x52, 0, number, 0])) for number in range(3)]
    selected = [
        device.transmit(b"\0\xa4\0\0\2" + fid.to_bytes(2, "big") + b"\0")
        for fid in (0xCC01, 0xCC02, 0xC402, 0xCE02, EF_WRAPPED_KEY)
    ]
    return tuple(domains), tuple(selected), tuple(device.list())


@dataclass(frozen=True)
class Change:
    """`works`: what must succeed afterwards, cut or not."""

    command: Callable[[Device], object]
    works: Callable[[Device], object]


def unwrapped(device: Device) -> None:
    device.unwrap(2, BLOB)
    assert key_blob.decode(device.wrap(2), DKEK).fields == [KEY]


CHANGES = {
    "unwrap": Change(lambda device: device.unwrap(2, BLOB), unwrapped),
    "unwrap the staged blob": Change(lambda device: device.send("80740293"), unwrapped),
    "join": Change(
        lambda device: GROUP.join(device, 2),
        lambda device: device.key_domain(0, 2),
    ),
    "agree": Change(
        lambda device: exchange(device, 1, PEER), lambda device: exchange(device, 1, PEER)
    ),
}
CHANGED = pytest.mark.parametrize("name", CHANGES)


def goes_on(name: str, device: Device) -> None:
    device.verify()
    if name == "join" and device.transmit(bytes([0x80, 0x52, 0, 2, 0])) == b"\x6a\x88":
        GROUP.join(device, 2)
    CHANGES[name].works(device)


@CHANGED
def test_a_cut_leaves_before_or_after(name: str) -> None:
    device = at_start(True, IMAGE)
    states = [state(device)]
    device.verify()
    CHANGES[name].command(device)
    states.append(state(device))
    assert states[0] != states[1]
    found = []
    for device in cuts(CHANGES[name].command, image=IMAGE):
        found.append(state(device))
        assert found[-1] in states
        assert KEY not in device.flash.image() and DKEK not in device.flash.image(), "KEY-2"
        device.power_on()
        assert state(device) == found[-1]
        goes_on(name, device)
    assert all(before_or_after in found for before_or_after in states)


@CHANGED
@pytest.mark.parametrize("error", [OSError, MemoryError])
def test_a_flash_that_fails_once(name: str, error: type[Exception]) -> None:
    device = at_start(True, IMAGE)
    before = state(device)
    device.verify()
    CHANGES[name].command(device)
    states = {False: before, True: state(device)}
    for device, done in failures(CHANGES[name].command, error, image=IMAGE):
        assert state(device) == states[done]
        device.power_on()
        assert state(device) == states[done]
        goes_on(name, device)
