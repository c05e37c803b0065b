# SPDX-License-Identifier: GPL-2.0-or-later
"""DKEK shares on the image: counted, kept over power-off, and not in RAM or flash."""

from __future__ import annotations

import hashlib

import pytest

from sim.device import Device
from sim.life.card import Card, CardError, KeyDomain
from tests.image.conftest import PIN, SO_PIN
from tests.image.test_residue import ram

ITERATIONS = 16
NO_KEY = bytes(8)
SHARES = [hashlib.sha256(bytes((number,))).digest() for number in range(2)]
DKEK = bytes(a ^ b for a, b in zip(*SHARES, strict=True))
CHECK_VALUE = hashlib.sha256(DKEK).digest()[:8]


def initialized(device: Device, **key_domains: int) -> Card:
    """A card with key domains, nobody logged in."""
    card = Card(device.transmit)
    card.select()
    card.initialize(PIN, SO_PIN, pin_iterations=ITERATIONS, **key_domains)
    card.select()
    return card


def test_shares_make_a_key(device: Device) -> None:
    card = initialized(device, dkek_shares=2)
    assert card.key_domain() == KeyDomain(2, 2, NO_KEY)
    assert card.import_dkek_share(SHARES[0]) == KeyDomain(2, 1, NO_KEY)
    device.power_off()
    device.power_on()
    card = Card(device.transmit)
    card.select()
    assert card.key_domain() == KeyDomain(2, 1, NO_KEY)
    complete = KeyDomain(2, 0, CHECK_VALUE)
    assert card.import_dkek_share(SHARES[1]) == complete
    with pytest.raises(CardError, match="6986"):
        card.import_dkek_share(SHARES[1])
    device.power_off()
    device.power_on()
    card = Card(device.transmit)
    card.select()
    assert card.key_domain() == complete


def test_equal_shares_cancel_out(device: Device) -> None:
    card = initialized(device, dkek_shares=2)
    card.import_dkek_share(b"\1" * 32)
    answer = card.import_dkek_share(b"\1" * 32)
    assert answer.check_value.hex() == "66687aadf862bd77"


def test_a_domain_is_set_up_cleared_and_deleted(device: Device) -> None:
    card = initialized(device, key_domains=2)
    assert card.key_domain(1) is None
    with pytest.raises(CardError, match="6985"):
        card.set_up_key_domain(1, 2)
    card.verify(PIN)
    assert card.set_up_key_domain(1, 2) == KeyDomain(2, 2, NO_KEY)
    card.import_dkek_share(SHARES[0], 1)
    assert card.import_dkek_share(SHARES[1], 1).check_value == CHECK_VALUE
    assert card.clear_key_domain(1) == KeyDomain(2, 2, NO_KEY)
    card.delete_key_domain(1)
    assert card.key_domain(1) is None
    with pytest.raises(CardError, match="6A86"):
        card.key_domain(2)


def test_neither_share_nor_key_stays_in_the_clear(device: Device) -> None:
    """In RAM, in the USB controller, in flash: of the shares, and of what they make."""
    card = initialized(device, dkek_shares=2)
    for share in SHARES:
        card.import_dkek_share(share)
        card.key_domain()
        device.run_for_ms(1)
        memory, flash = ram(device), device.flash.contents()
        for secret in (*SHARES, DKEK):
            for part in (secret[:16], secret[16:]):
                assert part not in memory
                assert part not in flash
