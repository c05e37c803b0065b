# SPDX-License-Identifier: GPL-2.0-or-later
"""Certificates and requests of others: a strict reader, and their checks.

Spec: [TR-03110-3] C.1 and C.2, D.2; [SCHSM] 14. The device has no calendar: dates are not compared.
"""

from micropython import const

from hsm import limits
from hsm.encoding import ber_tlv
from hsm.encoding.ber_tlv import TlvError
from hsm.keys.cv_certificate import (
    TAG_AUTHORITY,
    TAG_BODY,
    TAG_CERTIFICATE,
    TAG_HOLDER,
    TAG_PUBLIC_KEY,
    TAG_SIGNATURE,
)
from hsm.keys.public_key import InvalidSignature, MalformedCertificate, PublicKey

_TAG_PROFILE = const(0x5F29)
_TAG_HOLDER_AUTHORISATION = const(0x7F4C)  # CHAT
_TAG_DISCRETIONARY_DATA = const(0x53)
# What a body may have, in this order; a request ends with the holder and its extensions.
_BODY_ORDER = (
    _TAG_PROFILE,
    TAG_AUTHORITY,
    TAG_PUBLIC_KEY,
    TAG_HOLDER,
    _TAG_HOLDER_AUTHORISATION,
    0x5F25,
    0x5F24,
    0x65,
)


class CvCertificate:
    """A parsed certificate, or a request that its own key signed. Nothing is verified yet.

    `authority`, `holder`: CAR and CHR.
    """

    def __init__(self, contents):
        """Parse the value of a 7F21. MalformedCertificate."""
        try:
            self._parse(contents)
        except TlvError:
            raise MalformedCertificate

    def _parse(self, contents):
        tag, start, end = ber_tlv.read(contents, 0)
        if tag != TAG_BODY:
            raise MalformedCertificate
        self._body = contents[:end]
        fields = _body_fields(contents[start:end])
        tag, start, end = ber_tlv.read(contents, end)
        if tag != TAG_SIGNATURE or end != len(contents):
            raise MalformedCertificate
        self._signature = contents[start:end]
        if bytes(fields.get(_TAG_PROFILE, b"")) != b"\x00" or TAG_PUBLIC_KEY not in fields:
            raise MalformedCertificate
        self.authority = reference(fields.get(TAG_AUTHORITY, b""))
        self.holder = reference(fields.get(TAG_HOLDER, b""))
        self._template = fields[TAG_PUBLIC_KEY]
        self._is_authority = _is_authority(fields.get(_TAG_HOLDER_AUTHORISATION))

    def is_self_signed(self):
        return self.authority == self.holder

    def is_of(self, curve, point):
        """True if the holder's key is this point; without domain parameters, of any curve."""
        try:
            return self._public_key(curve).material == point
        except MalformedCertificate:
            return False

    def check_with(self, issuer):
        """The holder's PublicKey, if `issuer` is an authority and signed this certificate.

        Domain parameters that it lacks are the issuer's. MalformedCertificate, InvalidSignature.
        """
        if not issuer.may_issue or issuer.holder != self.authority:
            raise InvalidSignature
        key = self._public_key(issuer.curve)
        issuer.check_signature(self._signature, self._body)
        return key

    def check_with_own_key(self):
        """The holder's PublicKey, if it signed this. MalformedCertificate, InvalidSignature."""
        key = self._public_key(0)
        key.check_signature(self._signature, self._body)
        return key

    def _public_key(self, curve):
        try:
            key = PublicKey.from_template(self.holder, self._template, curve)
        except TlvError:
            raise MalformedCertificate
        key.may_issue = self._is_authority
        return key


class AuthenticatedRequest:
    """A certificate request with the signature of the device that the key was made in.

    Spec: [SCHSM] 14.2. `authority`: the device's CHR.
    """

    def __init__(self, contents):
        """Parse the value of a 67. MalformedCertificate."""
        try:
            tag, start, end = ber_tlv.read(contents, 0)
            if tag != TAG_CERTIFICATE:
                raise MalformedCertificate
            self._request = CvCertificate(contents[start:end])
            tag, start, end = ber_tlv.read(contents, end)
            if tag != TAG_AUTHORITY:
                raise MalformedCertificate
            self.authority = reference(contents[start:end])
            self._attested = contents[:end]
            tag, start, end = ber_tlv.read(contents, end)
            if tag != TAG_SIGNATURE or end != len(contents):
                raise MalformedCertificate
            self._signature = contents[start:end]
        except TlvError:
            raise MalformedCertificate

    def check(self, device_key):
        """The PublicKey of the request, if the key itself and the device signed it.

        MalformedCertificate, InvalidSignature.
        """
        device_key.check_signature(self._signature, self._attested)
        return self._request.check_with_own_key()


def reference(value):
    """CAR or CHR as bytes. MalformedCertificate: empty, or too long."""
    if not 1 <= len(value) <= limits.CERTIFICATE_REFERENCE_BYTES_MAX:
        raise MalformedCertificate
    return bytes(value)


def _body_fields(body):
    fields = {}
    place = 0
    for tag, value in ber_tlv.objects(body):
        while place < len(_BODY_ORDER) and _BODY_ORDER[place] != tag:
            place += 1
        if place == len(_BODY_ORDER):
            raise MalformedCertificate
        fields[tag] = value
        place += 1
    return fields


def _is_authority(chat):
    # Role in the first two bits: 11 root, 10 and 01 issuer, 00 terminal ([TR-03110-3] C.4).
    if chat is None:
        return False
    data = ber_tlv.find(chat, _TAG_DISCRETIONARY_DATA)
    return bool(data and data[0] & 0xC0)
