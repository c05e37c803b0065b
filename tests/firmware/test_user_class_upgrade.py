# SPDX-License-Identifier: GPL-2.0-or-later
"""A flash of earlier firmware, where the user class had no key of its own."""

import hsm_crypto
import pytest
from device import Device
from hsm.security import user_class
from hsm.security.seal import Seal
from hsm.store import StoreFailure
from test_power_cut import cuts

USER_CLASS_KEY = 0x100A
PRIVATE_FILE = 0xCD01
SECRET = b"of the user class"


@pytest.fixture
def earlier(monkeypatch: pytest.MonkeyPatch) -> Device:
    """A device as the first firmware left it: the class's key derived from the master key."""

    def put_nothing(_change, seal: Seal, master_key: hsm_crypto.Secret) -> None:
        seal.adopt_user_class(master_key.derive(b"seal user class"))

    with monkeypatch.context() as patch:
        patch.setattr(user_class, "put_new", put_nothing)
        patch.setattr(user_class, "upgrade", lambda *_: True)
        device = Device(16)
        device.initialize()
    device.write(PRIVATE_FILE, 0, SECRET)
    device.power_on()
    assert not device.card.store.contains(USER_CLASS_KEY)
    return device


def test_the_first_login_makes_the_key(earlier: Device) -> None:
    for _ in range(2):
        earlier.verify()
        assert earlier.card.store.contains(USER_CLASS_KEY)
        assert earlier.read(PRIVATE_FILE) == SECRET
        earlier.power_on()
    earlier.verify()
    programmed = earlier.flash.programmed_bytes
    earlier.verify()
    assert earlier.flash.programmed_bytes - programmed == 2, "a try spent and given back"


def test_every_cut_of_the_first_login(earlier: Device) -> None:
    image = earlier.flash.image()
    made = set()
    for device in cuts(lambda device: device.verify(), login=False, image=image):
        made.add(device.card.store.contains(USER_CLASS_KEY))
        device.verify()
        assert device.read(PRIVATE_FILE) == SECRET
    assert made == {False, True}


def test_a_flash_that_is_worn_out_is_still_read(earlier: Device) -> None:
    def fails() -> None:
        raise StoreFailure

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(earlier.card.store, "transaction", fails)
        earlier.verify()
        assert earlier.read(PRIVATE_FILE) == SECRET
