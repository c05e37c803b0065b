# SPDX-License-Identifier: GPL-2.0-or-later
"""Who opens a DKEK: the device while shares come in, then the user alone.

Invariants DOM-1, ATOM-1, KEY-1 and KEY-2 when the login that moves it is cut or fails.
"""

import hsm_crypto
import key_blob
import pytest
from device import USER_PIN, Device, tlv
from hsm.commands import verify
from hsm.files.object_ids import ID_DKEK, ID_KEY_DOMAIN
from hsm.security import key_domains
from hsm.store import NotFound, SealLocked, StoreFailure, StoreFull
from test_flash_failures import failures
from test_key_domains import IMPORT, SET_UP, SHARES, STATUS, check_value, domains_tlv, shares_tlv
from test_power_cut import cuts

COMPLETE = b"\1\0" + check_value(SHARES[0])


def is_of_user_class(device: Device, domain: int = 0) -> bool:
    """As the flash has it; whatever the session."""
    store = device.card.store
    known = store.read(ID_KEY_DOMAIN + domain)[2:]
    assert store.contains(ID_DKEK + domain) == (len(known) == 8), "DOM-1"
    return len(known) == 8


def imported(shares: int = 1) -> Device:
    """Complete, and nobody has logged in since. Its log is larger than one sector."""
    device = Device(sectors=16)
    device.initialize(more=shares_tlv(shares))
    device.write(0xCF01, 0, bytes(3000))
    device.select()
    for share in SHARES[:shares]:
        device.key_domain(IMPORT, 0, share)
    device.power_on()
    return device


def check(device: Device) -> None:
    """The user is logged in: the DKEK works, and it is his."""
    assert device.key_domain(STATUS) == COMPLETE
    device.generate_aes(1, 128)
    assert key_blob.decode(device.wrap(1), SHARES[0])


def test_shares_without_a_login_wait_for_one() -> None:
    device = imported()
    assert not is_of_user_class(device)
    assert device.key_domain(STATUS) == COMPLETE
    device.verify_so()
    assert not is_of_user_class(device)
    device.verify()
    assert is_of_user_class(device)
    check(device)
    device.power_on()
    assert device.key_domain(STATUS) == COMPLETE
    with pytest.raises(SealLocked):
        key_domains.open_dkek(device.card.store, 0)
    device.verify()
    check(device)


def test_the_first_change_of_the_pin_is_a_login() -> None:
    device = Device()
    device.initialize(options=3, more=shares_tlv(1))
    device.select()
    device.key_domain(IMPORT, 0, SHARES[0])
    assert not is_of_user_class(device)
    device.send(b"\0\x24\0\x81\x0c" + USER_PIN + b"123456")
    assert is_of_user_class(device)
    check(device)


def test_the_last_share_in_a_session_goes_to_the_user() -> None:
    device = Device()
    device.initialize(more=shares_tlv(2))
    device.key_domain(IMPORT, 0, SHARES[0])
    assert not is_of_user_class(device), "others bring theirs without a login"
    device.power_on()
    device.verify()
    assert not is_of_user_class(device)
    device.key_domain(IMPORT, 0, SHARES[1])
    assert is_of_user_class(device)


def test_a_random_dkek_is_the_users_from_the_start() -> None:
    device = Device()
    device.initialize(more=shares_tlv(0))
    assert is_of_user_class(device)
    device.initialize(more=domains_tlv(2))
    device.key_domain(SET_UP, 1, b"\0")
    assert is_of_user_class(device, 1)
    status = device.key_domain(STATUS, 1)
    device.power_on()
    assert device.key_domain(STATUS, 1) == status


def test_a_login_moves_the_dkeks_of_all_domains() -> None:
    device = Device()
    device.initialize(more=domains_tlv(3))
    for domain in range(3):
        device.key_domain(SET_UP, domain, b"\1" if domain else b"\2")
    device.select()
    for domain in range(3):
        device.key_domain(IMPORT, domain, SHARES[domain])
    device.verify()
    assert [is_of_user_class(device, domain) for domain in range(3)] == [False, True, True]
    operations = device.flash.operations
    device.power_on()
    device.verify()
    device.power_on()
    device.verify()
    # What is moved is not moved again: a login costs two bits of its counter.
    assert device.flash.operations - operations == 4


def test_clear_and_delete_destroy_it() -> None:
    for p1, expect in ((4, 0x9000), (3, 0x6A88)):
        device = imported()
        device.verify()
        sealed = bytes(device.card.store.raw(ID_DKEK)[1])
        assert sealed in device.flash.image()
        device.key_domain(p1, expect=expect)
        assert sealed not in device.flash.image(), "KEY-1"
        with pytest.raises(NotFound):
            device.card.store.open_object(ID_DKEK)


def test_what_the_device_could_open_is_destroyed() -> None:
    device = imported()
    sealed = bytes(device.card.store.raw(ID_KEY_DOMAIN)[1])
    device.verify()
    assert sealed not in device.flash.image(), "KEY-1"


def test_cuts_of_the_login_that_moves_it() -> None:
    image = imported().flash.image()
    found = set()
    for device in cuts(lambda device: device.verify(), login=False, image=image):
        found.add(is_of_user_class(device))
        assert device.key_domain(STATUS) == COMPLETE
        device.verify()
        assert is_of_user_class(device)
        check(device)
    assert found == {False, True}


@pytest.mark.parametrize("error", [OSError, MemoryError])
def test_a_flash_that_fails_once_at_the_login(error: type[Exception]) -> None:
    image = imported().flash.image()
    for device, done in failures(lambda device: device.verify(), error, login=False, image=image):
        assert device.key_domain(STATUS) == COMPLETE
        if not done:
            device.verify()
        check(device)
        assert is_of_user_class(device)


@pytest.mark.parametrize("error", [StoreFailure(), StoreFull(), hsm_crypto.CryptoError(2)])
def test_a_store_that_takes_nothing_still_opens(monkeypatch, error: Exception) -> None:
    device = imported()

    def fail(store: object) -> None:
        device.card.end_session()
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(verify.key_domains, "protect", fail)
        device.verify()
    assert not is_of_user_class(device)
    check(device)
    device.verify()
    assert is_of_user_class(device)


def test_the_session_of_an_officer_sees_no_dkek() -> None:
    device = imported()
    device.verify()
    device.generate_aes(1, 128)
    blob = device.wrap(1)
    device.select()
    device.verify_so()
    device.wrap(1, expect=0x6982)
    device.unwrap(2, blob, expect=0x6982)
    with pytest.raises(SealLocked):
        key_domains.open_dkek(device.card.store, 0)


def test_initialize_ends_with_another_user_class() -> None:
    device = imported()
    device.verify()
    sealed = bytes(device.card.store.raw(ID_DKEK)[1])
    device.initialize(more=tlv(0x92, b"\1"))
    assert sealed not in device.flash.image()
    assert device.key_domain(STATUS) == b"\1\1" + bytes(8)
