# SPDX-License-Identifier: GPL-2.0-or-later
"""PKCS#15 descriptions that the card makes itself.

Spec: [7816-15], [SCHSM] 15. Hosts replace the private key descriptions by their own.
"""

import struct

from micropython import const

from hsm.encoding import ber_tlv
from hsm.encoding.ber_tlv import TlvError
from hsm.keys.algorithms import KEY_AES, KEY_EC, KEY_EDWARDS, KEY_MONTGOMERY, KEY_RSA

_TAG_BIT_STRING = const(0x03)
_TAG_OCTET_STRING = const(0x04)
_TAG_INTEGER = const(0x02)
_TAG_UTF8_STRING = const(0x0C)
_TAG_SEQUENCE = const(0x30)
_TAG_EC_KEY = const(0xA0)
_TAG_SECRET_KEY = const(0xA8)
_TAG_COMMON_SECRET_KEY_ATTRIBUTES = const(0xA0)
_TAG_TYPE_ATTRIBUTES = const(0xA1)
_TAG_LABEL = const(0x80)

# Kind: (choice of PrivateKeyType, key usage flags with the number of unused bits before them).
_KINDS = {
    KEY_EC: (_TAG_EC_KEY, b"\x07\x20\x80"),  # sign, derive
    KEY_EDWARDS: (_TAG_EC_KEY, b"\x05\x20"),  # sign
    KEY_MONTGOMERY: (_TAG_EC_KEY, b"\x07\x00\x80"),  # derive
    KEY_RSA: (_TAG_SEQUENCE, b"\x02\x74"),  # decrypt, sign, signRecover, unwrap
}
_USAGE_AES = b"\x07\xc0\x10"  # encrypt, decrypt; what hosts of AES keys expect ([SCHSM] 15.1)
_USAGE_DEVICE_KEY = b"\x00"  # none: the card alone uses it
_PATH = b"\x30\x02\x04\x00"  # empty: the key is found by its id

DEFAULT_LABEL = b"Pico-HSM"
_MANUFACTURER = b"Pico HSM"
_TOKEN_FLAGS = b"\x04\x30"  # PRN generation, EID compliant


def key_description(key_id, kind, bits):
    """PrKD or SKD: no label, the id in decimal; `bits` of the field, modulus or secret."""
    id = str(key_id).encode()
    if kind == KEY_AES:
        return _secret_key_description(id, bits)
    tag, usage = _KINDS[kind]
    return _private_key_description(tag, b"", id, usage, bits)


def _private_key_description(tag, label, id, usage, bits):
    value = ber_tlv.encode(
        _TAG_SEQUENCE,
        _PATH,
        ber_tlv.encode(_TAG_INTEGER, struct.pack(">H", bits)),
    )
    return ber_tlv.encode(
        tag, _common_attributes(label, id, usage), ber_tlv.encode(_TAG_TYPE_ATTRIBUTES, value)
    )


def _secret_key_description(id, bits):
    # The size stands among the attributes of all secret keys; the path is all that is AES's own.
    size = ber_tlv.encode(_TAG_INTEGER, struct.pack(">H", bits))
    value = ber_tlv.encode(_TAG_SEQUENCE, _PATH)
    return ber_tlv.encode(
        _TAG_SECRET_KEY,
        _common_attributes(b"", id, _USAGE_AES),
        ber_tlv.encode(_TAG_COMMON_SECRET_KEY_ATTRIBUTES, ber_tlv.encode(_TAG_SEQUENCE, size)),
        ber_tlv.encode(_TAG_TYPE_ATTRIBUTES, value),
    )


def _common_attributes(label, id, usage):
    return ber_tlv.encode(_TAG_SEQUENCE, ber_tlv.encode(_TAG_UTF8_STRING, label)) + ber_tlv.encode(
        _TAG_SEQUENCE,
        ber_tlv.encode(_TAG_OCTET_STRING, id),
        ber_tlv.encode(_TAG_BIT_STRING, usage),
    )


def device_key_description(label):
    """PrKD of the device authentication key, P-256."""
    return _private_key_description(_TAG_EC_KEY, label, bytes(20), _USAGE_DEVICE_KEY, 256)


def token_info(serial):
    """EF.TokenInfo while the host has written none; `serial`: 8 bytes."""
    return ber_tlv.encode(
        _TAG_SEQUENCE,
        ber_tlv.encode(_TAG_INTEGER, b"\x06"),
        ber_tlv.encode(_TAG_OCTET_STRING, serial),
        ber_tlv.encode(_TAG_UTF8_STRING, _MANUFACTURER),
        ber_tlv.encode(_TAG_LABEL, DEFAULT_LABEL),
        ber_tlv.encode(_TAG_BIT_STRING, _TOKEN_FLAGS),
    )


def token_label(info):
    """The label in a TokenInfo, or the default one where it has none."""
    try:
        tag, start, end = ber_tlv.read(info, 0)
        label = ber_tlv.find(info[start:end], _TAG_LABEL) if tag == _TAG_SEQUENCE else None
    except TlvError:
        label = None
    return label or DEFAULT_LABEL


def ef_dir(aid, label):
    """EF.DIR: one application template."""
    return ber_tlv.encode(0x61, ber_tlv.encode(0x4F, aid), ber_tlv.encode(0x50, label))
