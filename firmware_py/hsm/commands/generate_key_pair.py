# SPDX-License-Identifier: GPL-2.0-or-later
"""GENERATE ASYMMETRIC KEY PAIR: answers with the new key's authenticated request.

Spec: [SCHSM] 13, 14.2. Key, metadata, description and request are stored in one transaction; what
had the same id before is replaced.
"""

from hsm_crypto import (
    CURVE_ED448,
    CURVE_ED25519,
    CURVE_X448,
    CURVE_X25519,
    EcKey,
    EdwardsKey,
    MontgomeryKey,
    RsaKey,
    curve_from_prime,
    curve_parameters,
    reseed,
)
from micropython import const

from hsm import limits
from hsm.apdu.status_word import (
    SW_EXECUTION_ERROR,
    SW_FUNCTION_NOT_SUPPORTED,
    SW_INCORRECT_PARAMETERS_P1_P2,
    SW_WRONG_LENGTH,
    CommandError,
)
from hsm.commands import new_key
from hsm.encoding import ber_tlv
from hsm.keys import cv_certificate
from hsm.keys.algorithms import ECDH, KEY_EC, KEY_EDWARDS, KEY_MONTGOMERY, KEY_RSA, XKEK
from hsm.security import key_domains

# The first arcs of the OID tell the kind of key, the last one a hash that hosts ignore.
_OID_RSA = cv_certificate.OID_RSA_V1_5_SHA_256[:9]
_OID_ECDSA = cv_certificate.OID_ECDSA_SHA_256[:9]
_TAG_OID = const(0x06)
_TAG_RSA_BITS = const(0x02)
_TAG_RSA_EXPONENT = const(0x82)
_TAG_EC_PRIME = const(0x81)
# Of the curves of [RFC7748] alone: hosts send the second coefficient of others with this tag.
_TAG_GENERATOR = const(0x83)

_RSA_BITS = (1024, 1536, 2048, 3072, 4096)
_RSA_BITS_DEFAULT = const(2048)
_RSA_EXPONENT_DEFAULT = const(65537)

# What two devices agree on becomes a DKEK as it is ([SCHSM] 17.3).
_XKEK_BITS = const(256)

_RAW_CURVES = {
    CURVE_ED25519: (KEY_EDWARDS, EdwardsKey),
    CURVE_ED448: (KEY_EDWARDS, EdwardsKey),
    CURVE_X25519: (KEY_MONTGOMERY, MontgomeryKey),
    CURVE_X448: (KEY_MONTGOMERY, MontgomeryKey),
}


class _Request:
    """The command's data, all of it checked: what follows costs up to minutes and cannot refuse."""

    def __init__(self, card, data):
        fields = ber_tlv.unique(data)
        if cv_certificate.TAG_PUBLIC_KEY not in fields:
            raise CommandError(SW_WRONG_LENGTH)
        parameters = ber_tlv.unique(fields[cv_certificate.TAG_PUBLIC_KEY])
        oid = parameters.get(_TAG_OID)
        if oid is None:
            raise CommandError(SW_WRONG_LENGTH)
        if oid[:9] == _OID_RSA:
            kind, curve = KEY_RSA, 0
            bits, self._exponent = _rsa_parameters(parameters)
        elif oid[:9] == _OID_ECDSA:
            curve = _curve(parameters)
            kind, self._maker = _RAW_CURVES.get(curve, (KEY_EC, EcKey))
            bits = 8 * len(curve_parameters(curve)[0])
        else:
            raise CommandError(SW_FUNCTION_NOT_SUPPORTED)
        self.info = new_key.requested_info(card, data, kind, curve, bits)
        self.extension = _extension(card, self.info)
        self.authority = _reference(fields, cv_certificate.TAG_AUTHORITY, card.device_name)
        self.holder = _reference(fields, cv_certificate.TAG_HOLDER, card.device_name)

    def generate(self):
        """The new key's handle. CryptoError: no entropy, or the host cancelled."""
        reseed()
        if self.info.kind == KEY_RSA:
            return RsaKey.generate(self.info.bits, self._exponent)
        return self._maker.generate(self.info.curve)


def generate_key_pair(card, command, response):
    """46: P1 is the new key's id, 1 to 255."""
    new_key.check(card, command.p1)
    if command.p2:
        raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)
    request = _Request(card, command.data)
    with request.generate() as handle:
        certificate = _certificate(card, request, handle)
        with card.store.transaction() as change:
            new_key.put(card, change, command.p1, handle, request.info, certificate)
            change.commit()
    response.append(certificate)


def _extension(card, info):
    # A key for the exchange of a key encryption key says in its request which domain it is for.
    allowed = info.algorithms()
    if allowed is None or XKEK not in allowed:
        return b""
    if info.kind != KEY_EC or info.bits != _XKEK_BITS:
        raise CommandError(SW_FUNCTION_NOT_SUPPORTED)
    domain = info.domain()
    uid = None if domain is None else key_domains.uid(card.store, domain)
    # With plain ECDH the host could compute what the card will agree on, and no peer could tell.
    if uid is None or ECDH in allowed:
        raise CommandError(SW_WRONG_LENGTH)
    return cv_certificate.key_domain_extension(uid)


def _rsa_parameters(parameters):
    bits = parameters.get(_TAG_RSA_BITS)
    exponent = parameters.get(_TAG_RSA_EXPONENT)
    bits = _RSA_BITS_DEFAULT if bits is None else _number(bits)
    exponent = _RSA_EXPONENT_DEFAULT if exponent is None else _number(exponent)
    odd_and_in_range = exponent & 1 and 3 <= exponent < 1 << 31
    if bits not in _RSA_BITS or not odd_and_in_range or (bits >= 2048 and exponent < 65537):
        raise CommandError(SW_EXECUTION_ERROR)
    return bits, exponent


def _number(value):
    if not 1 <= len(value) <= 4:
        raise CommandError(SW_EXECUTION_ERROR)
    return int.from_bytes(value, "big")


def _curve(parameters):
    # The prime names the curve, where two share one the generator; all else is the card's own.
    prime = parameters.get(_TAG_EC_PRIME)
    if prime is None:
        raise CommandError(SW_WRONG_LENGTH)
    curve = curve_from_prime(prime, parameters.get(_TAG_GENERATOR, b""))
    if curve is None:
        raise CommandError(SW_FUNCTION_NOT_SUPPORTED)
    return curve


def _certificate(card, request, handle):
    with card.keys.open_device_key() as device_key:
        return cv_certificate.authenticated_request(
            request.info.kind,
            handle,
            request.authority,
            request.holder,
            device_key,
            card.device_name,
            request.extension,
        )


def _reference(fields, tag, default):
    value = fields.get(tag)
    if not value:
        return default
    if len(value) > limits.CERTIFICATE_REFERENCE_BYTES_MAX:
        raise CommandError(SW_WRONG_LENGTH)
    return value
