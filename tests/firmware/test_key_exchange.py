# SPDX-License-Identifier: GPL-2.0-or-later
"""Domains of a group, and the agreement on their DKEK (XKEK): [SCHSM] 17.3."""

import hashlib

import cvc
import hsm_crypto
import key_blob
import pki
import pytest
from device import Device, UnexpectedStatus, tlv
from pki import ROOT_ROLE, EcSigner, Party
from test_second_checks import one_wrong
from test_wrap_key import plugged, unchanged

STATUS, SET_UP, JOIN, DELETE, CLEAR = 0, 1, 2, 3, 4
P256 = hsm_crypto.curve_parameters(hsm_crypto.CURVE_SECP256R1)[0]
XKEK = b"\x84"
NO_KEY = bytes(8)
BAD_CERTIFICATE, WRONG, UNKNOWN, WRONG_LENGTH = 0x6984, 0x6985, 0x6A88, 0x6700
UID_OID = tlv(0x06, bytes.fromhex("2B0601040181C31F030202"))
BRAINPOOL = hsm_crypto.CURVE_BRAINPOOLP256R1


class Group:
    """A group signer; `device`: the one whose request for the signer's key it attests."""

    def __init__(self, curve: int = hsm_crypto.CURVE_SECP256R1) -> None:
        self.signer = Party(b"UTGROUP00001", signer=EcSigner(curve))

    @property
    def uid(self) -> bytes:
        assert isinstance(self.signer.signer, EcSigner)
        return self.signer.signer.point[1:]

    def membership(self, device: Device) -> bytes:
        """54: the signature over 54 and X of the device's key."""
        return tlv(0x54, self.signer.signer.sign(b"\x54" + point_of(device)[1:33]))

    def join(self, device: Device, number: int = 0, expect: int = 0x9000) -> bytes:
        return join(device, number, self.signer.contents() + self.membership(device), expect)


def join(device: Device, number: int, data: bytes, expect: int = 0x9000) -> bytes:
    header = bytes([0x80, 0x52, JOIN, number, 0]) + len(data).to_bytes(2, "big")
    return device.send(header + data + b"\0\0", expect)


def point_of(device: Device) -> bytes:
    """The device's public key."""
    fields = cvc.check_certificate(device.read(0x2F02))
    return cvc.values(fields[0x7F49])[0x86]


def xkek_key(device: Device, key_id: int = 1, number: int = 0) -> bytes:
    """A key for the exchange; its request, without 67."""
    metadata = tlv(0x91, XKEK) + tlv(0x92, bytes([number]))
    return cvc.values(device.generate_ec(key_id, P256, metadata))[0x67]


def exchange(device: Device, key_id: int, data: bytes, expect: int = 0x9000) -> None:
    header = bytes([0x80, 0x62, key_id, 0x84, 0]) + len(data).to_bytes(2, "big")
    assert device.send(header + data, expect) == b""


def trust(device: Device, certificate: bytes) -> None:
    """A root that the user brings: the other device's certificate, which it signed itself."""
    contents = cvc.values(certificate)[0x7F21]
    device.send(b"\x00\x2a\x00\xbe\x00" + len(contents).to_bytes(2, "big") + contents)


def fresh(unique_id: str = "E6605481DB123456", domains: int = 2) -> Device:
    """Domains that are not set up; the user is logged in."""
    device = Device(64)
    device.board.unique_id = bytes.fromhex(unique_id)
    device.power_on()
    device.initialize(more=tlv(0x97, bytes([domains])))
    return device


def vouched(group: Group, peer: EcSigner, device: Party, uid: bytes | None = None) -> bytes:
    """The request of a peer's key in a group, attested by `device`; without 67."""
    extension = tlv(0x73, UID_OID + tlv(0x80, group.uid if uid is None else uid))
    body = tlv(
        0x7F4E,
        tlv(0x5F29, b"\0")
        + tlv(0x42, b"UTCA00001")
        + peer.public_key()
        + tlv(0x5F20, b"UTPEER00001")
        + tlv(0x65, extension),
    )
    attested = tlv(0x7F21, body + tlv(0x5F37, peer.sign(body))) + tlv(0x42, device.name)
    return attested + tlv(0x5F37, device.signer.sign(attested))


@pytest.fixture
def group() -> Group:
    return Group()


@pytest.fixture
def member(group: Group) -> Device:
    """A device with the domain 0 of the group, key 1 for the exchange, and a root it trusts."""
    device = fresh()
    group.join(device)
    xkek_key(device)
    return device


# --- The way of two devices -----------------------------------------------------------------------


def test_two_devices_agree_and_exchange_a_key(group: Group) -> None:
    first = fresh()
    assert group.join(first) == bytes(2) + NO_KEY + group.uid
    first_request, first_certificate = xkek_key(first), first.read(0x2F02)
    second = fresh("0123456789ABCDEF")
    group.join(second, 1)
    second_request, second_certificate = xkek_key(second, 9, 1), second.read(0x2F02)
    trust(second, first_certificate)
    exchange(second, 9, first_request)
    status = second.key_domain(STATUS, 1)
    plugged(first)
    trust(first, second_certificate)
    exchange(first, 1, second_request)
    assert first.key_domain(STATUS) == status
    assert status[2:10] != NO_KEY and status[10:] == group.uid
    first.generate_aes(3, 256)
    private = first.card.keys.open_for_use(3, range(6), 0x92)._open()
    blob = first.wrap(3)
    plugged(second).unwrap(4, blob)
    assert second.card.keys.open_for_use(4, range(6), 0x92)._open() == private
    assert second.send("00A4000002CC0400").endswith(tlv(0x92, b"\1"))


def test_the_dkek_is_the_shared_x(group: Group, member: Device) -> None:
    peer, root = EcSigner(), pki.root()
    member.write(0xCA00, 0, root.certificate())
    member.power_on()
    member.verify()
    exchange(member, 1, vouched(group, peer, root))
    own = cvc.values(cvc.values(cvc.values(member.read(0xCE01))[0x67])[0x7F21])[0x7F4E]
    point = cvc.values(cvc.values(own)[0x7F49])[0x86]
    shared = peer.key.agree(point)._open()
    assert member.key_domain(STATUS)[2:10] == hashlib.sha256(shared).digest()[:8]
    member.generate_aes(3, 128)
    member.wrap(1, expect=WRONG)
    assert key_blob.decode(member.wrap(3), shared)
    member.power_on()
    assert member.key_domain(STATUS)[2:10] == hashlib.sha256(shared).digest()[:8]


def test_the_request_says_which_group_the_key_is_for(group: Group, member: Device) -> None:
    inner = cvc.values(cvc.values(member.read(0xCE01))[0x67])[0x7F21]
    extension = cvc.values(cvc.values(inner)[0x7F4E])[0x65]
    assert extension == tlv(0x73, UID_OID + tlv(0x80, group.uid))


def test_each_agreement_counts_as_a_use(group: Group, member: Device) -> None:
    root = pki.root()
    trust(member, root.certificate())
    metadata = tlv(0x91, XKEK) + tlv(0x92, b"\0") + tlv(0x90, b"\0\0\0\2")
    member.generate_ec(2, P256, metadata)
    values = set()
    for expect in (0x9000, 0x9000, 0x6A84):
        exchange(member, 2, vouched(group, EcSigner(), root), expect)
        values.add(member.key_domain(STATUS)[2:10])
    assert len(values) == 2 and NO_KEY not in values


def test_clear_and_delete(group: Group, member: Device) -> None:
    root = pki.root()
    trust(member, root.certificate())
    exchange(member, 1, vouched(group, EcSigner(), root))
    assert member.key_domain(CLEAR) == bytes(2) + NO_KEY + group.uid
    member.key_domain(DELETE, expect=0x6A89)
    member.delete(0xCC01)
    member.key_domain(DELETE, expect=UNKNOWN)
    member.key_domain(STATUS, expect=UNKNOWN)
    assert member.key_domain(SET_UP, 0, b"\1") == b"\1\1" + NO_KEY
    member.key_domain(0, 0, bytes(32))


def test_a_key_for_the_exchange_is_for_nothing_the_host_could_use(member: Device) -> None:
    metadata = tlv(0x91, b"\x80\x84") + tlv(0x92, b"\0")
    with pytest.raises(UnexpectedStatus) as refused:
        member.generate_ec(2, P256, metadata)
    assert refused.value.status_word == WRONG_LENGTH


# --- Joining a group ------------------------------------------------------------------------------


def test_a_signer_on_another_curve() -> None:
    group = Group(BRAINPOOL)
    assert group.join(fresh())[10:] == group.uid


def test_a_signer_that_a_device_attests(group: Group) -> None:
    device, root = fresh(), pki.root()
    data = pki.request(group.signer, root) + group.membership(device)
    join(device, 0, data, UNKNOWN)
    trust(device, root.certificate())
    assert join(device, 0, data)[10:] == group.uid


def test_a_signer_with_an_issuer(group: Group) -> None:
    device, root = fresh(), pki.root()
    signer = Party(b"UTGROUP00001", authority=root)
    trust(device, root.certificate())
    x = point_of(device)[1:33]
    data = signer.contents() + tlv(0x54, signer.signer.sign(b"\x54" + x))
    assert isinstance(signer.signer, EcSigner)
    assert join(device, 0, data)[10:] == signer.signer.point[1:]


def test_join_refuses(group: Group) -> None:
    device = fresh()
    right = group.signer.contents() + group.membership(device)
    x = point_of(device)[1:33]
    sign = group.signer.signer.sign
    contents = group.signer.contents()
    forged = bytearray(contents)
    forged[-1] ^= 1
    wide = Group(hsm_crypto.CURVE_SECP384R1)
    for data, expect in (
        (b"", WRONG_LENGTH),
        (contents, WRONG_LENGTH),
        (contents + tlv(0x54, sign(b"\x54" + bytes(32))), WRONG),
        (contents + tlv(0x54, sign(x)), WRONG),
        (contents + tlv(0x54, b""), WRONG),
        (bytes(forged) + group.membership(device), WRONG),
        (right + group.membership(device), BAD_CERTIFICATE),
        (group.membership(device), WRONG_LENGTH),
        (wide.signer.contents() + wide.membership(device), BAD_CERTIFICATE),
        (b"\x7f\x21\x01" + right, BAD_CERTIFICATE),
    ):
        unchanged(device, lambda data=data, expect=expect: join(device, 0, data, expect))
    join(device, 2, right, 0x6A86)
    device.select()
    join(device, 0, right, WRONG)
    device.verify_so()
    join(device, 0, right, WRONG)
    device.verify()
    join(device, 0, right)
    unchanged(device, lambda: join(device, 0, right, 0x6A86))
    device.key_domain(0, 0, bytes(32), expect=0x6986)


def test_the_membership_of_another_device(group: Group) -> None:
    """The signer let another device in."""
    other = fresh("0123456789ABCDEF")
    membership = group.membership(other)
    device = fresh()
    data = group.signer.contents() + membership
    unchanged(device, lambda: join(device, 0, data, WRONG))


# --- Peers that are refused -----------------------------------------------------------------------


def test_exchange_refuses(group: Group, member: Device) -> None:
    root, stranger = pki.root(), pki.root(b"UTSTRANGER00001")
    trust(member, root.certificate())
    peer = EcSigner()
    right = vouched(group, peer, root)
    forged = bytearray(right)
    forged[-1] ^= 1
    for data, expect in (
        (b"", WRONG_LENGTH),
        (b"\x86", WRONG_LENGTH),
        (vouched(group, peer, stranger), UNKNOWN),
        (bytes(forged), WRONG),
        (vouched(group, peer, root, bytes(64)), UNKNOWN),
        (vouched(group, peer, root, bytes(63)), WRONG_LENGTH),
        (pki.request(Party(b"UTPEER00001", signer=peer), root), WRONG_LENGTH),
        (vouched(group, EcSigner(BRAINPOOL), root), BAD_CERTIFICATE),
        (right + b"\0", BAD_CERTIFICATE),
    ):
        unchanged(member, lambda d=data, expect=expect: exchange(member, 1, d, expect))
    unchanged(member, lambda: exchange(member, 77, right, 0x6A82))
    unchanged(member, lambda: exchange(member, 0, right, 0x6A82))
    member.select()
    exchange(member, 1, right, 0x6982)
    member.verify_so()
    exchange(member, 1, right, 0x6982)
    member.verify()
    exchange(member, 1, right)


def test_a_mere_request_is_vouched_for_by_nobody(group: Group, member: Device) -> None:
    """What a host can make itself: it would know the DKEK."""
    root = pki.root()
    right = vouched(group, EcSigner(), root)
    request = cvc.objects(right)[0][1]
    unchanged(member, lambda: exchange(member, 1, request, UNKNOWN))
    trust(member, root.certificate())
    unchanged(member, lambda: exchange(member, 1, request, UNKNOWN))
    exchange(member, 1, right)


def test_a_certificate_of_an_authority(group: Group, member: Device) -> None:
    root, peer = pki.root(), EcSigner()
    extension = tlv(0x65, tlv(0x73, UID_OID + tlv(0x80, group.uid)))
    party = Party(b"UTPEER00001", authority=root, signer=peer)
    body = tlv(0x7F4E, cvc.values(party.body())[0x7F4E] + extension)
    right = body + tlv(0x5F37, root.signer.sign(body))
    unchanged(member, lambda: exchange(member, 1, right, UNKNOWN))
    trust(member, root.certificate())
    exchange(member, 1, right)


def test_a_key_that_the_user_trusts_himself(group: Group, member: Device) -> None:
    """Its self-signed certificate is a root that he brought."""
    peer = Party(b"UTPEER00001", ROOT_ROLE)
    extension = tlv(0x65, tlv(0x73, UID_OID + tlv(0x80, group.uid)))
    body = tlv(0x7F4E, cvc.values(peer.body())[0x7F4E] + extension)
    right = body + tlv(0x5F37, peer.signer.sign(body))
    unchanged(member, lambda: exchange(member, 1, right, UNKNOWN))
    trust(member, tlv(0x7F21, right))
    exchange(member, 1, right)
    other = Party(b"UTPEER00001", ROOT_ROLE)
    body = tlv(0x7F4E, cvc.values(other.body())[0x7F4E] + extension)
    forged = body + tlv(0x5F37, other.signer.sign(body))
    unchanged(member, lambda: exchange(member, 1, forged, WRONG))


def test_a_key_of_another_domain_or_purpose(group: Group, member: Device) -> None:
    root = pki.root()
    trust(member, root.certificate())
    right = vouched(group, EcSigner(), root)
    member.key_domain(SET_UP, 1, b"\1")
    member.generate_ec(2, P256, tlv(0x92, b"\1"))
    member.generate_ec(3, P256, tlv(0x92, b"\0"))
    member.generate_ec(4, P256, tlv(0x91, b"\x80") + tlv(0x92, b"\0"))
    member.generate_ec(5, P256)
    member.generate_rsa(6, 1024, tlv(0x92, b"\0"))
    for key_id, expect in ((2, WRONG), (3, WRONG), (4, WRONG), (5, WRONG), (6, 0x6400)):
        unchanged(member, lambda k=key_id, expect=expect: exchange(member, k, right, expect))


@pytest.mark.parametrize("skipped", [0, 1])
def test_one_skipped_check_agrees_on_nothing(
    group: Group, member: Device, monkeypatch, skipped: int
) -> None:
    from hsm.commands import exchange_key

    root = pki.root()
    trust(member, root.certificate())
    member.generate_ec(3, P256, tlv(0x92, b"\0"))
    wrong = one_wrong(exchange_key._check_purpose, skipped, None)
    monkeypatch.setattr(exchange_key, "_check_purpose", wrong)
    right = vouched(group, EcSigner(), root)
    unchanged(member, lambda: exchange(member, 3, right, WRONG))
