# SPDX-License-Identifier: GPL-2.0-or-later
"""Public key authentication: m of n keys sign one challenge, or no key works."""

from collections.abc import Callable

import hsm_crypto
import pki
import pytest
from device import SO_PIN, Device, tlv
from hsm.security.public_key_authentication import PublicKeyAuthentication
from pki import EcSigner, Party, RsaSigner
from test_power_cut import cuts

P256 = hsm_crypto.curve_parameters(hsm_crypto.CURVE_SECP256R1)[0]
ROOT = pki.root()
DEVICE = pki.device_of(ROOT)


def custodians(count: int) -> list[Party]:
    return [Party(b"UTCUSTODIAN%05d" % number) for number in range(count)]


def set_up(total: int, required: int, options: int = 0x0001, sectors: int = 64) -> Device:
    """A device that wants `required` of `total` keys, and trusts the devices of ROOT."""
    device = Device(sectors)
    device.initialize(options=options, more=tlv(0x93, bytes([total, required])))
    verify_certificate(device, ROOT.contents())
    select(device, 0x81B6, ROOT.name)
    verify_certificate(device, DEVICE.contents())
    return device


def select(device: Device, template: int, name: bytes, expect: int = 0x9000) -> None:
    """MANAGE SECURITY ENVIRONMENT."""
    data = tlv(0x83, name)
    device.send(b"\x00\x22" + template.to_bytes(2) + bytes([len(data)]) + data, expect)


def verify_certificate(device: Device, contents: bytes, expect: int = 0x9000) -> None:
    device.send(b"\x00\x2a\x00\xbe\x00" + len(contents).to_bytes(2) + contents, expect)


def register(
    device: Device, request: bytes, p1: int = 0, slot: int = 0, expect: int = 0x9000
) -> bytes:
    header = bytes([0x80, 0x54, p1, slot, 0]) + len(request).to_bytes(2)
    return device.send(header + request + b"\0\0", expect)


def state(device: Device) -> tuple[int, ...]:
    """Total, missing, required, authenticated."""
    return tuple(device.send("8054000000"))


def challenge(device: Device, length: int = 8) -> bytes:
    return device.send(bytes([0x00, 0x84, 0, 0, length % 256]))


def signature(device: Device, party: Party, signed: bytes) -> bytes:
    return party.signer.sign(bytes(device.card.device_name) + signed)


def authenticate(device: Device, party: Party, signed: bytes, expect: int = 0x9000) -> None:
    select(device, 0x81A4, party.name)
    external_authenticate(device, signature(device, party, signed), expect)


def external_authenticate(device: Device, data: bytes, expect: int = 0x9000) -> None:
    device.send(b"\x00\x82\x00\x00\x00" + len(data).to_bytes(2) + data, expect)


# --- Without it -----------------------------------------------------------------------------------


def test_a_device_without_public_key_authentication() -> None:
    device = Device()
    device.initialize()
    device.send("8054000000", 0x6A86)
    device.send("8054020000", 0x6A86)
    register(device, b"request", expect=0x6A82)
    select(device, 0x81A4, b"UTCUSTODIAN00000", 0x6A88)
    external_authenticate(device, bytes(64), 0x6A88)
    device.generate_ec(1, P256)


@pytest.mark.parametrize(
    "value", [b"", b"\x01", b"\x01\x01\x01", b"\x00\x00", b"\x02\x00", b"\x01\x02", b"\x11\x01"]
)
def test_wrong_numbers(value: bytes) -> None:
    device = Device()
    device.initialize(more=tlv(0x93, value), expect=0x6400)
    assert device.flash.operations == 0


# --- m of n ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("total", "required"), [(1, 1), (2, 1), (3, 2), (4, 4), (16, 3)])
def test_m_of_n(total: int, required: int) -> None:
    device = set_up(total, required)
    parties = custodians(total)
    for count, party in enumerate(parties):
        assert state(device) == (total, total - count, required, 0)
        register(device, pki.request(party, DEVICE))
    assert state(device) == (total, 0, required, 0)
    device.power_on()
    device.verify()
    signed = challenge(device)
    for count, party in enumerate(parties[-required:]):
        assert state(device) == (total, 0, required, count)
        device.send(bytes.fromhex("0046010000000101"), 0x6982)
        authenticate(device, party, signed)
    assert state(device) == (total, 0, required, required)
    device.generate_ec(1, P256)
    device.sign(1, 0x73, b"message")


@pytest.mark.parametrize("options", [0x0001, 0x0011])
def test_keys_and_pin_are_both_wanted(options: int) -> None:
    device = set_up(1, 1, options)
    (party,) = custodians(1)
    register(device, pki.request(party, DEVICE))
    authenticate(device, party, challenge(device))
    device.generate_ec(1, P256)
    device.write(0xCD01, 0, b"private")
    device.select()
    authenticate(device, party, challenge(device))
    for _ in range(2):
        device.sign(1, 0x73, b"message", expect=0x6982)
        device.read(0xCD01, expect=0x6982)
        device.write(0xCF01, 0, b"public", expect=0x6982)
        device.delete(0xCC01, expect=0x6982)
        # The officer's PIN is none of them.
        device.verify_so()
    device.send("00200081", 0x63C3)
    device.verify()
    device.sign(1, 0x73, b"message")
    device.select()
    device.verify()
    device.send("00200081")
    device.sign(1, 0x73, b"message", expect=0x6982)
    device.read(0xCD01, expect=0x6982)
    device.key_domain(1, 0, b"\x01", expect=0x6985)


def test_before_all_are_registered_a_quorum_suffices() -> None:
    device = set_up(3, 2)
    parties = custodians(2)
    for party in parties:
        register(device, pki.request(party, DEVICE))
    signed = challenge(device)
    for party in parties:
        authenticate(device, party, signed)
    device.generate_ec(1, P256)


def test_once_a_quorum_can_be_reached_the_pin_alone_brings_no_root() -> None:
    """Who had the PIN could fill the free slots with keys of his own otherwise."""
    device = set_up(4, 2)
    other_root = Party(b"UTTHIEVES00001")
    verify_certificate(device, other_root.contents())
    for party in custodians(2):
        register(device, pki.request(party, DEVICE))
    device.power_on()
    device.verify()
    last_root = Party(b"UTTHIEVES00002")
    verify_certificate(device, last_root.contents(), expect=0x6982)
    select(device, 0x81B6, last_root.name, expect=0x6A88)


def test_a_forged_certificate_of_a_known_holder_is_refused() -> None:
    device = set_up(1, 1)
    right = DEVICE.contents()
    select(device, 0x81B6, ROOT.name)
    verify_certificate(device, right)
    forged = right[:-1] + bytes([right[-1] ^ 1])
    select(device, 0x81B6, ROOT.name)
    verify_certificate(device, forged, expect=0x6985)


@pytest.mark.parametrize("signer", [lambda: EcSigner(hsm_crypto.CURVE_SECP521R1, 5), RsaSigner])
def test_kinds_of_keys(signer) -> None:
    device = set_up(1, 1)
    party = Party(b"UTCUSTODIAN00000", signer=signer())
    register(device, pki.request(party, DEVICE))
    device.power_on()
    authenticate(device, party, challenge(device))
    assert state(device) == (1, 0, 1, 1)


def test_the_request_of_another_device() -> None:
    other = Device(64)
    other.board.unique_id = bytes.fromhex("0123456789ABCDEF")
    other.power_on()
    other.initialize()
    request = other.generate_ec(1, P256)
    certificate = other.read(0x2F02)
    device = Device(64)
    device.initialize(more=tlv(0x93, b"\x01\x01"))
    contents = request[request.index(b"\x7f\x21") :]
    register(device, contents, expect=0x6A88)
    verify_certificate(device, certificate[certificate.index(b"\x7f\x4e") :])
    register(device, contents)
    assert device.send("8054020000") == b"UTPH000000000001"


# --- Challenges -----------------------------------------------------------------------------------


def ready(total: int, required: int, options: int = 1) -> tuple[Device, list[Party]]:
    device = set_up(total, required, options)
    parties = custodians(total)
    for party in parties:
        register(device, pki.request(party, DEVICE))
    return device, parties


def test_a_new_challenge_starts_again() -> None:
    device, (first, second) = ready(2, 2)
    old = challenge(device)
    authenticate(device, first, old)
    new = challenge(device)
    assert state(device)[3] == 0
    authenticate(device, second, old, 0x6985)
    authenticate(device, second, new)
    authenticate(device, first, old, 0x6985)
    authenticate(device, first, new)


def test_a_quorum_outlives_random_numbers() -> None:
    device, (first, second) = ready(2, 1)
    signed = challenge(device)
    authenticate(device, first, signed)
    challenge(device, 100)
    assert state(device)[3] == 1
    device.generate_ec(1, P256)
    # Its challenge is used up.
    authenticate(device, second, signed, 0x6985)
    device.select()
    assert state(device)[3] == 0


@pytest.mark.parametrize("length", [1, 7, 257])
def test_a_challenge_of_odd_length_is_not_signed(length: int) -> None:
    device, (party,) = ready(1, 1)
    signed = device.send(b"\x00\x84\x00\x00\x00" + length.to_bytes(2))
    authenticate(device, party, signed, 0x6985)


@pytest.mark.parametrize(
    "end", [lambda device: device.select(), lambda device: device.card.end_session()]
)
def test_logout_forgets_the_challenge(end) -> None:
    device, (party,) = ready(1, 1)
    signed = challenge(device)
    select(device, 0x81A4, party.name)
    end(device)
    external_authenticate(device, signature(device, party, signed), 0x6A88)
    authenticate(device, party, signed, 0x6985)


def test_nobody_counts_twice() -> None:
    device, (party, _) = ready(2, 2)
    signed = challenge(device)
    authenticate(device, party, signed)
    select(device, 0x81A4, party.name, 0x6985)
    external_authenticate(device, signature(device, party, signed), 0x6A88)
    assert state(device)[3] == 1


def test_wrong_signatures() -> None:
    device, (party, other) = ready(2, 2)
    signed = challenge(device)
    right = signature(device, party, signed)
    image = device.flash.image()
    select(device, 0x81A4, party.name)
    for wrong in (
        b"",
        bytes(64),
        right[:-1],
        right + b"\x00",
        right[:-1] + bytes([right[-1] ^ 1]),
        signature(device, other, signed),
        party.signer.sign(signed),
        party.signer.sign(b"UTANOTHER00001" + signed),
    ):
        external_authenticate(device, wrong, 0x6985)
        assert state(device)[3] == 0
    assert device.flash.image() == image
    external_authenticate(device, right)


@pytest.mark.parametrize("wrong_call", [0, 1])
def test_one_wrong_verification_authenticates_nobody(monkeypatch, wrong_call: int) -> None:
    device, (party,) = ready(1, 1)
    challenge(device)
    select(device, 0x81A4, party.name)
    calls = iter(range(9))
    right = hsm_crypto.ec_verify
    monkeypatch.setattr(
        hsm_crypto, "ec_verify", lambda *given: next(calls) == wrong_call or right(*given)
    )
    external_authenticate(device, bytes(range(64)), 0x6985)
    assert state(device)[3] == 0


@pytest.mark.parametrize("wrong_call", range(4))
def test_one_wrong_count_opens_no_key(monkeypatch, wrong_call: int) -> None:
    device, (party,) = ready(1, 1)
    authenticate(device, party, challenge(device))
    device.generate_ec(1, P256)
    device.select()
    device.verify()
    calls = iter(range(99))
    right = PublicKeyAuthentication.quorum_is_reached
    monkeypatch.setattr(
        PublicKeyAuthentication,
        "quorum_is_reached",
        lambda self: next(calls) == wrong_call or right(self),
    )
    device.sign(1, 0x73, b"message", expect=0x6982)
    device.delete(0xCC01, expect=0x6982)
    device.write(0xCF01, 0, b"public", expect=0x6982)


@pytest.mark.parametrize(
    ("apdu", "status_word"),
    [
        ("00820001", 0x6A86),
        ("00820100", 0x6A86),
        ("002281A4", 0x6700),
        ("002281A4048001AA00", 0x6700),
        ("002281A4" + "04" + "830142" + "00", 0x6700),
        ("80540001", 0x6A86),
        ("80540300", 0x6A86),
        ("80540202", 0x6A86),
        ("8054020001AA", 0x6700),
        ("8054010002AABB", 0x6985),
    ],
)
def test_wrong_parameters(apdu: str, status_word: int) -> None:
    device, _ = ready(2, 1)
    device.verify()
    device.send(apdu, status_word)


# --- Registration ---------------------------------------------------------------------------------


LOGINS: dict[str, Callable[[Device], None]] = {
    "nobody": lambda device: None,
    "the user": lambda device: device.verify(),
    "the officer": lambda device: device.verify_so(SO_PIN),
}


@pytest.mark.parametrize("login", LOGINS.values(), ids=LOGINS)
def test_registration_wants_no_login_but_a_free_slot(login: Callable[[Device], None]) -> None:
    device = set_up(2, 1)
    for party in custodians(2):
        device.select()
        login(device)
        register(device, pki.request(party, DEVICE))
    image = device.flash.image()
    register(device, pki.request(Party(b"UTONEMORE00001"), DEVICE), expect=0x6A84)
    # With all keys there, a new root wants a quorum.
    verify_certificate(device, pki.root(b"UTANOTHER00001").contents(), 0x6982)
    assert device.flash.image() == image


def test_who_has_no_pin_adds_himself_in_vain() -> None:
    device = set_up(2, 1, options=0x0009)
    (owner,) = custodians(1)
    register(device, pki.request(owner, DEVICE))
    authenticate(device, owner, challenge(device))
    device.generate_ec(1, P256)
    device.select()
    # He brings no root of his own, puts nobody out, and no key works for him.
    thief = Party(b"UTTHIEF00001")
    verify_certificate(device, pki.root(b"UTANOTHER00001").contents(), 0x6982)
    register(device, pki.request(thief, Party(b"UTANOTHER00001")), expect=0x6A88)
    register(device, pki.request(thief, DEVICE), p1=1, slot=0, expect=0x6982)
    register(device, pki.request(thief, DEVICE))
    authenticate(device, thief, challenge(device))
    device.send("0046010000000101", 0x6982)
    device.sign(1, 0x73, b"message", expect=0x6982)
    assert device.send("8054020000") == owner.name


def test_requests_that_are_not_attested() -> None:
    device = set_up(1, 1)
    (party,) = custodians(1)
    stranger = Party(b"UTSTRANGER00001")
    liar = Party(DEVICE.name)
    right = pki.request(party, DEVICE)
    image = device.flash.image()
    for wrong, status_word in (
        (pki.request(party, stranger), 0x6A88),
        (pki.request(party, liar), 0x6985),
        (pki.request(party, DEVICE, forged_by=stranger.signer), 0x6985),
        (right[:-1] + bytes([right[-1] ^ 1]), 0x6985),
        (right[:-1], 0x6984),
        (right + b"\x00", 0x6984),
        (right[right.index(b"\x42\x0d") :], 0x6984),
        (tlv(0x67, right), 0x6984),
        (party.certificate(), 0x6984),
        (b"\x7f", 0x6984),
    ):
        register(device, wrong, expect=status_word)
        assert state(device) == (1, 1, 1, 0)
    assert device.flash.image() == image
    register(device, right)


def test_one_key_has_one_slot() -> None:
    device = set_up(3, 2)
    party = Party(b"UTCUSTODIAN00000")
    register(device, pki.request(party, DEVICE))
    for other in (party, Party(b"UTOTHER00001", signer=party.signer), Party(party.name)):
        register(device, pki.request(other, DEVICE), expect=0x6985)
    assert state(device) == (3, 2, 2, 0)


def test_enumeration() -> None:
    device = set_up(3, 1)
    parties = custodians(2)
    for party in parties:
        register(device, pki.request(party, DEVICE))
    authenticate(device, parties[1], challenge(device))
    assert device.send("8054020000") == parties[0].name
    assert device.send("8054020100", 0x9001) == parties[1].name
    device.send("8054020200", 0x6A88)
    device.send("8054020300", 0x6A86)


@pytest.mark.parametrize(("options", "replaces"), [(0x01, False), (0x09, True), (0x0D, False)])
def test_replacement_wants_its_option(options: int, replaces: bool) -> None:
    device, (first, second) = ready(2, 2, options)
    new = Party(b"UTNEWCOMER00001")
    request = pki.request(new, DEVICE)
    image = device.flash.image()
    register(device, request, p1=1, slot=0, expect=0x9000 if replaces else 0x6985)
    assert (device.flash.image() != image) == replaces
    assert device.send("8054020000") == (new if replaces else first).name
    if replaces:
        device.select()
        register(device, request, p1=1, slot=0, expect=0x6982)
        device.verify()
        signed = challenge(device)
        authenticate(device, new, signed)
        authenticate(device, second, signed)
        # Whoever comes anew has not signed.
        register(device, pki.request(first, DEVICE), p1=1, slot=0)
        assert state(device) == (2, 0, 2, 1)
        device.send(bytes.fromhex("0046010000000101"), 0x6982)
        register(device, pki.request(second, DEVICE), p1=1, slot=0, expect=0x6985)
        register(device, pki.request(second, DEVICE), p1=1, slot=1)


def test_replacement_of_nothing() -> None:
    device = set_up(2, 2, 0x09)
    request = pki.request(custodians(1)[0], DEVICE)
    register(device, request, p1=1, slot=0, expect=0x6A88)
    register(device, request, p1=1, slot=2, expect=0x6A86)
    device.send("8054010000", 0x6700)
    assert state(device) == (2, 2, 2, 0)


def test_initialize_forgets_the_keys() -> None:
    device, (party,) = ready(1, 1)
    device.initialize()
    device.send("8054000000", 0x6A86)
    device.generate_ec(1, P256)
    device.initialize(more=tlv(0x93, b"\x02\x01"))
    assert state(device) == (2, 2, 1, 0)
    select(device, 0x81A4, party.name, 0x6A88)


# --- Power cuts -----------------------------------------------------------------------------------


def after_cuts(command: Callable[[Device], object], image: bytes) -> set[tuple[bytes, ...]]:
    """Holders of the slots after each cut of `command`; the device works in every case."""
    found = set()
    for device in cuts(command, image=image):
        slots = [device.transmit(bytes([0x80, 0x54, 2, slot, 0])) for slot in range(2)]
        found.add(tuple(slot[:-2] for slot in slots))
        device.verify()
        assert state(device)[1] == sum(slot == b"\x6a\x88" for slot in slots)
    return found


def test_a_cut_registers_a_key_or_does_not() -> None:
    device = set_up(2, 1, 0x09, sectors=16)
    first, second = custodians(2)
    request = pki.request(first, DEVICE)
    image = device.flash.image()
    assert after_cuts(lambda device: register(device, request), image) == {
        (b"", b""),
        (first.name, b""),
    }
    device.power_on()
    device.verify()
    register(device, request)
    other = pki.request(second, DEVICE)
    image = device.flash.image()
    assert after_cuts(lambda device: register(device, other, p1=1), image) == {
        (first.name, b""),
        (second.name, b""),
    }
