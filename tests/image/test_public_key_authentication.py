# SPDX-License-Identifier: GPL-2.0-or-later
"""Two of three custodians open the image's keys."""

import pytest

from sim.device import Device
from sim.life import card as hsm
from sim.life import cvc
from sim.life.card import Card, tlv
from sim.life.party import Party
from tests.image.conftest import PIN, SO_PIN

CURVE = "secp256r1"


ROOT, DEVICE = Party(b"UTROOT00001", 11), Party(b"UTDEVICE00001", 12)
CUSTODIANS = [Party(b"UTCUSTODIAN0000%d" % number, 13 + number) for number in range(3)]


def do(device: Device, header: str, data: bytes = b"", ne: int | None = None) -> bytes:
    """Response data of a command that must succeed."""
    apdu = hsm.command(*bytes.fromhex(header), data, ne, extended=True)  # pyright: ignore
    answer = device.transmit(apdu)
    assert answer[-2:] == b"\x90\x00", f"{header}: {answer[-2:].hex()}"
    return answer[:-2]


def authenticate(device: Device, party: Party, challenge: bytes) -> None:
    name = cvc.CvCertificate.parse(Card(device.transmit).read_file(0x2F02)).holder.encode()
    do(device, "002281A4", tlv(0x83, party.name))
    do(device, "00820000", party.sign(name + challenge))


@pytest.fixture
def guarded(device: Device) -> Device:
    """Wants two of three custodians; their keys are registered."""
    card = Card(device.transmit)
    card.select()
    data = tlv(0x80, b"\0\1") + tlv(0x81, PIN) + tlv(0x82, SO_PIN) + tlv(0x9E, b"\0\x10")
    do(device, "80500000", data + tlv(0x93, b"\x03\x02"))
    do(device, "002A00BE", ROOT.certificate(ROOT, 0xC0))
    do(device, "002281B6", tlv(0x83, ROOT.name))
    do(device, "002A00BE", DEVICE.certificate(ROOT, 0x00))
    for party in CUSTODIANS:
        do(device, "80540000", party.request(DEVICE), 256)
    return device


def test_two_of_three_open_the_keys(guarded: Device) -> None:
    guarded.icc_power_off()
    guarded.icc_power_on()
    card = Card(guarded.transmit)
    card.select()
    card.verify(PIN)
    assert do(guarded, "80540000", ne=256) == b"\x03\x00\x02\x00"
    generate = hsm.tlv(0x7F49, hsm.ec_key_template(CURVE))
    assert guarded.transmit(hsm.command(0x00, 0x46, 1, 0, generate, 256)) == b"\x69\x82"
    challenge = do(guarded, "00840000", ne=8)
    for party in CUSTODIANS[1:]:
        authenticate(guarded, party, challenge)
    assert do(guarded, "80540000", ne=256) == b"\x03\x00\x02\x02"
    card.generate_key_pair(1, hsm.ec_key_template(CURVE))
    assert card.sign(1, hsm.SIGN_ECDSA_SHA256, b"message")
    card.select()
    card.verify(PIN)
    sign = hsm.command(0x80, 0x68, 1, hsm.SIGN_ECDSA_SHA256, b"message", 256)
    assert guarded.transmit(sign) == b"\x69\x82"


def test_a_forged_request_is_not_registered(guarded: Device) -> None:
    liar = Party(DEVICE.name, 99)
    request = Party(b"UTNOBODY00001", 98).request(liar)
    apdu = hsm.command(0x80, 0x54, 0, 0, request, 256, extended=True)
    assert guarded.transmit(apdu) == b"\x69\x85"


def test_the_longest_chain(personalised: Device) -> None:
    chain = [ROOT] + [Party(b"UTISSUER0000%d" % number, 20 + number) for number in range(3)]
    card = Card(personalised.transmit)
    card.verify(PIN)
    for number, party in enumerate(reversed(chain)):
        authority = chain[max(0, len(chain) - 2 - number)]
        certificate = tlv(cvc.CERTIFICATE, party.certificate(authority, 0xC0))
        card.write_file(0xCA00 + number, certificate)
    card.select()
    # The last one first: every signature up to the root is verified at once.
    for party in reversed(chain):
        do(personalised, "002281B6", tlv(0x83, party.name))
