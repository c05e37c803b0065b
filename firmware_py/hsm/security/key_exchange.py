# SPDX-License-Identifier: GPL-2.0-or-later
"""Who may exchange a DKEK: members of a group, by what was signed for them.

Spec: [SCHSM] 17.3. The signer's public key is the group's UID. A peer's key must be vouched for: by
a device whose certificate is trusted, or by an authority. Whoever brought a key of his own making
would otherwise know the DKEK.
"""

from micropython import const

from hsm.encoding import ber_tlv
from hsm.encoding.ber_tlv import TlvError
from hsm.keys.cv_certificate import (
    OID_KEY_DOMAIN_UID,
    TAG_BODY,
    TAG_CERTIFICATE,
    TAG_EXTENSION,
    TAG_EXTENSIONS,
)
from hsm.keys.cv_certificate_check import AuthenticatedRequest, CvCertificate
from hsm.keys.public_key import InvalidSignature, MalformedCertificate
from hsm.security.key_domains import UID_BYTES
from hsm.security.trust_store import UnknownAuthority

_TAG_MEMBERSHIP = const(0x54)
_TAG_OID = const(0x06)
_TAG_UID = const(0x80)


def group_uid(data, device_point, trust):
    """The UID of the group that the device with the key `device_point` is a member of.

    `data`: the signer's certificate or request, without its outermost tag, and the membership: 54
    with the signer's signature over 54 and the X coordinate of the device's key.
    MalformedCertificate, InvalidSignature, UnknownAuthority, TlvError.
    """
    end = _before_membership(data)
    signer = _signer(data[:end], trust)
    if len(signer.material) != 1 + UID_BYTES:
        raise MalformedCertificate
    _, start, stop = ber_tlv.read(data, end)
    x = device_point[1 : 1 + len(device_point) // 2]
    signer.check_signature(data[start:stop], b"\x54", x)
    return signer.material[1:]


def peer(contents, trust):
    """(PublicKey, UID of its group) of a peer's certificate or request without outermost tag.

    TlvError: it names no group. MalformedCertificate, InvalidSignature, UnknownAuthority.
    """
    request = _authenticated(contents)
    if request is not None:
        key = _attested(request, trust)
        _, start, end = ber_tlv.read(contents, 0)
        return key, _uid(contents[start:end])
    certificate = CvCertificate(contents)
    key = trust.find(certificate.holder)
    if key is not None:
        # The key itself is among those that the user trusts.
        own = certificate.check_with_own_key()
        if own.material != key.material or own.curve != key.curve:
            raise InvalidSignature
    else:
        issuer = trust.find(certificate.authority)
        if issuer is None:
            raise UnknownAuthority
        key = certificate.check_with(issuer)
    return key, _uid(contents)


def _before_membership(data):
    # Where the last data object begins, which must be 54; it comes once.
    offset = 0
    while offset < len(data):
        tag, _, end = ber_tlv.read(data, offset)
        if tag == _TAG_MEMBERSHIP:
            if end != len(data):
                raise MalformedCertificate
            return offset
        offset = end
    raise TlvError


def _signer(contents, trust):
    # Which group it is to be the user decides: a signer's own signature will do.
    request = _authenticated(contents)
    if request is not None:
        return _attested(request, trust)
    certificate = CvCertificate(contents)
    issuer = trust.find(certificate.authority)
    if issuer is not None and not certificate.is_self_signed():
        return certificate.check_with(issuer)
    return certificate.check_with_own_key()


def _authenticated(contents):
    # A request with a device's signature, or None: a certificate, or a mere request.
    tag, _, _ = ber_tlv.read(contents, 0)
    return AuthenticatedRequest(contents) if tag == TAG_CERTIFICATE else None


def _attested(request, trust):
    device = trust.find(request.authority)
    if device is None:
        raise UnknownAuthority
    return request.check(device)


def _uid(contents):
    # From the extensions of a body that was verified.
    tag, start, end = ber_tlv.read(contents, 0)
    extensions = ber_tlv.find(contents[start:end], TAG_EXTENSIONS) if tag == TAG_BODY else None
    for tag, value in ber_tlv.objects(extensions or b""):
        if tag == TAG_EXTENSION and ber_tlv.find(value, _TAG_OID) == OID_KEY_DOMAIN_UID:
            uid = ber_tlv.find(value, _TAG_UID)
            if uid is not None and len(uid) == UID_BYTES:
                return bytes(uid)
    raise TlvError
