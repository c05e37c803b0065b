# SPDX-License-Identifier: GPL-2.0-or-later
"""PKCS#15 descriptions that the card makes itself.

Spec: [7816-15], [SCHSM] 15. Hosts replace the private key descriptions by their own.
"""

import struct

from micropython import const

from hsm.encoding import ber_tlv
from hsm.encoding.ber_tlv import TlvError

_TAG_BIT_STRING = const(0x03)
_TAG_OCTET_STRING = const(0x04)
_TAG_INTEGER = const(0x02)
_TAG_UTF8_STRING = const(0x0C)
_TAG_SEQUENCE = const(0x30)
_TAG_EC_KEY = const(0xA0)
_TAG_TYPE_ATTRIBUTES = const(0xA1)
_TAG_LABEL = const(0x80)

_USAGE_EC = b"\x07\x20\x80"  # sign, derive
_USAGE_RSA = b"\x02\x74"  # decrypt, sign, signRecover, unwrap
_USAGE_DEVICE_KEY = b"\x00"  # none: the card alone uses it

DEFAULT_LABEL = b"Pico-HSM"
_MANUFACTURER = b"Pico HSM"
_TOKEN_FLAGS = b"\x04\x30"  # PRN generation, EID compliant


def _description(tag, label, id, usage, bits):
    value = ber_tlv.encode(
        _TAG_SEQUENCE,
        ber_tlv.encode(_TAG_SEQUENCE, b"\x04\x00"),  # path: empty
        ber_tlv.encode(_TAG_INTEGER, struct.pack(">H", bits)),
    )
    return ber_tlv.encode(
        tag,
        ber_tlv.encode(_TAG_SEQUENCE, ber_tlv.encode(_TAG_UTF8_STRING, label)),
        ber_tlv.encode(
            _TAG_SEQUENCE,
            ber_tlv.encode(_TAG_OCTET_STRING, id),
            ber_tlv.encode(_TAG_BIT_STRING, usage),
        ),
        ber_tlv.encode(_TAG_TYPE_ATTRIBUTES, value),
    )


def ec_key_description(key_id, bits):
    """PrKD of an EC key: no label, the id in decimal, the field size in bits."""
    return _description(_TAG_EC_KEY, b"", _decimal(key_id), _USAGE_EC, bits)


def rsa_key_description(key_id, bits):
    """PrKD of an RSA key: no label, the id in decimal, the modulus size in bits."""
    return _description(_TAG_SEQUENCE, b"", _decimal(key_id), _USAGE_RSA, bits)


def device_key_description(label):
    """PrKD of the device authentication key, P-256."""
    return _description(_TAG_EC_KEY, label, bytes(20), _USAGE_DEVICE_KEY, 256)


def _decimal(number):
    return str(number).encode()


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
