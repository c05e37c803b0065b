# SPDX-License-Identifier: GPL-2.0-or-later
"""Card-verifiable certificates and requests.

Spec: [TR-03110-3] C.1 and C.2, D.3; [SCHSM] 14. All of it is public.
"""

import hsm_crypto
from hsm_crypto import HASH_SHA256, digest
from micropython import const

from hsm.encoding import ber_tlv
from hsm.keys.algorithms import KEY_EC, KEY_EDWARDS, KEY_MONTGOMERY, KEY_RSA

TAG_CERTIFICATE = const(0x7F21)
TAG_BODY = const(0x7F4E)
TAG_PUBLIC_KEY = const(0x7F49)
TAG_AUTHORITY = const(0x42)  # CAR
TAG_HOLDER = const(0x5F20)  # CHR
TAG_SIGNATURE = const(0x5F37)
TAG_EXTENSIONS = const(0x65)
TAG_EXTENSION = const(0x73)
TAG_AUTHENTICATED_REQUEST = const(0x67)
_TAG_PROFILE = const(0x5F29)
_TAG_HOLDER_AUTHORISATION = const(0x7F4C)  # CHAT
_TAG_EFFECTIVE_DATE = const(0x5F25)
_TAG_EXPIRATION_DATE = const(0x5F24)
_TAG_OID = const(0x06)

OID_RSA_V1_5_SHA_256 = b"\x04\x00\x7f\x00\x07\x02\x02\x02\x01\x02"
OID_ECDSA_SHA_256 = b"\x04\x00\x7f\x00\x07\x02\x02\x02\x02\x03"
# id-RI-ECDH-SHA-256: so hosts know Edwards and Montgomery keys ([SCHSM] 14.2).
OID_RI_ECDH_SHA_256 = b"\x04\x00\x7f\x00\x07\x02\x02\x05\x02\x03"
# The key domain that an exchanged key encryption key is for ([SCHSM] 13.4).
OID_KEY_DOMAIN_UID = b"\x2b\x06\x01\x04\x01\x81\xc3\x1f\x03\x02\x02"

# id-AT, authorisations 00: what hosts find in a device certificate ([SCHSM] 14.1).
_CHAT = b"\x06\x09\x04\x00\x7f\x00\x07\x03\x01\x02\x02\x53\x01\x00"
# The device has no calendar: dates that hosts accept as "now", YYMMDD with a digit per byte.
_EFFECTIVE_DATE = b"\x02\x05\x00\x01\x00\x01"
_EXPIRATION_DATE = b"\x07\x00\x01\x02\x03\x01"
# r || s of a device key, on P-256.
_OUTER_SIGNATURE_BYTES = const(64)


def ec_public_key(curve, public):
    """7F49 with complete domain parameters; OpenSC takes the curve from P and A."""
    p, a, b, g, n, h = hsm_crypto.curve_parameters(curve)
    return ber_tlv.encode(
        TAG_PUBLIC_KEY,
        ber_tlv.encode(_TAG_OID, OID_ECDSA_SHA_256),
        ber_tlv.encode(0x81, p),
        ber_tlv.encode(0x82, a),
        ber_tlv.encode(0x83, b),
        ber_tlv.encode(0x84, g),
        ber_tlv.encode(0x85, n),
        ber_tlv.encode(0x86, public),
        ber_tlv.encode(0x87, bytes((h,))),
    )


def rsa_public_key(modulus, exponent):
    """7F49 of an RSA key."""
    width = 1 if exponent < 0x100 else 2 if exponent < 0x10000 else 3 if exponent < 0x1000000 else 4
    return ber_tlv.encode(
        TAG_PUBLIC_KEY,
        ber_tlv.encode(_TAG_OID, OID_RSA_V1_5_SHA_256),
        ber_tlv.encode(0x81, modulus),
        ber_tlv.encode(0x82, exponent.to_bytes(width, "big")),
    )


def raw_public_key(curve, public):
    """7F49 of a key on an Edwards or Montgomery curve, whose public form is a string of bytes."""
    p, _, _, g, n, _ = hsm_crypto.curve_parameters(curve)
    return ber_tlv.encode(
        TAG_PUBLIC_KEY,
        ber_tlv.encode(_TAG_OID, OID_RI_ECDH_SHA_256),
        ber_tlv.encode(0x81, p),
        ber_tlv.encode(0x82, n),
        ber_tlv.encode(0x83, g),
        ber_tlv.encode(0x84, public),
    )


def public_key(kind, handle):
    """7F49 of a private key's handle."""
    if kind == KEY_RSA:
        return rsa_public_key(handle.modulus(), handle.exponent())
    if kind == KEY_EC:
        return ec_public_key(handle.curve, handle.public())
    return raw_public_key(handle.curve, handle.public())


def key_domain_extension(uid):
    """The content of 65 that binds a key to the key domain with this UID."""
    return ber_tlv.encode(
        TAG_EXTENSION, ber_tlv.encode(_TAG_OID, OID_KEY_DOMAIN_UID), ber_tlv.encode(0x80, uid)
    )


def _signed(body, kind, handle):
    signature = ber_tlv.encode(TAG_SIGNATURE, _signature(body, kind, handle))
    return ber_tlv.encode(TAG_CERTIFICATE, body, signature)


def _signature(body, kind, handle):
    if kind == KEY_EDWARDS:
        return handle.sign(body)
    if kind == KEY_MONTGOMERY:
        # Such a key cannot sign. Hosts want the field: zeros, which no signature is; that the card
        # made the key stands in the signature of the device key around it.
        return bytes(2 * len(handle.public()))
    hash = digest(HASH_SHA256, body)
    if kind == KEY_EC:
        return handle.sign(hash)
    return handle.sign_pkcs1(HASH_SHA256, hash)


def device_certificate(name, device_key):
    """C.DevAut: self-signed certificate of the device authentication key."""
    body = ber_tlv.encode(
        TAG_BODY,
        ber_tlv.encode(_TAG_PROFILE, b"\x00"),
        ber_tlv.encode(TAG_AUTHORITY, name),
        public_key(KEY_EC, device_key),
        ber_tlv.encode(TAG_HOLDER, name),
        ber_tlv.encode(_TAG_HOLDER_AUTHORISATION, _CHAT),
        ber_tlv.encode(_TAG_EFFECTIVE_DATE, _EFFECTIVE_DATE),
        ber_tlv.encode(_TAG_EXPIRATION_DATE, _EXPIRATION_DATE),
    )
    return _signed(body, KEY_EC, device_key)


def authenticated_request(kind, handle, authority, holder, device_key, device_name, extension=b""):
    """The CV request of a new key, signed by the key itself and then by the device key.

    `extension`: the content of 65, if there is one.
    """
    request = _request(kind, handle, authority, holder, extension)
    attested = request + ber_tlv.encode(TAG_AUTHORITY, device_name)
    return _authenticated(attested, device_key.sign(digest(HASH_SHA256, attested)))


def imported_request(kind, handle, holder):
    """The CV request of a key that came from elsewhere, signed by the key itself alone.

    The device vouches for what it made: where its name and signature were, hosts find the holder's
    and zeros, which no signature is.
    """
    request = _request(kind, handle, holder, holder, b"")
    attested = request + ber_tlv.encode(TAG_AUTHORITY, holder)
    return _authenticated(attested, bytes(_OUTER_SIGNATURE_BYTES))


def _request(kind, handle, authority, holder, extension):
    body = ber_tlv.encode(
        TAG_BODY,
        ber_tlv.encode(_TAG_PROFILE, b"\x00"),
        ber_tlv.encode(TAG_AUTHORITY, authority),
        public_key(kind, handle),
        ber_tlv.encode(TAG_HOLDER, holder),
        ber_tlv.encode(TAG_EXTENSIONS, extension) if extension else b"",
    )
    return _signed(body, kind, handle)


def _authenticated(attested, signature):
    return ber_tlv.encode(
        TAG_AUTHENTICATED_REQUEST, attested, ber_tlv.encode(TAG_SIGNATURE, signature)
    )
