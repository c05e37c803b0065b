# SPDX-License-Identifier: GPL-2.0-or-later
"""GENERATE ASYMMETRIC KEY PAIR: answers with the new key's authenticated request.

Spec: [SCHSM] 13, 14.2. Key, metadata, description and request are stored in one transaction; what
had the same id before is replaced.
"""

from hsm_crypto import EcKey, RsaKey, curve_from_prime, curve_parameters, reseed
from micropython import const

from hsm import limits
from hsm.apdu.status_word import (
    SW_EXECUTION_ERROR,
    SW_FUNCTION_NOT_SUPPORTED,
    SW_INCORRECT_PARAMETERS_P1_P2,
    SW_REFERENCED_DATA_NOT_FOUND,
    SW_WRONG_LENGTH,
    CommandError,
)
from hsm.encoding import ber_tlv
from hsm.files import object_ids, pkcs15
from hsm.files.object_ids import (
    KIND_FILE,
    PREFIX_CERTIFICATE,
    PREFIX_PRIVATE_KEY_DESCRIPTION,
)
from hsm.keys import cv_certificate, metadata
from hsm.keys.algorithms import KEY_EC, KEY_RSA, XKEK
from hsm.keys.metadata import KeyInfo
from hsm.security import access_rules

# The first arcs of the OID tell the kind of key, the last one a hash that hosts ignore.
_OID_RSA = cv_certificate.OID_RSA_V1_5_SHA_256[:9]
_OID_ECDSA = cv_certificate.OID_ECDSA_SHA_256[:9]
_TAG_OID = const(0x06)
_TAG_RSA_BITS = const(0x02)
_TAG_RSA_EXPONENT = const(0x82)
_TAG_EC_PRIME = const(0x81)

_RSA_BITS = (1024, 1536, 2048, 3072, 4096)
_RSA_BITS_DEFAULT = const(2048)
_RSA_EXPONENT_DEFAULT = const(65537)


class _Request:
    """The command's data, all of it checked: what follows costs up to minutes and cannot refuse."""

    def __init__(self, data, device_name):
        parameters = ber_tlv.find(data, cv_certificate.TAG_PUBLIC_KEY)
        if parameters is None:
            raise CommandError(SW_WRONG_LENGTH)
        uses, objects = metadata.from_request(data)
        _check_metadata(objects)
        self.authority = _reference(data, cv_certificate.TAG_AUTHORITY, device_name)
        self.holder = _reference(data, cv_certificate.TAG_HOLDER, device_name)
        oid = ber_tlv.find(parameters, _TAG_OID)
        if oid is None:
            raise CommandError(SW_WRONG_LENGTH)
        if oid[:9] == _OID_RSA:
            bits, self._exponent = _rsa_parameters(parameters)
            self.info = KeyInfo(KEY_RSA, 0, bits, uses, objects)
        elif oid[:9] == _OID_ECDSA:
            curve = _curve(parameters)
            bits = 8 * len(curve_parameters(curve)[0])
            self.info = KeyInfo(KEY_EC, curve, bits, uses, objects)
        else:
            raise CommandError(SW_FUNCTION_NOT_SUPPORTED)

    def generate(self):
        """The new key's handle. CryptoError: no entropy, or the host cancelled."""
        reseed()
        if self.info.kind == KEY_EC:
            return EcKey.generate(self.info.curve)
        return RsaKey.generate(self.info.bits, self._exponent)

    def description(self, key_id):
        """The PrKD."""
        if self.info.kind == KEY_EC:
            return pkcs15.ec_key_description(key_id, self.info.bits)
        return pkcs15.rsa_key_description(key_id, self.info.bits)


def generate_key_pair(card, command, response):
    """46: P1 is the new key's id, 1 to 255."""
    access_rules.check_user(card.status)
    key_id = command.p1
    if key_id == 0:
        raise CommandError(SW_INCORRECT_PARAMETERS_P1_P2)
    request = _Request(command.data, card.device_name)
    with request.generate() as handle:
        certificate = _certificate(card, request, handle)
        with card.store.transaction() as change:
            card.keys.put(change, key_id, handle, request.info)
            fid = object_ids.fid(PREFIX_PRIVATE_KEY_DESCRIPTION, key_id)
            change.replace(fid, KIND_FILE, request.description(key_id))
            change.replace(object_ids.fid(PREFIX_CERTIFICATE, key_id), KIND_FILE, certificate)
            change.commit()
    response.append(certificate)


def _check_metadata(objects):
    # Key agreement keys and key domains are refused rather than ignored.
    allowed = ber_tlv.find(objects, metadata.TAG_ALGORITHMS)
    if allowed is not None and XKEK in bytes(allowed):
        raise CommandError(SW_FUNCTION_NOT_SUPPORTED)
    domain = ber_tlv.find(objects, metadata.TAG_KEY_DOMAIN)
    if domain is not None and domain[0] != 0:
        raise CommandError(SW_REFERENCED_DATA_NOT_FOUND)


def _rsa_parameters(parameters):
    bits = ber_tlv.find(parameters, _TAG_RSA_BITS)
    exponent = ber_tlv.find(parameters, _TAG_RSA_EXPONENT)
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
    # The prime alone names the curve; the other parameters are the card's own.
    prime = ber_tlv.find(parameters, _TAG_EC_PRIME)
    if prime is None:
        raise CommandError(SW_WRONG_LENGTH)
    curve = curve_from_prime(prime)
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
        )


def _reference(data, tag, default):
    value = ber_tlv.find(data, tag)
    if not value:
        return default
    if len(value) > limits.CERTIFICATE_REFERENCE_BYTES_MAX:
        raise CommandError(SW_WRONG_LENGTH)
    return value
