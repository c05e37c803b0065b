# SPDX-License-Identifier: GPL-2.0-or-later
"""Counters whose bit field is used up: no cut there ends a key or a PIN.

Invariants PIN-1, PIN-2 and CTR-1 at the end of the field.
"""

import hsm_crypto
import pytest
from device import SO_PIN, USER_PIN, Device
from hsm.files.object_ids import ID_USER_PIN, KIND_KEY_INFO, KIND_REFERENCE_DATA
from hsm.keys.metadata import UNLIMITED
from hsm.store import counters, field
from hsm.store.record import FLAG_FIELD
from nor_flash import TEARS, NorFlash, PowerCut
from store_twin import contents, fresh, mounted, put
from test_power_cut import at_start, uses

P256 = hsm_crypto.curve_parameters(hsm_crypto.CURVE_SECP256R1)[0]
KEY_INFO = 0x1201
SECTORS = 16


def with_uses(total: int, spent: int) -> Device:
    """A logged-in device whose key 1 had `total` uses and lost `spent` of them."""
    device = Device(sectors=SECTORS)
    device.initialize()
    device.verify()
    device.generate_ec(1, P256, b"\x90\x04" + total.to_bytes(4, "big"))
    for _ in range(spent):
        device.card.keys.count_use(1)
    return device


def on(image: bytes) -> Device:
    device = Device(sectors=SECTORS)
    device.board.flash = NorFlash(SECTORS, image)
    device.power_on()
    device.select()
    device.verify()
    return device


def left(device: Device) -> int:
    tag = uses(device)
    assert tag[:2] == b"\x90\x04"
    return int.from_bytes(tag[2:], "big")


def sign(device: Device, expect: int = 0x9000) -> None:
    device.sign(1, 0x70, bytes(32), expect)


@pytest.mark.parametrize("spent", [255, 256])
def test_every_cut_at_the_end_of_the_use_field(spent: int) -> None:
    image = with_uses(512, spent).flash.image()
    device = on(image)
    before = device.flash.operations
    sign(device)
    count = device.flash.operations - before
    assert (count > 1) == (spent == field.USE_SLOTS)
    for at in range(count):
        for tear in TEARS:
            device = on(image)
            device.flash.arm(at, tear)
            with pytest.raises(PowerCut):
                sign(device)
            device = on(device.flash.image())
            found = left(device)
            assert found in (512 - spent, 511 - spent)
            for use in range(3):
                sign(device)
                assert left(device) == found - 1 - use


def test_uses_run_out_behind_the_end_of_the_field() -> None:
    device = with_uses(258, 256)
    for expect in (0x9000, 0x9000, 0x6A84, 0x6A84):
        sign(device, expect)
    device = on(device.flash.image())
    assert left(device) == 0
    sign(device, 0x6A84)


def test_a_counter_never_becomes_unlimited() -> None:
    device = with_uses(2, 2)
    # As after glitches that skipped the checks: more uses were spent than there were.
    for _ in range(field.USE_SLOTS):
        device.card.keys.count_use(1)
        assert left(device) == 0
        sign(device, 0x6A84)
    info = device.card.keys.info(1)
    assert info.uses == 0 != UNLIMITED
    # And where a record says less than nothing.
    info.uses = -2
    with device.card.store.transaction() as change:
        change.put(KEY_INFO, KIND_KEY_INFO, info.encode(), FLAG_FIELD)
        change.commit()
    assert left(device) == 0
    sign(device, 0x6A84)


@pytest.mark.parametrize("spent", [0, 1, 2])
def test_every_cut_at_the_end_of_the_retry_field(spent: int) -> None:
    device = at_start(False)
    full_with_tries(device, spent)
    check_cuts_of_verify(device.flash.image(), spent)


def full_with_tries(device: Device, spent: int) -> None:
    """Put the user PIN anew, its field full and its last `spent` slots tries."""
    store = device.card.store
    reference_data = store.read(ID_USER_PIN)
    with store.transaction() as change:
        change.put(ID_USER_PIN, KIND_REFERENCE_DATA, reference_data, FLAG_FIELD)
        change.commit()
    for slot in range(field.RETRY_SLOTS):
        counters.spend_try(store, ID_USER_PIN)
        if slot < field.RETRY_SLOTS - spent:
            counters.restore_tries(store, ID_USER_PIN)


def check_cuts_of_verify(image: bytes, spent: int) -> None:
    def start() -> Device:
        device = Device(sectors=SECTORS)
        device.board.flash = NorFlash(SECTORS, image)
        device.power_on()
        device.select()
        return device

    device = start()
    assert counters.tries_spent(device.card.store, ID_USER_PIN) == spent
    before = device.flash.operations
    device.verify(b"000000", expect=0x63C0 | 2 - spent if spent < 2 else 0x6983)
    count = device.flash.operations - before
    assert count > 1
    for at in range(count):
        for tear in TEARS:
            device = start()
            device.flash.arm(at, tear)
            with pytest.raises(PowerCut):
                device.verify(b"000000")
            device.power_on()
            found = counters.tries_spent(device.card.store, ID_USER_PIN)
            assert found in (spent, spent + 1), "PIN-1"
            if found < 3:
                device.verify(USER_PIN)
                device.verify(b"000000", expect=0x63C2)
            else:
                device.send(b"\0\x2c\0\x81\x0e" + SO_PIN + USER_PIN)
                device.verify(USER_PIN)


def test_cuts_in_the_renewal_of_a_pin_are_harmless() -> None:
    # Each cut comes where the success has been noted and the new record has not been committed.
    device = at_start(False)
    for _ in range(2 * field.RETRY_SLOTS):
        device.flash.arm(2)
        try:
            device.verify()
            device.flash.disarm()
        except PowerCut:
            device.power_on()
            device.select()
    device.verify()


def test_a_new_field_keeps_the_tries() -> None:
    flash, store = fresh()
    put(store, 5, b"pin", FLAG_FIELD)
    for slot in range(field.RETRY_SLOTS - 9):
        counters.spend_try(store, 5)
        counters.restore_tries(store, 5)
        assert counters.tries_spent(store, 5) == 0, slot
    for tries in range(1, 2 * 9):
        counters.spend_try(store, 5)
        assert counters.tries_spent(store, 5) == counters.tries_spent(mounted(flash), 5) == tries
    assert contents(mounted(flash), 5) == b"pin"
