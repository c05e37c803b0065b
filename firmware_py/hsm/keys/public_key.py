# SPDX-License-Identifier: GPL-2.0-or-later
"""Public keys of others: from a certificate, and what they signed.

Spec: [TR-03110-3] A.7.3 (signature algorithms), D.3 (encoding); [SCHSM] 14. The holder's algorithm
is part of the key. SHA-1 is not taken.
"""

import struct

import hsm_crypto
from hsm_crypto import (
    HASH_SHA224,
    HASH_SHA256,
    HASH_SHA384,
    HASH_SHA512,
    curve_from_prime,
    curve_parameters,
    digest,
)
from micropython import const

from hsm.encoding import ber_tlv

_TAG_OID = const(0x06)
_TAG_EC_POINT = const(0x86)
_TAG_EC_COFACTOR = const(0x87)
_TAG_RSA_MODULUS = const(0x81)
_TAG_RSA_EXPONENT = const(0x82)

_OID_SIGNATURES = b"\x04\x00\x7f\x00\x07\x02\x02\x02"  # id-TA, then family and algorithm
_RSA = const(0x01)
_ECDSA = const(0x02)
# Algorithm: (hash, PSS)
_RSA_ALGORITHMS = {
    2: (HASH_SHA256, False),
    4: (HASH_SHA256, True),
    5: (HASH_SHA512, False),
    6: (HASH_SHA512, True),
}
_ECDSA_HASHES = {2: HASH_SHA224, 3: HASH_SHA256, 4: HASH_SHA384, 5: HASH_SHA512}

_MODULUS_BYTES = (128, 192, 256, 384, 512)
# family, algorithm, curve, exponent; holder and key follow
_FIXED = ">BBBIB"
_FIXED_BYTES = const(8)


class MalformedCertificate(Exception):
    """The bytes are no certificate, request or public key that this card takes."""


class InvalidSignature(Exception):
    """The signature does not belong to the bytes and the key."""


class PublicKey:
    """`holder`: CHR; `curve`: number of the crypto module, 0 for RSA.

    `material`: 04 || X || Y, or the modulus; `may_issue`: its certificate is an authority's.
    """

    def __init__(self, holder, family, algorithm, curve, material, exponent=0):
        self.holder = holder
        self.curve = curve
        self.material = material
        self.may_issue = False
        self._family = family
        self._algorithm = algorithm
        self._exponent = exponent

    @staticmethod
    def from_template(holder, template, curve=0):
        """From the value of a 7F49; without domain parameters it is on `curve`.

        MalformedCertificate, TlvError.
        """
        fields = _fields(template)
        oid = bytes(fields.get(_TAG_OID, b""))
        if len(oid) != 10 or oid[:8] != _OID_SIGNATURES:
            raise MalformedCertificate
        if oid[8] == _ECDSA and oid[9] in _ECDSA_HASHES:
            curve, material = _ec_key(fields, curve)
            return PublicKey(holder, _ECDSA, oid[9], curve, material)
        if oid[8] == _RSA and oid[9] in _RSA_ALGORITHMS:
            exponent, material = _rsa_key(fields)
            return PublicKey(holder, _RSA, oid[9], 0, material, exponent)
        raise MalformedCertificate

    @staticmethod
    def decode(contents):
        """The key in an object of the store."""
        family, algorithm, curve, exponent, length = struct.unpack_from(_FIXED, contents, 0)
        end = _FIXED_BYTES + length
        holder = bytes(contents[_FIXED_BYTES:end])
        return PublicKey(holder, family, algorithm, curve, bytes(contents[end:]), exponent)

    def encode(self):
        """The contents for the store."""
        fixed = struct.pack(
            _FIXED, self._family, self._algorithm, self.curve, self._exponent, len(self.holder)
        )
        return fixed + self.holder + self.material

    def is_like(self, other):
        """True if the other one has the same holder, or is the same key."""
        return self.holder == other.holder or self.material == other.material

    def check_signature(self, signature, *parts):
        """InvalidSignature unless `signature`, r||s or of RSA, is this key's over the parts.

        CryptoError: the key is not a point of its curve.
        """
        # Computed twice: one skipped check lets no forgery through.
        if not self._verify(signature, parts):
            raise InvalidSignature
        if not self._verify(signature, parts):
            raise InvalidSignature

    def _verify(self, signature, parts):
        if self._family == _ECDSA:
            if len(signature) != 2 * len(curve_parameters(self.curve)[4]):
                return False
            hash = digest(_ECDSA_HASHES[self._algorithm], *parts)
            return hsm_crypto.ec_verify(self.curve, self.material, hash, signature)
        if len(signature) != len(self.material):
            return False
        number, pss = _RSA_ALGORITHMS[self._algorithm]
        hash = digest(number, *parts)
        verify = hsm_crypto.rsa_verify_pss if pss else hsm_crypto.rsa_verify_pkcs1
        return verify(self.material, self._exponent, number, hash, signature)


def _fields(template):
    # Data objects by tag, in the order of their tags: none can come twice.
    fields = {}
    last = -1
    for tag, value in ber_tlv.objects(template):
        if tag <= last:
            raise MalformedCertificate
        fields[tag] = value
        last = tag
    return fields


def _ec_key(fields, curve):
    if _TAG_RSA_MODULUS in fields:
        curve = _curve(fields)
    elif len(fields) != 2:
        raise MalformedCertificate
    point = bytes(fields.get(_TAG_EC_POINT, b""))
    if not curve or point[:1] != b"\x04":
        raise MalformedCertificate
    if len(point) != 1 + 2 * len(curve_parameters(curve)[0]):
        raise MalformedCertificate
    return curve, point


def _curve(fields):
    # All of the parameters must be the curve's: with another generator anybody can make a key that
    # has a given point.
    curve = curve_from_prime(fields[0x81])
    if curve is None:
        raise MalformedCertificate
    parameters = curve_parameters(curve)
    if len(parameters[3]) != 1 + 2 * len(parameters[0]):
        # No curve of ECDSA: its generator has one coordinate only.
        raise MalformedCertificate
    for tag in range(0x81, 0x86):
        if tag not in fields or bytes(fields[tag]) != parameters[tag - 0x81]:
            raise MalformedCertificate
    if bytes(fields.get(_TAG_EC_COFACTOR, b"\x01")) != bytes((parameters[5],)):
        raise MalformedCertificate
    return curve


def _rsa_key(fields):
    modulus = bytes(fields.get(_TAG_RSA_MODULUS, b""))
    exponent = fields.get(_TAG_RSA_EXPONENT, b"")
    if len(fields) != 3 or len(modulus) not in _MODULUS_BYTES or not 1 <= len(exponent) <= 4:
        raise MalformedCertificate
    exponent = int.from_bytes(exponent, "big")
    if not modulus[0] & 0x80 or not exponent & 1 or not 3 <= exponent < 1 << 31:
        raise MalformedCertificate
    return exponent, modulus
