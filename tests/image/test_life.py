# SPDX-License-Identifier: GPL-2.0-or-later
"""Sessions end when they must, objects outlive the power, runs repeat."""

from sim.device import Device
from sim.life import card as hsm
from sim.life.card import Card
from sim.life.cvc import check_device_certificate, check_request
from sim.life.story import check_signature
from sim.residue.watch import watched
from tests.image.conftest import EC_KEY, PIN, image_path

SW_NOT_LOGGED_IN = 0x6982
MESSAGE = b"message"


def sign_status(device: Device) -> int:
    """The status word of SIGN with the kept key."""
    apdu = hsm.command(0x80, 0x68, EC_KEY, hsm.SIGN_ECDSA_SHA256, MESSAGE, 256)
    return Card(device.transmit).send(apdu).sw


def test_power_off_ends_the_session(personalised: Device) -> None:
    Card(personalised.transmit).verify(PIN)
    assert sign_status(personalised) == 0x9000
    personalised.icc_power_off()
    personalised.icc_power_on()
    assert sign_status(personalised) == SW_NOT_LOGGED_IN


def test_power_on_again_ends_the_session(personalised: Device) -> None:
    Card(personalised.transmit).verify(PIN)
    personalised.icc_power_on()
    assert sign_status(personalised) == SW_NOT_LOGGED_IN


def test_a_bus_reset_ends_the_session(personalised: Device) -> None:
    Card(personalised.transmit).verify(PIN)
    personalised.bus_reset()
    personalised.icc_power_on()
    assert sign_status(personalised) == SW_NOT_LOGGED_IN


def test_selecting_the_applet_ends_the_session(personalised: Device) -> None:
    card = Card(personalised.transmit)
    card.verify(PIN)
    card.select()
    assert sign_status(personalised) == SW_NOT_LOGGED_IN


def test_objects_outlive_the_power(personalised: Device) -> None:
    card = Card(personalised.transmit)
    device_certificate = card.read_file(hsm.EF_DEVICE_CERTIFICATE)
    request = card.read_file(hsm.CERTIFICATE_PREFIX | EC_KEY)
    listed = card.list_objects()
    personalised.power_off()
    personalised.power_on()
    card = Card(personalised.transmit)
    card.select()
    assert card.list_objects() == listed
    assert card.read_file(hsm.EF_DEVICE_CERTIFICATE) == device_certificate
    assert card.read_file(hsm.CERTIFICATE_PREFIX | EC_KEY) == request
    assert sign_status(personalised) == SW_NOT_LOGGED_IN
    card.verify(PIN)
    signature = card.sign(EC_KEY, hsm.SIGN_ECDSA_SHA256, MESSAGE)
    key = check_request(request, check_device_certificate(device_certificate)).key
    check_signature(key, hsm.SIGN_ECDSA_SHA256, signature, MESSAGE)


def test_a_wrong_pin_is_remembered_without_power(personalised: Device) -> None:
    card = Card(personalised.transmit)
    assert card.try_pin(b"000000") == 0x63C2
    personalised.power_off()
    personalised.power_on()
    card = Card(personalised.transmit)
    card.select()
    assert card.pin_status() == 0x63C2


def test_a_snapshot_is_a_whole_device(personalised: Device) -> None:
    saved = personalised.snapshot()
    card = Card(personalised.transmit)
    first = [card.challenge(16) for _ in range(2)]
    assert card.try_pin(b"000000") == 0x63C2
    ticks = personalised.machine.clock.now
    personalised.restore(saved)
    assert [card.challenge(16) for _ in range(2)] == first
    assert card.pin_status() == 0x63C3
    personalised.restore(saved)
    assert [card.challenge(16) for _ in range(2)] == first
    assert card.try_pin(b"000000") == 0x63C2
    assert personalised.machine.clock.now == ticks


def test_a_run_is_a_function_of_image_and_seed(device: Device) -> None:
    def run(seed: int) -> tuple[bytes, int]:
        other = watched(
            Device.from_uf2(device.board.name, image_path(device.board.name), seed=seed)
        )
        other.power_on()
        challenge = Card(other.transmit).challenge(32)
        return challenge, other.machine.clock.now

    assert run(0) == run(0)
    assert run(0)[0] != run(1)[0]
