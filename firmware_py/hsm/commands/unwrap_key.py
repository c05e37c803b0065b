# SPDX-License-Identifier: GPL-2.0-or-later
"""UNWRAP KEY: a key comes in a blob that was wrapped under a DKEK known here.

Spec: [SCHSM] 12.2, 12.3. The blob is the data field, or was written to EF 2F10 before, which then
goes. Its check value finds the domain. Key, metadata, description and request are stored in one
transaction; what had the same id before is replaced.
"""

from hsm_crypto import (
    REASON_AUTHENTICATION,
    REASON_FAILED,
    AesKey,
    CryptoError,
    EcKey,
    EdwardsKey,
    MontgomeryKey,
    RsaKey,
    curve_parameters,
)
from micropython import const

from hsm import limits
from hsm.apdu.status_word import (
    SW_INCORRECT_PARAMETERS_DATA_FIELD,
    SW_REFERENCE_DATA_NOT_USABLE,
    SW_WRONG_PARAMETERS_P1_P2,
    CommandError,
)
from hsm.commands import new_key
from hsm.encoding import ber_tlv
from hsm.files.object_ids import EF_WRAPPED_KEY
from hsm.keys import cv_certificate
from hsm.keys.algorithms import KEY_AES, KEY_EC, KEY_EDWARDS, KEY_MONTGOMERY, KEY_RSA
from hsm.keys.metadata import TAG_ALGORITHMS, TAG_KEY_DOMAIN
from hsm.security import key_domains
from hsm.security.key_domains import CHECK_VALUE_BYTES, KeyDomain

_P2 = const(0x93)

# RSA, RSA with CRT parameters, EC with Edwards and Montgomery, AES.
_BLOB_TYPES = (0x05, 0x06, 0x0C, 0x0F)
# Check value, type, four lengths, a block of ciphertext, MAC.
_BLOB_BYTES_MIN = const(8 + 1 + 4 * 2 + 16 + 16)

# CHR of an unwrapped key's request; the id takes the place of the last digits.
_HOLDER = b"UTIMPORTED00000"

_KINDS = {
    EcKey: KEY_EC,
    EdwardsKey: KEY_EDWARDS,
    MontgomeryKey: KEY_MONTGOMERY,
    RsaKey: KEY_RSA,
    AesKey: KEY_AES,
}


def unwrap_key(card, command, response):
    """74: P1 is the new key's id, 1 to 255; P2 93. 6A80: not wrapped under a DKEK of this card."""
    if command.p2 != _P2:
        raise CommandError(SW_WRONG_PARAMETERS_P1_P2)
    new_key.check(card, command.p1)
    blob = command.data or _staged(card, response)
    if len(blob) < _BLOB_BYTES_MIN or blob[CHECK_VALUE_BYTES] not in _BLOB_TYPES:
        raise CommandError(SW_REFERENCE_DATA_NOT_USABLE)
    number = _domain(card, blob)
    handle, algorithms = _unwrap(card, number, blob)
    with handle:
        # Looked up anew: a skipped instruction must not move a key to another domain, whose
        # custodians could then have it.
        if number != _domain(card, blob):
            raise CommandError(SW_INCORRECT_PARAMETERS_DATA_FIELD)
        info = _info(card, handle, algorithms, number)
        certificate = _certificate(command.p1, info.kind, handle)
        with card.store.transaction() as change:
            new_key.put(card, change, command.p1, handle, info, certificate)
            if not command.data:
                change.delete(EF_WRAPPED_KEY)
            change.commit()


def _staged(card, response):
    # Into the response buffer: no block in the heap for what the host sent already.
    room = response.room()
    length = card.store.read_into(EF_WRAPPED_KEY, 0, limits.KEY_BLOB_BYTES_MAX, room)
    return room[:length]


def _domain(card, blob):
    number = key_domains.of_check_value(card.store, bytes(blob[:CHECK_VALUE_BYTES]))
    if number is None:
        raise CommandError(SW_INCORRECT_PARAMETERS_DATA_FIELD)
    return number


def _unwrap(card, number, blob):
    try:
        with KeyDomain(card.store, number).open_dkek() as dkek:
            return dkek.unwrap(blob)
    except CryptoError as error:
        # Not a word on whether the MAC was wrong, or what it covers.
        if error.args[0] in (REASON_AUTHENTICATION, REASON_FAILED):
            raise CommandError(SW_INCORRECT_PARAMETERS_DATA_FIELD)
        raise


def _info(card, handle, algorithms, number):
    if len(algorithms) > limits.ALLOWED_ALGORITHMS_MAX:
        raise CommandError(SW_INCORRECT_PARAMETERS_DATA_FIELD)
    kind = _KINDS[type(handle)]
    if kind in (KEY_RSA, KEY_AES):
        curve, bits = 0, handle.bits
    else:
        curve = handle.curve
        bits = 8 * len(curve_parameters(curve)[0])
    request = ber_tlv.encode(TAG_KEY_DOMAIN, bytes((number,)))
    if algorithms:
        request = ber_tlv.encode(TAG_ALGORITHMS, algorithms) + request
    return new_key.requested_info(card, request, kind, curve, bits)


def _certificate(key_id, kind, handle):
    # Hosts take the public key from it. The card did not make the key, and does not say so.
    if kind == KEY_AES:
        return None
    id = str(key_id).encode()
    holder = _HOLDER[: -len(id)] + id
    return cv_certificate.imported_request(kind, handle, holder)
