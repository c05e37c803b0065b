# SPDX-License-Identifier: GPL-2.0-or-later
"""The trust store: what it takes, what it refuses, and what it keeps."""

import hsm_crypto
import pki
import pytest
from device import SO_PIN, Device, tlv
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pki import ISSUER_ROLE, ROOT_ROLE, TERMINAL_ROLE, EcSigner, Party, RsaSigner

CA_FIRST, CA_LAST, DEVICE_CERTIFICATE = 0xCA00, 0xCAFD, 0x2F02


@pytest.fixture
def device() -> Device:
    device = Device(64)
    device.initialize()
    device.verify()
    return device


def select_authority(device: Device, name: bytes, expect: int = 0x9000) -> None:
    """MANAGE SECURITY ENVIRONMENT for VERIFY CERTIFICATE."""
    data = tlv(0x83, name)
    device.send(b"\x00\x22\x81\xb6" + bytes([len(data)]) + data, expect)


def verify_certificate(device: Device, contents: bytes, expect: int = 0x9000) -> None:
    header = b"\x00\x2a\x00\xbe\x00" + len(contents).to_bytes(2, "big")
    device.send(header + contents, expect)


def trust(device: Device, *parties: Party) -> None:
    """Put certificates into CA files, and let the card read them."""
    for number, party in enumerate(parties):
        device.write(CA_FIRST + number, 0, party.certificate())
    device.select()
    device.verify()


# --- What is trusted ------------------------------------------------------------------------------


def test_the_device_trusts_itself(device: Device) -> None:
    select_authority(device, bytes(device.card.device_name))
    select_authority(device, b"UTNOBODY00001", 0x6A88)


def test_a_chain_up_to_a_root(device: Device) -> None:
    root = pki.root()
    issuer = Party(b"UTISSUER00001", ISSUER_ROLE, root, parameters=False)
    other = pki.device_of(issuer)
    trust(device, other, issuer, root)
    key = device.card.trust.find(other.name)
    assert isinstance(other.signer, EcSigner)
    assert key is not None and key.material == other.signer.point
    assert key.curve == hsm_crypto.CURVE_SECP256R1
    for party in (root, issuer, other):
        select_authority(device, party.name)


def test_a_chain_in_the_device_certificate(device: Device) -> None:
    root = pki.root()
    issuer = Party(b"UTISSUER00001", ISSUER_ROLE, root, parameters=False)
    own = device.read(DEVICE_CERTIFICATE)
    device.write(DEVICE_CERTIFICATE, 0, own + issuer.certificate() + root.certificate())
    device.select()
    for name in (issuer.name, root.name, bytes(device.card.device_name)):
        select_authority(device, name)


def test_certificates_count_after_the_next_select(device: Device) -> None:
    root = pki.root()
    select_authority(device, root.name, 0x6A88)
    device.write(CA_FIRST, 0, root.certificate())
    select_authority(device, root.name, 0x6A88)
    device.select()
    select_authority(device, root.name)


@pytest.mark.parametrize(
    "signer",
    [
        lambda: EcSigner(hsm_crypto.CURVE_SECP384R1, 4),
        lambda: EcSigner(hsm_crypto.CURVE_SECP521R1, 5),
        lambda: EcSigner(hsm_crypto.CURVE_SECP256K1, 3),
        lambda: EcSigner(hsm_crypto.CURVE_BRAINPOOLP256R1, 2),
        lambda: RsaSigner(1024, 2),
        lambda: RsaSigner(2048, 4),
        lambda: RsaSigner(3072, 5),
        lambda: RsaSigner(4096, 6),
    ],
)
def test_algorithms_of_authorities(device: Device, signer) -> None:
    root = pki.root(signer=signer())
    other = Party(b"UTDEVICE00001", TERMINAL_ROLE, root)
    trust(device, root, other)
    select_authority(device, other.name)


# --- What is not ----------------------------------------------------------------------------------


def forged(party: Party) -> Party:
    """The same certificate, signed by a key of the same name."""
    assert party.authority is not None
    liar = Party(party.authority.name, party.authority.role)
    return Party(party.name, party.role, liar, party.signer, party.parameters)


def test_a_forged_certificate_is_not_trusted(device: Device) -> None:
    root = pki.root()
    other = forged(pki.device_of(root))
    trust(device, root, other)
    select_authority(device, root.name)
    select_authority(device, other.name, 0x6A88)


def test_the_right_one_of_two_is_found(device: Device) -> None:
    root = pki.root()
    right = pki.device_of(root)
    trust(device, forged(right), root, right)
    select_authority(device, right.name)


def test_a_self_signed_certificate_must_be(device: Device) -> None:
    root = pki.root()
    liar = Party(root.name, ROOT_ROLE, Party(root.name))
    trust(device, liar)
    select_authority(device, root.name, 0x6A88)


def test_a_device_signs_no_certificates(device: Device) -> None:
    root = pki.root()
    other = Party(b"UTDEVICE00001", TERMINAL_ROLE, root)
    trust(device, root, other, Party(b"UTFALSE00001", TERMINAL_ROLE, other))
    select_authority(device, other.name)
    select_authority(device, b"UTFALSE00001", 0x6A88)


def test_a_chain_without_a_root(device: Device) -> None:
    a, b = Party(b"UTA00001", ISSUER_ROLE), Party(b"UTB00001", ISSUER_ROLE)
    a.authority, b.authority = b, a
    trust(device, a, b)
    select_authority(device, a.name, 0x6A88)


def test_a_chain_that_is_too_long(device: Device) -> None:
    parties = [pki.root()]
    for number in range(4):
        parties.append(Party(b"UTISSUER0000%d" % number, ISSUER_ROLE, parties[-1]))
    trust(device, *parties)
    select_authority(device, parties[4].name, 0x6A88)
    # What was verified before counts as a root does.
    select_authority(device, parties[3].name)
    select_authority(device, parties[4].name)


def test_domain_parameters_of_nobody(device: Device) -> None:
    trust(device, Party(b"UTROOT00001", ROOT_ROLE, parameters=False))
    select_authority(device, b"UTROOT00001", 0x6A88)


@pytest.mark.parametrize("at", range(0x81, 0x86))
def test_domain_parameters_that_are_no_curve(device: Device, monkeypatch, at: int) -> None:
    import cvc

    root = pki.root()
    fields = cvc.values(cvc.values(root.signer.public_key())[0x7F49])
    fields[at] = fields[at][:-1] + bytes([fields[at][-1] ^ 1])
    template = tlv(0x7F49, b"".join(tlv(tag, value) for tag, value in fields.items()))
    monkeypatch.setattr(root.signer, "public_key", lambda parameters: template)
    trust(device, root)
    select_authority(device, root.name, 0x6A88)
    verify_certificate(device, root.contents(), 0x6984)


def test_x509_and_rubbish_are_passed_over(device: Device) -> None:
    root = pki.root()
    for number, contents in enumerate((b"\x30\x82\x01\x00", b"\x7f", bytes(700), b"\x7f\x21\x00")):
        device.write(CA_FIRST + number, 0, contents)
    device.write(CA_FIRST + 0x80, 0, root.certificate())
    device.select()
    select_authority(device, root.name)


@pytest.mark.parametrize("wrong_call", [0, 1])
def test_one_wrong_verification_trusts_nobody(device: Device, monkeypatch, wrong_call: int) -> None:
    root = pki.root()
    other = forged(pki.device_of(root))
    trust(device, root, other)
    select_authority(device, root.name)
    calls = iter(range(9))
    right = hsm_crypto.ec_verify
    monkeypatch.setattr(
        hsm_crypto, "ec_verify", lambda *given: next(calls) == wrong_call or right(*given)
    )
    select_authority(device, other.name, 0x6A88)


# --- VERIFY CERTIFICATE ---------------------------------------------------------------------------


def test_a_verified_certificate_is_kept(device: Device) -> None:
    root = pki.root()
    other = pki.device_of(root)
    trust(device, root)
    select_authority(device, other.name, 0x6A88)
    select_authority(device, root.name)
    verify_certificate(device, other.contents())
    select_authority(device, other.name)
    assert device.read(CA_LAST) == other.certificate()
    device.power_on()
    select_authority(device, other.name)
    # What is known is not kept twice.
    device.verify()
    select_authority(device, root.name)
    verify_certificate(device, other.contents())
    device.read(CA_LAST - 1, expect=0x6A82)


def test_without_login_it_is_forgotten(device: Device) -> None:
    root = pki.root()
    other = pki.device_of(root)
    trust(device, root)
    device.select()
    image = device.flash.image()
    select_authority(device, root.name)
    verify_certificate(device, other.contents())
    select_authority(device, other.name)
    assert device.flash.image() == image
    device.select()
    select_authority(device, other.name, 0x6A88)


def test_the_security_officer_may_keep_one(device: Device) -> None:
    root = pki.root()
    other = pki.device_of(root)
    trust(device, root)
    device.select()
    device.verify_so(SO_PIN)
    select_authority(device, root.name)
    verify_certificate(device, other.contents())
    device.power_on()
    select_authority(device, other.name)


def test_a_new_root_wants_the_user(device: Device) -> None:
    root = pki.root()
    device.select()
    verify_certificate(device, root.contents(), 0x6982)
    device.verify_so()
    verify_certificate(device, root.contents(), 0x6982)
    device.verify()
    verify_certificate(device, root.contents())
    device.power_on()
    select_authority(device, root.name)


def test_the_authority_must_be_selected(device: Device) -> None:
    root, another = pki.root(), pki.root(b"UTANOTHER00001")
    other = pki.device_of(root)
    trust(device, root, another)
    verify_certificate(device, other.contents(), 0x6985)
    select_authority(device, another.name)
    verify_certificate(device, other.contents(), 0x6985)
    select_authority(device, root.name)
    select_authority(device, b"UTNOBODY00001", 0x6A88)
    verify_certificate(device, other.contents(), 0x6985)


def spoiled(contents: bytes, at: int) -> bytes:
    changed = bytearray(contents)
    changed[at] ^= 1
    return bytes(changed)


def test_wrong_certificates_change_nothing(device: Device) -> None:
    root = pki.root()
    other = Party(b"UTDEVICE00001", TERMINAL_ROLE, root)
    contents = other.contents()
    body = other.body()
    trust(device, root)
    select_authority(device, root.name)
    image = device.flash.image()
    for wrong, status_word in (
        (spoiled(contents, -1), 0x6985),
        (forged(other).contents(), 0x6985),
        (contents[:-1], 0x6984),
        (contents + b"\x00", 0x6984),
        (contents + contents, 0x6984),
        (body, 0x6984),
        (body + tlv(0x5F37, b""), 0x6985),
        (other.certificate(), 0x6984),
        (tlv(0x5F37, bytes(64)) + body, 0x6984),
        (b"\x00", 0x6984),
    ):
        verify_certificate(device, wrong, status_word)
        select_authority(device, other.name, 0x6A88)
        select_authority(device, root.name)
    assert device.flash.image() == image
    verify_certificate(device, contents)


def mutated(data: st.DataObject, contents: bytes) -> bytes:
    """Up to three bytes changed, lost or added, or the end lost."""
    changed = bytearray(contents)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(changed) - 1))
        match data.draw(st.sampled_from(("change", "lose", "add", "end"))):
            case "change":
                changed[at] ^= data.draw(st.integers(1, 255))
            case "lose":
                del changed[at]
            case "add":
                changed.insert(at, data.draw(st.integers(0, 255)))
            case "end":
                del changed[at + 1 :]
        if not changed:
            break
    return bytes(changed)


def test_mutations_are_refused(device: Device) -> None:
    root, another = pki.root(), pki.root(b"UTANOTHER00001")
    trust(device, root)
    select_authority(device, root.name)
    originals = (pki.device_of(root).contents(), another.contents())

    @settings(max_examples=300, deadline=None)
    @given(data=st.data(), original=st.sampled_from(originals))
    def refuse(data: st.DataObject, original: bytes) -> None:
        contents = mutated(data, original)
        assume(contents and contents != original)
        apdu = b"\x00\x2a\x00\xbe\x00" + len(contents).to_bytes(2) + contents
        assert device.transmit(apdu) in (b"\x69\x84", b"\x69\x85")

    refuse()


@pytest.mark.parametrize("tag", [0x5F29, 0x42, 0x7F49, 0x5F20])
@pytest.mark.parametrize("times", [0, 2])
def test_missing_and_repeated_objects(device: Device, tag: int, times: int) -> None:
    import cvc

    root = pki.root()
    inner = cvc.objects(cvc.values(pki.device_of(root).body())[0x7F4E])
    body = tlv(
        0x7F4E, b"".join(whole * (times if found == tag else 1) for found, _, whole in inner)
    )
    trust(device, root)
    select_authority(device, root.name)
    verify_certificate(device, body + tlv(0x5F37, root.signer.sign(body)), 0x6984)


def test_points_off_the_curve(device: Device) -> None:
    root = pki.root()
    assert isinstance(root.signer, EcSigner)
    root.signer.point = spoiled(root.signer.point, -1)
    verify_certificate(device, root.contents(), 0x6984)
    root.signer.point = root.signer.point[:-1]
    verify_certificate(device, root.contents(), 0x6984)


def test_there_is_a_limit(device: Device) -> None:
    root = pki.root()
    trust(device, root)
    for number in range(7):
        other = pki.device_of(root, b"UTDEVICE0000%d" % number)
        select_authority(device, root.name)
        verify_certificate(device, other.contents(), 0x9000 if number < 6 else 0x6A84)
    device.select()
    select_authority(device, b"UTDEVICE00005")
    select_authority(device, b"UTDEVICE00006", 0x6A88)
    select_authority(device, root.name)
    verify_certificate(device, other.contents(), 0x6A84)


@pytest.mark.parametrize(
    ("apdu", "status_word"),
    [
        ("002A00AE0101", 0x6A86),
        ("002A01BE0101", 0x6A86),
        ("002A00BE", 0x6700),
        ("002281B6", 0x6700),
        ("002281B60183", 0x6700),
        ("002281B6028300", 0x6700),
        ("002281B603830142" + "00", 0x6A88),
        ("002281B6038001AA", 0x6700),
        ("002281B606830142830142", 0x6700),
    ],
)
def test_wrong_parameters(device: Device, apdu: str, status_word: int) -> None:
    device.send(apdu, status_word)


# --- An external PKI ------------------------------------------------------------------------------


def test_an_external_pki_names_the_device(device: Device) -> None:
    root = pki.root()
    own = Party(b"DEPRODUCT00042", TERMINAL_ROLE, root, parameters=False)
    assert isinstance(own.signer, EcSigner)
    with device.card.keys.open_device_key() as key:
        own.signer.point = key.public()
    old = bytes(device.card.device_name)
    device.write(DEVICE_CERTIFICATE, 0, own.certificate() + root.certificate())
    device.select()
    assert device.card.device_name == own.name
    # A certificate of another key names somebody else.
    device.verify()
    stranger = Party(b"DEPRODUCT00043", TERMINAL_ROLE, root)
    device.write(DEVICE_CERTIFICATE, 0, stranger.certificate())
    device.select()
    assert device.card.device_name == old
    device.verify()
    device.write(DEVICE_CERTIFICATE, 0, b"\x30\x00")
    device.select()
    assert device.card.device_name == old
